"""Test perplexity of `transformer_vae` on the Penn Treebank, estimated by importance sampling.

The model is trained on the 42,068 training sentences (Mikolov's split) and measured on the 3,370
validation sentences after each epoch; the weights that are best there are evaluated once on the
3,761 test sentences. The end of a sentence counts as a word, as in published perplexities.

Needs ptb.train.txt, ptb.valid.txt and ptb.test.txt in the folder DIR:

    python recipes/benchmarks/quality/ptb.py --data-dir DIR

`docs/results.md` has results.
"""

import json
import pathlib
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from shared import add_seed_and_out, add_training_options, command_line, random_rows, write_json

import zoo

MAX_LENGTH = 82  # words of the longest sentence
STEPS_PER_EXECUTION = 10  # an epoch has a multiple of it
# Bounds of sentence lengths: a batch has sentences of similar length, because its longest sentence
# determines the time of a step.
BOUNDARIES = (10, 15, 19, 23, 27, 32, 40)


def main():
    """Train or load a model, evaluate it, and print and write the results as JSON."""
    args = parser().parse_args()
    keras.utils.set_random_seed(args.seed)
    train, valid, test = (lines(args.data_dir / f"ptb.{n}.txt") for n in ("train", "valid", "test"))
    if args.model:
        vae, result = keras.models.load_model(args.model), {"model": str(args.model)}
    else:
        vae, result = fit(train[random_rows(len(train), args.limit, args.seed)], valid, args)
    rows = random_rows(len(test), args.evaluate, args.seed)
    result.update(evaluate(vae, test[rows], args))
    print(json.dumps(result, indent=2))
    if args.out:
        write_json(args.out / "result.json", result)


def lines(path):
    """The sentences of a file."""
    return np.array([line.strip() for line in path.read_text().splitlines()], object)


class LearningCurve(keras.callbacks.Callback):
    """Minutes of training and validation numbers after each epoch.

    They are also written to a file if `path` is given; a resumed run continues it.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_train_begin(self, logs=None):
        exists = self.path and self.path.is_file()
        self.curve = json.loads(self.path.read_text()) if exists else []
        last = self.curve[-1] if self.curve else {"minutes": 0.0, "core_minutes": 0.0}
        # Wall time, and the sum over cores.
        self.start = (
            time.monotonic() - 60 * last["minutes"],
            time.process_time() - 60 * last["core_minutes"],
        )

    def on_epoch_end(self, epoch, logs=None):
        names = ("nll", "kl", "val_elbo", "val_nll", "val_kl", "val_active_units")
        now = time.monotonic(), time.process_time()
        wall, cores = (round((a - b) / 60, 2) for a, b in zip(now, self.start, strict=True))
        numbers = {name: round(logs[name], 3) for name in names}
        self.curve.append({"minutes": wall, "core_minutes": cores, **numbers})
        print(json.dumps(self.curve[-1]), file=sys.stderr, flush=True)
        if self.path:
            self.path.write_text(json.dumps(self.curve))


def fit(train, valid, args):
    """Train the model: the model, and the first part of its results."""
    likelihood = zoo.likelihoods.Text(10_001, MAX_LENGTH, args.width, standardize=False)
    likelihood.preprocessor().adapt([train])
    vae = zoo.get(
        "transformer_vae",
        input_shape=(MAX_LENGTH,),
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
    per_epoch = max(1, len(train) // args.batch_size // STEPS_PER_EXECUTION) * STEPS_PER_EXECUTION
    steps = args.epochs * per_epoch
    vae.compile(optimizer(args, steps))
    curve = LearningCurve(args.out and args.out / "curve.json")
    best = keras.callbacks.EarlyStopping(
        "val_elbo", mode="max", patience=args.epochs, restore_best_weights=True
    )
    callbacks = [curve, best]
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        callbacks.append(zoo.Resume(args.out / "training"))
    if args.warmup:
        callbacks.append(zoo.Anneal(zoo.callbacks.linear(args.warmup * steps // args.epochs)))
    options = dict(validation_data=(valid,), validation_batch_size=256, verbose=0)
    data = batches(likelihood.preprocessor().to_array(train), args)
    vae.fit(data, steps_per_epoch=per_epoch, epochs=args.epochs, callbacks=callbacks, **options)
    if args.out:
        vae.save(args.out / "model.keras")
    return vae, {
        "options": {k: str(v) for k, v in vars(args).items()},
        "parameters": vae.count_params(),
        "curve": curve.curve,
        "training_minutes": curve.curve[-1]["minutes"],
        "training_core_minutes": curve.curve[-1]["core_minutes"],
    }


def optimizer(args, steps):
    """Adam whose learning rate rises and then falls along a cosine."""
    warmup = min(1000, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, warmup_target=args.learning_rate, warmup_steps=warmup
    )
    return zoo.FusedAdam(rate, global_clipnorm=5.0)


def batches(token_ids, args):
    """Endless shuffled batches of token ids `[N, L]`, with similar lengths in a batch."""
    sizes = [args.batch_size] * (len(BOUNDARIES) + 1)
    dataset = tf.data.Dataset.from_tensor_slices(token_ids)
    dataset = dataset.shuffle(len(token_ids), seed=args.seed)
    return dataset.repeat().bucket_by_sequence_length(
        lambda ids: tf.math.count_nonzero(ids, dtype=tf.int32),
        BOUNDARIES,
        sizes,
        no_padding=True,
    )


def decoder(args):
    """The autoregressive network of the decoder."""
    if args.decoder == "lstm":
        return zoo.layers.CausalLSTM((args.units,), dropout=args.dropout)
    hidden = args.hidden or 4 * args.width
    return zoo.layers.CausalTransformer(args.blocks, hidden=hidden, dropout=args.dropout)


def evaluate(vae, test, args):
    """NLL, perplexity, KL, active units and mutual information on `test`."""
    numbers = vae.evaluate(np.repeat(test, 4), batch_size=256, verbose=0, return_dict=True)
    bound = vae.log_likelihood(test, samples=args.samples, seed=args.seed, batch_size=32, rows=512)
    words = (np.count_nonzero(vae.preprocessor.to_array(test), 1) + 1).mean()
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
    p = command_line(__doc__)
    p.add_argument("--data-dir", type=pathlib.Path, required=True, help="folder of the text files")
    p.add_argument("--model", help="a .keras file to evaluate instead of training one")
    p.add_argument("--decoder", choices=("transformer", "lstm"), default="transformer")
    add_training_options(p, epochs=30, batch_size=64, learning_rate=1e-3, warmup=0)
    p.add_argument("--width", type=int, default=256, help="size of word embeddings")
    p.add_argument("--blocks", type=int, default=2, help="blocks of the transformer decoder")
    p.add_argument("--encoder-blocks", type=int, default=2)
    p.add_argument(
        "--hidden", type=int, help="width of the blocks' MLPs (default: four times --width)"
    )
    p.add_argument("--units", type=int, default=512, help="units of the LSTM decoder")
    p.add_argument("--latent-dim", type=int, default=32)
    p.add_argument("--dropout", type=float, default=0.3)
    p.add_argument("--word-dropout", type=float, default=0.2)
    p.add_argument("--free-bits", type=float, default=0.1, help="nats per latent dimension")
    p.add_argument("--samples", type=int, default=100, help="importance samples")
    p.add_argument(
        "--evaluate", type=int, default=None, help="number of test sentences (default: all)"
    )
    p.add_argument(
        "--limit", type=int, default=None, help="number of training sentences (default: all)"
    )
    add_seed_and_out(p, "folder of results; an interrupted run continues from it")
    return p


if __name__ == "__main__":
    main()
