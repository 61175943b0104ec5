"""Quality: `transformer_vae` on Penn Treebank sentences, test perplexity by importance sampling.

Trains on the 42,068 training sentences (Mikolov's split), measures the 3,370 of the validation file
after each epoch and keeps the weights that are best there, and evaluates these once on the 3,761 of
the test file. The end of a sentence is a word, as in published perplexities.

    python recipes/benchmarks/quality/ptb.py --data-dir DIR

where DIR holds ptb.train.txt, ptb.valid.txt and ptb.test.txt. `docs/results.md` has runs.
"""

import argparse
import json
import pathlib
import sys
import time

import keras
import numpy as np
import tensorflow as tf

import zoo

LONGEST = 82  # words of the longest sentence
CALL = 10  # steps in one call of the model's: an epoch ends with a call
# Training batches hold sentences of like length: a step takes as long as its longest.
BOUNDARIES = (10, 15, 19, 23, 27, 32, 40)


def main():
    """Train or load, evaluate, print and write one JSON object."""
    args = parser().parse_args()
    keras.utils.set_random_seed(args.seed)
    train, valid, test = (lines(args.data_dir / f"ptb.{n}.txt") for n in ("train", "valid", "test"))
    if args.model:
        vae, found = keras.models.load_model(args.model), {"model": str(args.model)}
    else:
        vae, found = fit(train[: args.limit], valid, args)
    found.update(evaluate(vae, test[: args.evaluate], args))
    print(json.dumps(found, indent=2))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "result.json").write_text(json.dumps(found, indent=2) + "\n")


def lines(path):
    """The sentences of a file."""
    return np.array([line.strip() for line in path.read_text().splitlines()], object)


class Minutes(keras.callbacks.Callback):
    """The curve: minutes of training and numbers of the validation file after each epoch.

    In a file, where one is given: a run that goes on adds to what was used before.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_train_begin(self, logs=None):
        found = self.path and self.path.is_file()
        self.curve = json.loads(self.path.read_text()) if found else []
        before = self.curve[-1] if self.curve else {"minutes": 0.0, "core_minutes": 0.0}
        # The second counts every core's.
        self.began = (
            time.monotonic() - 60 * before["minutes"],
            time.process_time() - 60 * before["core_minutes"],
        )

    def on_epoch_end(self, epoch, logs=None):
        names = ("nll", "kl", "val_elbo", "val_nll", "val_kl", "val_active_units")
        now = time.monotonic(), time.process_time()
        wall, cores = (round((n - began) / 60, 2) for n, began in zip(now, self.began, strict=True))
        numbers = {name: round(logs[name], 3) for name in names}
        self.curve.append({"minutes": wall, "core_minutes": cores, **numbers})
        print(json.dumps(self.curve[-1]), file=sys.stderr, flush=True)
        if self.path:
            self.path.write_text(json.dumps(self.curve))


def fit(train, valid, args):
    """Train with one cosine of the learning rate: the model, and what it took."""
    likelihood = zoo.likelihoods.Text(10_001, LONGEST, args.width, standardize=False)
    likelihood.adapt([train])
    vae = zoo.get(
        "transformer_vae",
        input_shape=(LONGEST,),
        likelihood=likelihood,
        decoder=decoder(args),
        seed=args.seed,
        latent_dim=args.latent_dim,
        blocks=args.encoder_blocks,
        hidden=args.hidden or 4 * args.width,
        dropout=args.dropout,
        word_dropout=args.word_dropout,
        free_bits=args.free_bits,
    )
    per_epoch = max(1, len(train) // args.batch_size // CALL) * CALL
    steps = args.epochs * per_epoch
    vae.compile(optimizer(args, steps))
    minutes = Minutes(args.out and args.out / "curve.json")
    best = keras.callbacks.EarlyStopping(
        "val_elbo", mode="max", patience=args.epochs, restore_best_weights=True
    )
    callbacks = [minutes, best]
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        callbacks.append(zoo.Resume(args.out / "training"))
    if args.warmup:
        callbacks.append(zoo.Anneal(zoo.callbacks.linear(args.warmup * steps // args.epochs)))
    options = dict(validation_data=(valid,), validation_batch_size=256, verbose=0)
    data = batches(likelihood.prepare(train), args)
    vae.fit(data, steps_per_epoch=per_epoch, epochs=args.epochs, callbacks=callbacks, **options)
    if args.out:
        vae.save(args.out / "model.keras")
    return vae, {
        "options": {k: str(v) for k, v in vars(args).items()},
        "parameters": vae.count_params(),
        "curve": minutes.curve,
        "training_minutes": minutes.curve[-1]["minutes"],
        "training_core_minutes": minutes.curve[-1]["core_minutes"],
    }


def optimizer(args, steps):
    """Adam with a warm-up and one cosine of the learning rate."""
    warmup = min(1000, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, warmup_target=args.learning_rate, warmup_steps=warmup
    )
    return zoo.FusedAdam(rate, global_clipnorm=5.0)


def batches(numbers, args):
    """Word numbers `[N, L]` without end, in another order at each pass, a batch's lengths alike."""
    sizes = [args.batch_size] * (len(BOUNDARIES) + 1)
    found = tf.data.Dataset.from_tensor_slices(numbers).shuffle(len(numbers), seed=args.seed)
    return found.repeat().bucket_by_sequence_length(
        lambda words: tf.math.count_nonzero(words, dtype=tf.int32),
        BOUNDARIES,
        sizes,
        no_padding=True,
    )


def decoder(args):
    """What reads from left to right."""
    if args.decoder == "lstm":
        return zoo.layers.CausalLSTM((args.units,), dropout=args.dropout)
    hidden = args.hidden or 4 * args.width
    return zoo.layers.CausalTransformer(args.blocks, hidden=hidden, dropout=args.dropout)


def evaluate(vae, test, args):
    """NLL, perplexity, KL, active units and mutual information on `test`."""
    numbers = vae.evaluate(np.repeat(test, 4), batch_size=256, verbose=0, return_dict=True)
    bound = vae.log_likelihood(test, samples=args.samples, seed=args.seed, batch_size=32, rows=512)
    words = (np.count_nonzero(vae.decoder.likelihood.prepare(test), 1) + 1).mean()
    q = vae.encode(test)
    z = q.sample(seed=args.seed)
    return {
        "sentences": len(test),
        "words_per_sentence": float(words),
        "elbo": numbers["elbo"],
        "kl": numbers["kl"],
        "active_units": int((np.var(q.loc, 0) > 0.01).sum()),
        "mutual_information": float(zoo.mutual_information(q, z)),
        "nll": -float(bound.mean()),
        "standard_error": float(bound.std() / len(bound) ** 0.5),
        "importance_samples": args.samples,
        "perplexity": float(np.exp(-bound.mean() / words)),
        "perplexity_by_elbo": float(np.exp(-numbers["elbo"] / words)),
    }


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--data-dir", type=pathlib.Path, required=True)
    p.add_argument("--model", help="a .keras file to evaluate instead of training one")
    p.add_argument("--decoder", choices=("transformer", "lstm"), default="transformer")
    p.add_argument("--epochs", type=int, default=30, help="the learning rate's one cosine")
    p.add_argument("--batch-size", type=int, default=64)
    p.add_argument("--learning-rate", type=float, default=1e-3, help="peak of the cosine")
    p.add_argument("--warmup", type=int, default=0, help="epochs in which beta goes from 0 to 1")
    p.add_argument("--width", type=int, default=256, help="of a word's embedding")
    p.add_argument("--blocks", type=int, default=2, help="of the transformer decoder")
    p.add_argument("--encoder-blocks", type=int, default=2)
    p.add_argument("--hidden", type=int, help="of the blocks' mlps; four times the width if None")
    p.add_argument("--units", type=int, default=512, help="of the LSTM decoder")
    p.add_argument("--latent-dim", type=int, default=32)
    p.add_argument("--dropout", type=float, default=0.3)
    p.add_argument("--word-dropout", type=float, default=0.2)
    p.add_argument("--free-bits", type=float, default=0.1, help="nats for each latent dimension")
    p.add_argument("--samples", type=int, default=100, help="importance samples")
    p.add_argument("--evaluate", type=int, default=None, help="how many test sentences")
    p.add_argument("--limit", type=int, default=None, help="how many training sentences")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument(
        "--out", type=pathlib.Path, help="folder of the run: an interrupted one goes on from there"
    )
    return p


if __name__ == "__main__":
    main()
