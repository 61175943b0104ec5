"""Compare disentanglement with reconstruction for several beta, on images with known factors.

Data: sprites drawn by this recipe (shapes that are scaled, rotated and moved), no download.
Command: python recipes/sprites.py
Time: about 20 core seconds of training for each model, and half as much to score it.
Expect, with seed 0 and beta 1: held-out ELBO -66.5 nats, MIG 0.12, FactorVAE score 0.75.
"""

import itertools
import time

import numpy as np
from support.data import sprites
from support.results import beta_sweep
from support.run import argument_types, cli, seed_options, shared_options
from support.run.run import Outcome, Run

import zoo

# Small networks suffice for masks of one shape and take minutes on a CPU.
SMALL = {
    "conv_vae": dict(widths=(16, 32, 64), hidden=128),
    "dense_vae": {"hidden": (256, 128)},
}
DESCRIPTION = """\
Train a VAE for each weight of the KL (--betas) and each of --seeds seeds, on images whose factors
of variation are known, and compare disentanglement with the quality of reconstructions.

Draws its own images, or reads a data set of TensorFlow Datasets (TFDS) with several classes per
image (--dataset dsprites, shapes3d, smallnorb).
Prints a table of means over seeds on held-out images: ELBO, NLL and KL in nats per image, latent
dimensions in use, and the scores of zoo.evaluation.disentanglement for the means of q(z|x).
Writes into the folder --out:
  figures/          images, scores against reconstruction, traversals of the first seed's models
  metrics.json      all numbers, options, versions, seconds
  model.keras       the model with the largest MIG: import zoo; keras.models.load_model(...)
  saved_model/      that model for serving"""
EXAMPLES = """\
examples:
  python recipes/sprites.py
  python recipes/sprites.py --betas 1 2 4 8 16 --seeds 5 --limit 20000 --epochs 50
  python recipes/sprites.py --variant conv_vae --betas 1 4
  python recipes/sprites.py --dataset dsprites --data-dir data/ --limit 50000
"""


def parser():
    """Command line of the recipe."""
    command_line = cli.parser("sprites.py", DESCRIPTION, EXAMPLES)
    data = command_line.add_argument_group("data")
    shared_options.add_tfds(data, "dsprites, shapes3d")
    data.add_argument(
        "--limit",
        type=argument_types.positive,
        default=5000,
        metavar="N",
        help="images to train on (default 5000)",
    )
    data.add_argument(
        "--evaluate",
        type=argument_types.positive,
        default=2000,
        metavar="N",
        help="images to test on (default 2000)",
    )
    _, training, _ = seed_options.add_options(
        command_line, out="runs/sprites", latent_dim=10, batch_size=64
    )
    training.add_argument(
        "--betas",
        nargs="+",
        type=argument_types.non_negative,
        default=[1.0, 4.0, 16.0],
        metavar="B",
        help="weights of the KL in the loss (default 1 4 16)",
    )
    shared_options.add_epochs(training, "passes over the data (default 20)", default=20)
    return command_line


def main(options):
    """Train and score a model for each beta and seed; return the exit status."""
    run = Run("sprites", options)
    data = sprites.load(options)
    _check_factors(data)
    run.describe(data.name, data.x, data.test_x)
    print(
        f"{data.name}: {len(data.x):,} images to train on, {len(data.test_x):,} to test, "
        f"factors {', '.join(data.factor_names)}"
    )
    best, rows = None, run.record.setdefault("scores", [])
    seeds = range(options.seed, options.seed + options.seeds)
    for beta, seed in itertools.product(options.betas, seeds):
        options.beta, options.seed = beta, seed  # `run.model` uses them
        vae = _model(run, data)
        if not rows:
            run.begin()
            run.figure("images", zoo.plots.samples(data.test_x[:60], 15, data.name))
        try:
            rows.append(_train_and_score(vae, data, options))
        except FloatingPointError as error:
            return run.finish(Outcome(error=str(error)))
        print(_line(rows[-1]), flush=True)
        run.write()
        if seed == seeds[0]:
            run.figure(f"traversals_{beta:g}", beta_sweep.traversals(vae, data, beta))
        if rows[-1]["mig"] == max(row["mig"] for row in rows):
            best = vae
    run.save(best)
    run.figure("trade_off", beta_sweep.trade_off(rows))
    return run.finish(Outcome(), *beta_sweep.table(rows))


def _check_factors(data):
    """Raise unless each factor of the test images has several values, and one of them twice."""
    for name, values in zip(data.factor_names, data.test_factors.T, strict=True):
        counts = np.unique(values, return_counts=True)[1]
        if len(counts) < 2 or counts.max() < 2:
            raise cli.InputError(
                "--evaluate",
                f"expected images with several values of the factor {name!r}, one of them in "
                f"several images, got {len(values)} images without; use more",
            )


def _model(run, data):
    small = SMALL.get(run.options.variant, {})
    return run.model(data.x.shape[1:], "bernoulli", **small)


def _train_and_score(vae, data, options):
    """Train one model; return its numbers on the held-out images."""
    start = time.process_time()
    vae.fit(data.x, epochs=options.epochs, batch_size=options.batch_size, verbose=0)
    seconds = time.process_time() - start
    logs = vae.evaluate(data.test_x, batch_size=200, verbose=0, return_dict=True)
    scores = zoo.evaluation.disentanglement.scores(
        vae, data.test_x, data.test_factors, categorical=data.categorical, seed=options.seed
    )
    return {
        "beta": options.beta,
        "seed": options.seed,
        **{name: float(logs[name]) for name in beta_sweep.LOGGED},
        **scores.to_dict(),
        "core_seconds": round(seconds, 1),
    }


def _line(row):
    return (
        f"beta {row['beta']:g}, seed {row['seed']}: ELBO {row['elbo']:.1f}, NLL {row['nll']:.1f}, "
        f"MIG {row['mig']:.3f}; {row['core_seconds']:.0f} core seconds of training"
    )


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), main))
