"""Quality: `conv_vae` on dynamically binarised MNIST, held-out log p(x) by importance sampling.

Trains on the 60,000 training images, binarised afresh each time one is seen, with the plain
single-sample ELBO; evaluates the last weights on the 10,000 test images, binarised once with a
fixed seed. Nothing is selected on the test set.

    python recipes/benchmarks/quality/mnist_likelihood.py --data-dir DIR

where DIR is a TFDS data_dir that holds mnist. `docs/results.md` has recorded runs.
"""

import argparse
import json
import pathlib
import sys
import time

import keras
import numpy as np

import zoo

# A residual network on 14x14 and smaller maps, with a dense layer around the latent: on a CPU it
# sees many epochs in the time in which the default network, on full-size maps, sees a dozen.
OPTIONS = {
    "widths": (32, 64, 64),
    "blocks": 1,
    "hidden": 450,
    "stem_strides": 2,
    "normalization": None,
    "activation": "elu",
    "latent_dim": 40,
    "likelihood": "binarized_bernoulli",
}
# Images whose bound is computed before the next line of progress.
SLICE = 500


def main():
    """Train or load, evaluate, print and write one JSON object."""
    args = parser().parse_args()
    keras.utils.set_random_seed(args.seed)
    train, test = load(args.data_dir)
    if args.model:
        vae, found = keras.models.load_model(args.model), {"model": str(args.model)}
    else:
        vae, found = fit(train, args)
    found.update(evaluate(vae, np.asarray(zoo.binarize(test, seed=0)), args))
    print(json.dumps(found, indent=2))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "result.json").write_text(json.dumps(found, indent=2) + "\n")


def fit(train, args):
    """Train with one cosine of the learning rate: the model, and what it took."""
    vae = zoo.get("conv_vae", input_shape=(28, 28, 1), seed=args.seed, **OPTIONS)
    per_epoch = -(-len(train) // args.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, args.epochs * per_epoch, warmup_target=args.learning_rate, warmup_steps=500
    )
    vae.compile(zoo.FusedAdam(rate, global_clipnorm=300.0), steps_per_execution=20)
    callbacks = [zoo.Anneal(zoo.callbacks.linear(args.warmup * per_epoch))]
    if args.out:
        history = keras.callbacks.CSVLogger(args.out / "history.csv", append=True)
        callbacks += [zoo.Resume(args.out / "checkpoints"), history]
        args.out.mkdir(parents=True, exist_ok=True)
    wall, cpu = time.time(), time.process_time()
    vae.fit(train, epochs=args.epochs, batch_size=args.batch_size, callbacks=callbacks, verbose=2)
    if args.out:
        vae.save(args.out / "model.keras")
    return vae, {
        "epochs": args.epochs,
        "seed": args.seed,
        "parameters": vae.count_params(),
        "training_minutes_wall": (time.time() - wall) / 60,
        "training_core_minutes": (time.process_time() - cpu) / 60,
    }


def evaluate(vae, test, args):
    """ELBO, KL, active units and the importance-weighted bound on `test`, nats per example."""
    # `evaluate` draws for each row; what `score` shares between rows would not average out.
    numbers = vae.evaluate(np.repeat(test, 4, 0), batch_size=500, verbose=0, return_dict=True)
    means = np.asarray(vae.encode(test).loc)
    chosen = np.random.default_rng(args.seed).permutation(len(test))[: args.evaluate]
    bound = []
    slices = np.array_split(test[chosen], -(-len(chosen) // SLICE))
    for number, part in [*enumerate(slices)][args.skip :]:
        # Another seed for each slice: the same one would repeat the noise.
        bound.append(vae.log_likelihood(part, samples=args.samples, seed=number, batch_size=64))
        found = np.concatenate(bound)
        print(f"{len(found)} images: {found.mean():.3f} nats", file=sys.stderr, flush=True)
    return {
        "elbo": numbers["elbo"],
        "kl": numbers["kl"],
        # Burda et al., 2016: a unit is active where Var_x(E[z|x]) > 0.01.
        "active_units": int((means.var(0) > 0.01).sum()),
        "log_likelihood": float(found.mean()),
        "standard_error": float(found.std() / len(found) ** 0.5),
        "importance_samples": args.samples,
        "evaluated": len(found),
    }


def load(data_dir):
    """MNIST from TFDS: two float32 arrays in [0, 1], `[N, 28, 28, 1]`."""
    import tensorflow_datasets as tfds

    parts = tfds.load("mnist", split=["train", "test"], data_dir=data_dir, batch_size=-1)
    return [part["image"].numpy().astype("float32") / 255 for part in parts]


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--data-dir", help="TFDS data_dir that holds mnist")
    p.add_argument("--model", help="a .keras file to evaluate instead of training one")
    p.add_argument("--epochs", type=int, default=70, help="the learning rate's one cosine")
    p.add_argument("--batch-size", type=int, default=64)
    p.add_argument("--learning-rate", type=float, default=2e-3, help="peak of the cosine")
    p.add_argument("--warmup", type=int, default=3, help="epochs in which beta goes from 0 to 1")
    p.add_argument("--samples", type=int, default=5000, help="importance samples")
    p.add_argument("--evaluate", type=int, default=10_000, help="how many test images")
    p.add_argument("--skip", type=int, default=0, help=f"slices of {SLICE} that a run has had")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out", type=pathlib.Path, help="folder for the model and result.json")
    return p


if __name__ == "__main__":
    main()
