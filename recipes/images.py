"""Train a VAE on images: a model, its numbers and its pictures in one run folder.

Data: scikit-learn's digits by default (1,797 grey images, 8x8; a fifth is held out), no download.
Command: python recipes/images.py
Time: 67 s on two CPU cores (60 epochs; training takes 42 s of them).
Expect, with seed 0: held-out ELBO -23.3 and log p(x) -22.6 +- 0.2 nats (100 importance samples,
held-out images binarised once), 8 of 8 latent dimensions in use.
"""

import math

import numpy as np
from support.data import images
from support.run import cli, evaluation
from support.run.run import Run

import zoo

LIKELIHOODS = (
    *("binarized_bernoulli", "bernoulli", "discretized_logistic"),
    *("normal", "shared_scale_normal", "per_element_normal"),
)
# What suits 1,400 images of 8x8 pixels; other data get the variant's own defaults.
DIGITS = {"conv_vae": dict(latent_dim=8, widths=(32, 64), blocks=1), "dense_vae": {"latent_dim": 8}}
DIGITS_EPOCHS = 60
STEPS = 2000


DESCRIPTION = f"""\
Train a variational autoencoder on images, and see what it learned.

Reads scikit-learn's digits (no download), any TFDS data set (--dataset) or your own images
(--data).
Writes into the folder --out:
  figures/          curves, reconstructions, samples, latent space, interpolation, uncertainty,
                    traversal as a grid and as a GIF; of two latent dimensions the manifold
  metrics.json      held-out ELBO and log-likelihood in nats, options, seed, versions, seconds
{cli.FILES}"""
EXAMPLES = """\
examples:
  python recipes/images.py
  python recipes/images.py --dataset mnist --epochs 20 --out runs/mnist
  python recipes/images.py --dataset fashion_mnist --limit 10000 --latent-dim 2 --out runs/fashion
  python recipes/images.py --data photos/ --size 32 --likelihood discretized_logistic
  python recipes/images.py --data frames.npy --beta 4 --warmup-epochs 5
  python recipes/images.py --dataset omniglot --variant ladder_vae --out runs/omniglot

The first takes about a minute on two free CPU cores.
"""


def parser():
    """The command line."""
    found = cli.parser("images.py", DESCRIPTION, EXAMPLES)
    data = found.add_argument_group("data")
    data.add_argument("--dataset", metavar="NAME", help="any TFDS name: mnist, fashion_mnist, ...")
    data.add_argument(
        "--data-dir", type=cli.path, metavar="FOLDER", help="where TFDS keeps its data"
    )
    data.add_argument(
        "--data",
        type=cli.path,
        metavar="PATH",
        help="a folder of images (sub-folders are labels), or an .npy file [N, H, W(, C)]",
    )
    data.add_argument(
        "--size",
        type=images.size,
        metavar="S",
        help="crop and resize images to SxS, or HxW: needed where their sizes differ",
    )
    data.add_argument("--limit", type=cli.positive, metavar="N", help="train on N images at most")
    cli.add_options(found, variant="conv_vae", out="runs/images", evaluate=1000)
    found.add_argument(
        "--likelihood",
        choices=LIKELIHOODS,
        help="p(x|z); default: binarized_bernoulli where most pixels of grey images are nearly "
        "black or white, else discretized_logistic",
    )
    return found


def run(options):
    """Train, save, evaluate, draw; the exit status."""
    folder = Run("images", options)
    data = images.load(options)
    x, held_out, labels = data.train, data.held_out, data.labels
    if options.evaluate:
        held_out = held_out[: options.evaluate]
        labels = None if labels is None else labels[: options.evaluate]
    options.likelihood = options.likelihood or _likelihood(x)
    small = DIGITS.get(options.variant, {}) if data.default else {}
    _set_epochs(options, len(x), data.default)
    folder.describe(data.name, x, held_out)
    print(
        f"{data.name}: {len(x):,} images of {'x'.join(map(str, x.shape[1:]))} to train on, "
        f"{len(held_out):,} held out; {options.variant}, {options.likelihood}"
    )
    vae = folder.model(x.shape[1:], options.likelihood, **small)
    seen = held_out
    if options.likelihood == "binarized_bernoulli":
        # One fixed binary image for each grey one: nats then compare between runs and with papers.
        seen = np.asarray(zoo.binarize(held_out, options.seed))
        folder.note(f"held-out images were binarised once, with seed {options.seed}")
    outcome = folder.train(vae, x, seen)
    lines = []
    if outcome.error is None:
        with folder.skippable():
            lines = evaluation.nats(folder, vae, seen)
            if options.likelihood == "discretized_logistic":
                lines.append(evaluation.bits(folder, x.shape[1:]))
            draw(folder, vae, held_out, seen, labels, options.seed)
            folder.report(vae, seen, labels)
    return folder.finish(outcome, *lines)


def draw(folder, vae, held_out, seen, labels, seed):
    """All figures of a trained model."""
    plots, q = zoo.plots, vae.encode(seen)
    folder.figure("curves", plots.training_curves(folder.history()))
    few = seen[:12]
    folder.figure(
        "reconstructions",
        plots.reconstructions(
            held_out[:12], vae.reconstruct(few), None if seen is held_out else few
        ),
    )
    folder.figure("samples", plots.samples(vae.generate(100, seed=seed)))
    # Of a ladder the top's dimensions, which come first; what is below has priors of its own.
    ladder = hasattr(vae.latents, "level_dims")
    size = vae.latents.level_dims[0] if ladder else vae.latents.latent_dim
    loc, scale = np.asarray(q.loc)[:, :size], np.asarray(q.scale)[:, :size]
    folder.figure("latent", plots.latent_scatter(loc, labels))
    if ladder:
        folder.figure("levels", _levels(vae, held_out[:12], few, seed))
    if vae.latents.latent_dim == 2:
        folder.figure("manifold", plots.manifold(vae.manifold(), zoo.normal_quantiles()))
    folder.figure("interpolation", plots.interpolations(_paths(vae, seen, labels)))
    # What q(z|x) leaves open; of binary images the noise of p(x|z) would hide it.
    spread = zoo.predictive(vae, few[:8], noise=False, seed=seed)
    folder.figure("uncertainty", plots.uncertainty(held_out[:8], spread.mean, spread.deviation))
    # The dimensions that carry most about x, in nats of KL(q || p).
    nats = np.mean(0.5 * (loc**2 + scale**2 - 1) - np.log(scale), 0)
    top = [int(i) for i in np.argsort(-nats)[:8]]
    names = [f"$z_{{{i}}}$\n{nats[i]:.1f} nats" for i in top]
    grid, values = vae.traverse(dimensions=top, steps=11), np.linspace(-3, 3, 11)
    folder.figure("traversal", plots.traversals(grid, names, values))
    loop = plots.traversal_animation(grid, names, values)
    loop.save(folder.folder / "figures" / "traversal.gif", dpi=80)


def _levels(vae, held_out, seen, seed):
    """The figure of what each level of a ladder holds."""
    count = len(vae.latents.level_dims)
    kept = [zoo.reconstruct_levels(vae, seen, keep) for keep in range(count, 0, -1)]
    drawn = zoo.reconstruct_levels(vae, seen, 1, samples=3, seed=seed)
    return zoo.plots.levels(held_out, kept, drawn)


def _paths(vae, x, labels):
    """Name of a path -> images along it, between up to four pairs of x."""
    start, end = (x[rows[:4]] for rows in _pairs(len(x), labels))
    return {name: vae.interpolate(start, end, 11, name) for name in ("linear", "spherical")}


def _pairs(rows, labels):
    """Row numbers of up to six pairs to go between, of different classes where there are any."""
    pairs = []
    for start in range(0, rows - 1, 2):
        if labels is None or labels[start] != labels[start + 1]:
            pairs.append((start, start + 1))
    pairs = pairs[:6] or [(0, rows - 1)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _likelihood(x):
    """Bernoulli where most pixels of grey images are nearly black or white, as in drawings."""
    nearly = np.mean((x < 0.1) | (x > 0.9))
    return "binarized_bernoulli" if x.shape[-1] == 1 and nearly > 0.5 else "discretized_logistic"


def _set_epochs(options, rows, default):
    if options.epochs is None:
        few = max(5, math.ceil(STEPS / math.ceil(rows / options.batch_size)))
        options.epochs = DIGITS_EPOCHS if default else min(few, 100)


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), run))
