"""Bits per dimension of colour images by a ladder with a mixture of discretized logistics.

`ladder_vae` is trained on the training images and their mirror images. The moving average of its
weights is evaluated on the test images, by the ELBO and by importance samples. Nothing is selected
on the test set.

Needs TFDS' cifar10 in the folder DIR (default: downloaded), or an .npz file with the uint8 arrays
"train" and "test":

    python recipes/benchmarks/quality/colour_images.py --data-dir DIR
    python recipes/benchmarks/quality/colour_images.py --images FILE.npz

`docs/results.md` has results.
"""

import json
import pathlib
import time

import keras
import numpy as np
from latent_match import load
from shared import add_seed_and_out, command_line, log_likelihoods, write_json
from support.pretraining.spec import Training
from support.pretraining.train import make_optimizer

import zoo

DRAWS = 4  # passes over the test images for the ELBO
OPTIONS = {
    "latent_dim": 16,
    "widths": (48, 64, 64),
    "level_dims": (4,) * 8,
    "blocks": 1,
    "stem_strides": 1,
    "normalization": None,
    "activation": "silu",
    "likelihood": "discretized_logistic_mixture",
    "free_bits": None,
}


def main():
    """Train or load a model, evaluate it, and print and write the results as JSON."""
    args = parser().parse_args()
    keras.utils.set_random_seed(args.seed)
    train, test = load(args)
    if args.model:
        vae, result = keras.models.load_model(args.model), {"model": args.model}
    else:
        vae, result = fit(train, args)
    result |= {"parameters": vae.count_params(), **evaluate(vae, test[: args.evaluate], args)}
    print(json.dumps(result, indent=2))
    if args.out:
        write_json(args.out / "result.json", result)
        figure = zoo.plots.samples(vae)
        figure.savefig(args.out / "samples.png")


def fit(train, args):
    """Train the model: the model, and the first part of the results."""
    options = dict(OPTIONS, widths=tuple(args.widths), level_dims=tuple(args.level_dims))
    vae = zoo.get("ladder_vae", input_shape=train.shape[1:], seed=args.seed, **options)
    mirrored = np.concatenate([train, train[:, :, ::-1]])
    plan = Training(
        epochs=args.epochs,
        batch_size=args.batch_size,
        optimizer="adamax",
        peak=args.learning_rate,
        clipnorm=args.clipnorm,
        weight_decay=args.weight_decay,
        ema=0.999,
    )
    vae.compile(make_optimizer(plan, args.epochs * -(-len(mirrored) // args.batch_size)))
    start = time.process_time()
    vae.fit(mirrored, epochs=args.epochs, batch_size=args.batch_size, verbose=2)
    minutes = (time.process_time() - start) / 60
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        vae.save(args.out / "model.keras")
    return vae, {"epochs": args.epochs, "seed": args.seed, "training_core_minutes": minutes}


def evaluate(vae, test, args):
    """Bits per dimension of the test images, by the ELBO and by importance samples."""
    shape = test.shape[1:]
    # `evaluate` draws noise for each row; `score` would use the same noise for all rows.
    repeated = np.repeat(test, DRAWS, 0)
    logs = vae.evaluate(repeated, batch_size=100, verbose=0, return_dict=True)
    bound = log_likelihoods(vae, test, args.samples, 100)
    bits = zoo.bits_per_dimension(-bound, shape)
    return {
        "elbo_bits": float(zoo.bits_per_dimension(-logs["elbo"], shape)),
        "kl": float(logs["kl"]),
        "bits": float(bits.mean()),
        "standard_error": float(bits.std() / len(bits) ** 0.5),
        "importance_samples": args.samples,
        "evaluated": len(bound),
    }


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--data-dir", help="folder of TFDS' data")
    p.add_argument("--images", type=pathlib.Path, help=".npz with train and test, [N, H, W, 3]")
    p.add_argument("--model", help="a .keras file to evaluate instead of training one")
    p.add_argument("--widths", nargs="+", type=int, default=OPTIONS["widths"])
    p.add_argument("--level-dims", nargs="+", type=int, default=OPTIONS["level_dims"])
    p.add_argument("--epochs", type=int, default=100, help="passes over images and mirror images")
    p.add_argument("--batch-size", type=int, default=100)
    p.add_argument("--learning-rate", type=float, default=4e-3, help="peak of the cosine")
    p.add_argument("--weight-decay", type=float, default=0.03)
    p.add_argument("--clipnorm", type=float, default=3000.0)
    p.add_argument("--samples", type=int, default=100, help="importance samples")
    p.add_argument("--evaluate", type=int, default=1000, help="number of test images")
    add_seed_and_out(p, "folder of the model, samples.png and result.json")
    return p


if __name__ == "__main__":
    main()
