"""What a larger beta buys and what it costs: a sweep on images whose factors are known.

Data: sprites drawn by this recipe (a shape that is scaled, turned and moved), no download.
Command: python recipes/sprites.py
Time: about 20 core seconds of training for each model, and half as much to score it.
Expect, with seed 0 and beta 1: held-out ELBO -66.5 nats, MIG 0.12, FactorVAE score 0.75.
"""

import itertools
import time

from support.data import sprites
from support.results import sprites as sprites_figures
from support.run import cli
from support.run.run import Outcome, Run

import zoo

# Masks of one shape need no more: minutes on a CPU. Other options come by --option.
SMALL = {
    "conv_vae": dict(widths=(16, 32, 64), blocks=1, stem_strides=2, hidden=128, normalization=None),
    "dense_vae": {"hidden": (256, 128)},
}
COLUMNS = {
    "elbo": "ELBO",
    "nll": "NLL",
    "kl": "KL",
    "active_units": "active",
    "mig": "MIG",
    "disentanglement": "DCI D",
    "completeness": "DCI C",
    "informativeness": "DCI I",
    "sap": "SAP",
    "factor_vae": "FactorVAE",
    "beta_vae": "beta-VAE",
}
LOGGED = ("elbo", "nll", "kl", "active_units")

DESCRIPTION = """\
Train a VAE for each weight of the KL (--betas) and each of several seeds, on images whose factors
are known, and hold disentanglement beside the quality of reconstructions.

Draws its images itself, or reads a TFDS data set that has several classes an image (--dataset
dsprites, shapes3d, smallnorb).
Prints a table of held-out images, means over seeds: ELBO, NLL and KL in nats an image, latent
dimensions in use, and the scores of zoo.evaluation.disentanglement, of means of q(z|x).
Writes into the folder --out:
  figures/          images, scores against reconstruction, traversals of the first seed's models
  metrics.json      all of the numbers, options, versions, seconds
  model.keras       the model with the largest MIG: import zoo; keras.models.load_model(...)
  saved_model/      the same for serving"""
EXAMPLES = """\
examples:
  python recipes/sprites.py
  python recipes/sprites.py --betas 1 2 4 8 16 --seeds 5 --limit 20000 --epochs 50
  python recipes/sprites.py --variant conv_vae --betas 1 4
  python recipes/sprites.py --dataset dsprites --data-dir data/ --limit 50000
"""


def parser():
    """The command line."""
    found = cli.parser("sprites.py", DESCRIPTION, EXAMPLES)
    data = found.add_argument_group("data")
    data.add_argument("--dataset", metavar="NAME", help="a TFDS name: dsprites, shapes3d, ...")
    data.add_argument("--data-dir", type=cli.path, metavar="FOLDER", help="where TFDS keeps it")
    data.add_argument("--limit", type=cli.positive, default=5000, metavar="N", help="to train")
    data.add_argument(
        "--evaluate", type=cli.positive, default=2000, metavar="N", help="images to test on"
    )
    model = found.add_argument_group("model")
    model.add_argument("--variant", default="dense_vae", metavar="NAME", help="dense_vae, conv_vae")
    model.add_argument("--latent-dim", type=cli.positive, default=10, metavar="D")
    model.add_argument("--option", action="append", default=[], metavar="KEY=VALUE")
    training = found.add_argument_group("training")
    training.add_argument(
        "--betas",
        nargs="+",
        type=cli.non_negative,
        default=[1.0, 4.0, 16.0],
        metavar="B",
        help="weights of the KL in the loss (default 1 4 16)",
    )
    training.add_argument("--seed", type=cli.seed, default=0, help="the first one (default 0)")
    training.add_argument("--seeds", type=cli.positive, default=1, metavar="N")
    training.add_argument("--epochs", type=cli.positive, default=20, metavar="N")
    training.add_argument("--batch-size", type=cli.positive, default=64, metavar="N")
    training.add_argument("--learning-rate", type=cli.non_negative, default=1e-3, metavar="R")
    run = found.add_argument_group("run")
    run.add_argument("--out", type=cli.path, default=cli.path("runs/sprites"))
    # What other recipes let the user choose, and their helpers ask for.
    found.set_defaults(resume=False, distribute=False, beta=None, input_noise=None)
    return found


def run(options):
    """Train and score for each beta and seed; table, figures, the best model; the exit status."""
    folder = Run("sprites", options)
    data = sprites.load(options)
    folder.describe(data.name, data.x, data.test_x)
    print(
        f"{data.name}: {len(data.x):,} images to train on, {len(data.test_x):,} to test, "
        f"factors {', '.join(data.factor_names)}"
    )
    best, rows = None, folder.record.setdefault("scores", [])
    seeds = range(options.seed, options.seed + options.seeds)
    for beta, seed in itertools.product(options.betas, seeds):
        options.beta, options.seed = beta, seed  # which the model is made by
        vae = _model(folder, data)
        if not rows:
            folder.begin()
            folder.figure("images", zoo.plots.samples(data.test_x[:60], 15, data.name))
        try:
            rows.append(_row(vae, data, options))
        except FloatingPointError as error:
            return folder.finish(Outcome(error=str(error)))
        print(_line(rows[-1]), flush=True)
        folder.write()
        if seed == seeds[0]:
            folder.figure(f"traversals_{beta:g}", sprites_figures.traversals(vae, data, beta))
        if rows[-1]["mig"] == max(row["mig"] for row in rows):
            best = vae
    folder.save(best)
    folder.figure("trade_off", sprites_figures.trade_off(rows, COLUMNS))
    return folder.finish(Outcome(), *table(rows))


def _model(folder, data):
    small = SMALL.get(folder.options.variant, {})
    return folder.model(data.x.shape[1:], "bernoulli", **small)


def _row(vae, data, options):
    """Train one model; what was measured on the held-out images."""
    began = time.process_time()
    vae.fit(data.x, epochs=options.epochs, batch_size=options.batch_size, verbose=0)
    seconds = time.process_time() - began
    logs = vae.evaluate(data.test_x, batch_size=200, verbose=0, return_dict=True)
    scores = zoo.evaluation.disentanglement.scores(
        vae, data.test_x, data.test_factors, categorical=data.categorical, seed=options.seed
    )
    return {
        "beta": options.beta,
        "seed": options.seed,
        **{name: float(logs[name]) for name in LOGGED},
        **scores.to_dict(),
        "core_seconds": round(seconds, 1),
    }


def _line(row):
    return (
        f"beta {row['beta']:g}, seed {row['seed']}: ELBO {row['elbo']:.1f}, NLL {row['nll']:.1f}, "
        f"MIG {row['mig']:.3f}; {row['core_seconds']:.0f} core seconds of training"
    )


def table(rows):
    """Lines of a Markdown table, one row for each beta: mean ± deviation over seeds."""
    lines = [
        f"| beta | {' | '.join(COLUMNS.values())} |",
        "|" + "---|" * (1 + len(COLUMNS)),
    ]
    for beta, found in sprites_figures.by_beta(rows).items():
        cells = [_cell([row[name] for row in found], name) for name in COLUMNS]
        lines.append(f"| {beta:g} | {' | '.join(cells)} |")
    return lines


def _cell(values, name):
    digits = 1 if name in LOGGED else 3
    mean = f"{sprites_figures.mean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {sprites_figures.deviation(values):.{digits}f}"


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), run))
