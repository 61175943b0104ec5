"""log p(x) of a `conv_vae` on dynamically binarised MNIST, estimated by importance sampling.

The model is trained on the 60,000 training images, binarised again in each epoch, with the
single-sample ELBO. Its last weights are evaluated on the 10,000 test images, binarised once with a
fixed seed. Nothing is selected on the test set.

Needs TFDS' mnist in the folder DIR (default: downloaded), or other grey images:

    python recipes/benchmarks/quality/mnist_likelihood.py --data-dir DIR
    python recipes/benchmarks/quality/mnist_likelihood.py --data images.npz

The pretrained weights of a variant are evaluated instead of a new model by

    python recipes/benchmarks/quality/mnist_likelihood.py --data-dir DIR --weights conv_vae/mnist

`docs/results.md` has results.
"""

import json
import time

import keras
import numpy as np
from shared import (
    FAST_CONV,
    add_image_options,
    add_seed_and_out,
    add_training_options,
    command_line,
    cosine_adam,
    image_parts,
    log_likelihoods,
    random_rows,
    write_json,
)

import zoo

OPTIONS = {
    **FAST_CONV,
    "hidden": 450,
    "latent_dim": 40,
    "likelihood": "binarized_bernoulli",
}
SLICE = 500  # images between two lines of progress


def main():
    """Train or load a model, evaluate it, and print and write the results as JSON."""
    args = parser().parse_args()
    keras.utils.set_random_seed(args.seed)
    train, test = image_parts(args)
    if args.model:
        vae, result = keras.models.load_model(args.model), {"model": str(args.model)}
    elif args.weights:
        variant, tag = args.weights.split("/", 1)
        vae, result = zoo.get(variant, weights=tag), {"weights": args.weights}
    else:
        vae, result = fit(train, args)
    result.update(evaluate(vae, np.asarray(zoo.binarize(test, seed=0)), args))
    print(json.dumps(result, indent=2))
    if args.out:
        write_json(args.out / "result.json", result)


def fit(train, args):
    """Train the model: the model, and the first part of its results."""
    vae = zoo.get("conv_vae", input_shape=train.shape[1:], seed=args.seed, **OPTIONS)
    per_epoch = -(-len(train) // args.batch_size)
    optimizer = cosine_adam(args.learning_rate, args.epochs * per_epoch)
    vae.compile(optimizer, steps_per_execution=20)
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
    """ELBO, KL, active units and the importance-weighted bound of `test`, in nats per example."""
    # `evaluate` draws noise for each row; `score` would use the same noise for all rows.
    numbers = vae.evaluate(np.repeat(test, 4, 0), batch_size=500, verbose=0, return_dict=True)
    means = np.asarray(vae.encode(test).loc)
    rows = random_rows(len(test), args.evaluate, args.seed)
    bound = log_likelihoods(vae, test[rows], args.samples, SLICE, args.skip)
    return {
        "elbo": numbers["elbo"],
        "kl": numbers["kl"],
        # Burda et al., 2016: a unit is active where Var_x(E[z|x]) > 0.01.
        "active_units": int((means.var(0) > 0.01).sum()),
        "log_likelihood": float(bound.mean()),
        "standard_error": float(bound.std() / len(bound) ** 0.5),
        "importance_samples": args.samples,
        "evaluated": len(bound),
    }


def parser():
    """Command line."""
    p = command_line(__doc__)
    add_image_options(p)
    trained = p.add_mutually_exclusive_group()
    trained.add_argument("--model", help="a .keras file to evaluate instead of training one")
    trained.add_argument(
        "--weights",
        choices=[f"{card.variant}/{card.tag}" for card in zoo.weights("*/mnist")],
        metavar="VARIANT/TAG",
        help="pretrained weights to evaluate instead of training a model: %(choices)s",
    )
    add_training_options(p, epochs=70, batch_size=64, learning_rate=2e-3, warmup=3)
    p.add_argument("--samples", type=int, default=5000, help="importance samples")
    p.add_argument("--evaluate", type=int, default=10_000, help="number of test images")
    p.add_argument(
        "--skip",
        type=int,
        default=0,
        help=f"number of slices of {SLICE} images that an interrupted run has evaluated",
    )
    add_seed_and_out(p, "folder of the model and result.json")
    return p


if __name__ == "__main__":
    main()
