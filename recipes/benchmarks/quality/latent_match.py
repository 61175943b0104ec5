"""Distance of the aggregate posterior from the prior on CIFAR-10, for five objectives.

The same convolutional VAE is trained with the KL, with an adversarial term or the maximum mean
discrepancy (MMD) in addition to it, and with either instead of it. Measured on test images with one
sample of z for each: the squared MMD to as many samples of the prior, the accuracy of a classifier
that distinguishes the two (0.5 means that it cannot), NLL, KL and ELBO.

Needs TFDS' cifar10 in the folder DIR (default: downloaded), or an .npz file with the uint8 arrays
"train" and "test":

    python recipes/benchmarks/quality/latent_match.py --data-dir DIR
    python recipes/benchmarks/quality/latent_match.py --images FILE.npz

`docs/results.md` has results.
"""

import json
import pathlib
import time

import keras
import numpy as np
from shared import FAST_CONV, command_line, tfds_images, unit_range, write_json

import zoo

OPTIONS = {
    **FAST_CONV,
    "hidden": 256,
    "latent_dim": 32,
}
LIKELIHOODS = ("discretized_logistic", "discretized_logistic_mixture")
OBJECTIVES = {
    "KL": lambda: (zoo.objectives.KL(),),
    "KL + adversarial": lambda: (zoo.objectives.KL(), zoo.objectives.Adversarial(30.0)),
    "KL + MMD": lambda: (zoo.objectives.KL(), zoo.objectives.MMD(10_000.0)),
    "adversarial": lambda: (zoo.objectives.Adversarial(30.0),),
    "MMD": lambda: (zoo.objectives.MMD(10_000.0),),
}


def main():
    """Train and measure each objective, a JSON line each; print the table."""
    args = parser().parse_args()
    train, test = load(args)
    rows = []
    for name in args.objectives:
        for seed in args.seeds:
            rows.append(run(name, seed, train, test, args))
            print(json.dumps(rows[-1]), flush=True)
    print(table(rows))
    if args.out:
        write_json(args.out, rows)


def run(name, seed, train, test, args):
    """Train and measure a model for one objective and seed."""
    keras.utils.set_random_seed(seed)
    objective = zoo.objectives.ELBO(OBJECTIVES[name]())
    options = dict(OPTIONS, likelihood=args.likelihood, objective=objective, seed=seed)
    vae = zoo.get("conv_vae", input_shape=(32, 32, 3), **options)
    vae.compile(zoo.FusedAdam(args.learning_rate, global_clipnorm=1000.0))
    start = time.process_time()
    vae.fit(train, epochs=args.epochs, batch_size=args.batch_size, verbose=0)
    core_minutes = (time.process_time() - start) / 60
    logs = vae.evaluate(test, batch_size=200, verbose=0, return_dict=True)
    return {
        "objective": name,
        "seed": seed,
        "core_minutes": core_minutes,
        **{key: float(logs[key]) for key in ("elbo", "nll", "kl")},
        "bits": float(zoo.bits_per_dimension(-logs["elbo"], (32, 32, 3))),
        **zoo.prior_match(vae, test, seed=seed),
    }


def table(rows):
    """Markdown table of means over seeds, a line for each objective."""
    columns = ("mmd", "mmd_of_prior", "accuracy", "nll", "kl", "elbo", "bits", "core_minutes")
    lines = [f"| objective | {' | '.join(columns)} | seeds |", "|---" * (len(columns) + 2) + "|"]
    for name in dict.fromkeys(row["objective"] for row in rows):
        group = [row for row in rows if row["objective"] == name]
        means = [np.mean([row[column] for row in group]) for column in columns]
        lines.append(f"| {name} | {' | '.join(f'{m:.4g}' for m in means)} | {len(group)} |")
    return "\n".join(lines)


def load(args):
    """Training and test images, float32 in [0, 1]."""
    if args.images:
        with np.load(args.images) as arrays:
            return [unit_range(arrays[part]) for part in ("train", "test")]
    return [unit_range(images) for images, _ in tfds_images("cifar10", args.data_dir)]


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--data-dir", help="folder of TFDS' data")
    p.add_argument("--images", type=pathlib.Path, help=".npz with train and test, [N, 32, 32, 3]")
    p.add_argument("--objectives", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES))
    p.add_argument("--likelihood", choices=LIKELIHOODS, default=LIKELIHOODS[0])
    p.add_argument("--seeds", nargs="+", type=int, default=[0])
    p.add_argument("--epochs", type=int, default=60)
    p.add_argument("--batch-size", type=int, default=128)
    p.add_argument("--learning-rate", type=float, default=1e-3)
    p.add_argument("--out", type=pathlib.Path, help="write all numbers into this .json file")
    return p


if __name__ == "__main__":
    main()
