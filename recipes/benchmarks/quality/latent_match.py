"""Quality: how near the aggregated posterior comes to the prior on CIFAR-10, and what it takes.

The same convolutional VAE with the KL alone, with an adversarial term or the maximum mean
discrepancy added to it, and with either in its place. On test images, one draw of z each: the
squared MMD to as many draws of the prior, and the accuracy of a classifier that tells the two apart
(0.5: it cannot); beside it what the reconstruction costs, and the ELBO.

    python recipes/benchmarks/quality/latent_match.py --data-dir DIR          # cifar10
    python recipes/benchmarks/quality/latent_match.py --images FILE.npz       # train, test: uint8

`docs/results.md` has recorded runs.
"""

import argparse
import json
import pathlib
import time

import keras
import numpy as np

import zoo

# Maps of 16x16 and smaller: minutes on a CPU.
OPTIONS = {
    "widths": (32, 64, 64),
    "blocks": 1,
    "hidden": 256,
    "stem_strides": 2,
    "normalization": None,
    "activation": "elu",
    "latent_dim": 32,
    "likelihood": "discretized_logistic",
}
OBJECTIVES = {
    "KL": lambda: (zoo.objectives.KL(),),
    "KL + adversarial": lambda: (zoo.objectives.KL(), zoo.objectives.Adversarial(30.0)),
    "KL + MMD": lambda: (zoo.objectives.KL(), zoo.objectives.MMD(10_000.0)),
    "adversarial": lambda: (zoo.objectives.Adversarial(30.0),),
    "MMD": lambda: (zoo.objectives.MMD(10_000.0),),
}


def main():
    """Train and measure each, one JSON line as it ends; the table at the end."""
    args = parser().parse_args()
    train, test = load(args)
    rows = []
    for name in args.objectives:
        for seed in args.seeds:
            rows.append(run(name, seed, train, test, args))
            print(json.dumps(rows[-1]), flush=True)
    print(table(rows))
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(rows, indent=2) + "\n")


def run(name, seed, train, test, args):
    """One objective, one seed: what was measured."""
    keras.utils.set_random_seed(seed)
    objective = zoo.objectives.ELBO(OBJECTIVES[name]())
    vae = zoo.get("conv_vae", input_shape=(32, 32, 3), seed=seed, objective=objective, **OPTIONS)
    vae.compile(zoo.FusedAdam(args.learning_rate, global_clipnorm=1000.0))
    began = time.process_time()
    vae.fit(train, epochs=args.epochs, batch_size=args.batch_size, verbose=0)
    core_minutes = (time.process_time() - began) / 60
    logs = vae.evaluate(test, batch_size=200, verbose=0, return_dict=True)
    return {
        "objective": name,
        "seed": seed,
        "core_minutes": core_minutes,
        **{key: float(logs[key]) for key in ("elbo", "nll", "kl")},
        **zoo.prior_match(vae, test, seed=seed),
    }


def table(rows):
    """One line for each objective: means over seeds."""
    columns = ("mmd", "mmd_of_prior", "accuracy", "nll", "kl", "elbo", "core_minutes")
    lines = [f"| objective | {' | '.join(columns)} | seeds |", "|---" * (len(columns) + 2) + "|"]
    for name in dict.fromkeys(row["objective"] for row in rows):
        found = [row for row in rows if row["objective"] == name]
        means = [np.mean([row[column] for row in found]) for column in columns]
        lines.append(f"| {name} | {' | '.join(f'{m:.4g}' for m in means)} | {len(found)} |")
    return "\n".join(lines)


def load(args):
    """Training and test images, float32 in [0, 1]."""
    if args.images:
        with np.load(args.images) as arrays:
            parts = [arrays["train"], arrays["test"]]
    else:
        import tensorflow_datasets as tfds

        splits = ["train", "test"]
        loaded = tfds.load("cifar10", split=splits, data_dir=args.data_dir, batch_size=-1)
        parts = [part["image"].numpy() for part in loaded]
    return [part.astype("float32") / 255 for part in parts]


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--data-dir", help="TFDS data_dir that holds cifar10")
    p.add_argument("--images", type=pathlib.Path, help=".npz with train and test, [N, 32, 32, 3]")
    p.add_argument("--objectives", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES))
    p.add_argument("--seeds", nargs="+", type=int, default=[0])
    p.add_argument("--epochs", type=int, default=60)
    p.add_argument("--batch-size", type=int, default=128)
    p.add_argument("--learning-rate", type=float, default=1e-3)
    p.add_argument("--out", type=pathlib.Path, help="a .json file for all that was measured")
    return p


if __name__ == "__main__":
    main()
