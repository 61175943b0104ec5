"""Train a VAE on images and evaluate it: model, numbers and figures in one run folder.

Data: scikit-learn's digits by default (1,797 grey images, 8x8; a fifth is held out), no download.
Command: python recipes/images.py
Time: 46 s on one CPU core that is shared (60 epochs; training takes 23 s of them).
Expect, with seed 0: held-out ELBO -22.7 and log p(x) -22.3 +- 0.2 nats (100 importance samples,
held-out images binarised once), 8 of 8 latent dimensions in use.
"""

import math

import numpy as np
from support.data import images
from support.run import cli, evaluation
from support.run.run import Run

import zoo

LIKELIHOODS = (
    *("binarized_bernoulli", "bernoulli"),
    *("discretized_logistic", "discretized_logistic_mixture"),
    *("normal", "shared_scale_normal", "per_element_normal"),
)
# Options for the default data, 1,400 images of 8x8 pixels; other data get the variant's defaults.
DIGITS = {"conv_vae": dict(latent_dim=8, widths=(32, 64)), "dense_vae": {"latent_dim": 8}}
DIGITS_EPOCHS = 60
STEPS = 26_000
MAX_COLOURS = 4  # channels of an image that are taken for colours

DESCRIPTION = f"""\
Train a variational autoencoder on images, evaluate it on held-out images and draw figures.

Reads scikit-learn's digits (no download), a data set of TensorFlow Datasets (TFDS, --dataset) or
your own images (--data). Files that cannot be read are skipped and listed.
Writes into the folder --out:
  figures/          curves, reconstructions, samples, latent space, interpolation, uncertainty,
                    traversal (also as a GIF); the manifold if there are two latent dimensions
  metrics.json      held-out ELBO and log-likelihood in nats, options, seed, versions, seconds
{cli.FILES}"""
EXAMPLES = """\
examples:
  python recipes/images.py
  python recipes/images.py --dataset mnist --out runs/mnist
  python recipes/images.py --dataset fashion_mnist --limit 10000 --latent-dim 2 --out runs/fashion
  python recipes/images.py --data photos/ --size 32 --likelihood discretized_logistic
  python recipes/images.py --data frames.npy --beta 4 --warmup-epochs 5
  python recipes/images.py --dataset omniglot --variant ladder_vae --out runs/omniglot

The first takes less than a minute; the second 28 epochs, about ten minutes on two free CPU cores.
"""


def parser():
    """Command line of the recipe."""
    command_line = cli.parser("images.py", DESCRIPTION, EXAMPLES)
    images.add_options(command_line.add_argument_group("data"))
    cli.add_options(
        command_line,
        variant="conv_vae",
        out="runs/images",
        evaluate=1000,
        batch_size=64,
        decay="cosine",
    )
    command_line.add_argument(
        "--likelihood",
        choices=LIKELIHOODS,
        help="p(x|z) (default: binarized_bernoulli if most pixels of grey images are nearly black "
        "or white, discretized_logistic_mixture for colours, else discretized_logistic)",
    )
    return command_line


def main(options):
    """Train, save, evaluate and draw; return the exit status."""
    run = Run("images", options)
    data = images.load(options)
    x, held_out, labels = data.train, data.held_out, data.labels
    if options.evaluate:
        held_out = held_out[: options.evaluate]
        labels = None if labels is None else labels[: options.evaluate]
    notes = list(data.notes)
    if options.likelihood is None:
        options.likelihood, reason = _likelihood(x)
        notes.append(f"likelihood: {options.likelihood}, {reason}; --likelihood names another")
    small = DIGITS.get(options.variant, {}) if data.default else {}
    _set_epochs(options, len(x), data.default)
    run.describe(data.name, x, held_out, notes)
    print(
        f"{data.name}: {len(x):,} images of {'x'.join(map(str, x.shape[1:]))} to train on, "
        f"{len(held_out):,} held out; {options.variant}, {options.likelihood}"
    )
    vae = run.model(x.shape[1:], options.likelihood, **small)
    observed = held_out
    if options.likelihood == "binarized_bernoulli":
        # A fixed binary image for each grey one makes nats comparable between runs.
        observed = np.asarray(zoo.binarize(held_out, options.seed))
        run.note(f"held-out images were binarised once, with seed {options.seed}")
    outcome = run.train(vae, x, observed)
    lines = []
    if outcome.error is None:
        with run.skippable():
            lines = evaluation.held_out(run, vae, observed)
            if options.likelihood.startswith("discretized_logistic"):
                lines.append(evaluation.bits_per_dimension(run, x.shape[1:]))
            draw(run, vae, held_out, observed, labels, options.seed)
            run.report(vae, observed, labels)
    return run.finish(outcome, *lines)


def draw(run, vae, held_out, observed, labels, seed):
    """Draw all figures of a trained model.

    Args:
        run: the `Run`.
        vae: its model.
        held_out: images as they were read.
        observed: the same images as input of the model, binarised if its likelihood needs it.
        labels: their classes, or None.
        seed: seed of all samples.
    """
    plots, q = zoo.plots, vae.encode(observed)
    run.figure("curves", plots.training_curves(run.history()))
    few = observed[:12]
    run.figure(
        "reconstructions",
        plots.reconstructions(
            held_out[:12], vae.reconstruct(few), None if observed is held_out else few
        ),
    )
    run.figure("samples", plots.samples(vae.generate(100, seed=seed)))
    # The top level of a ladder comes first; the lower levels have other priors.
    ladder = hasattr(vae.latents, "level_dims")
    size = vae.latents.level_dims[0] if ladder else vae.latents.latent_dim
    loc, scale = np.asarray(q.loc)[:, :size], np.asarray(q.scale)[:, :size]
    run.figure("latent", plots.latent_scatter(loc, labels))
    if ladder:
        run.figure("levels", _levels(vae, held_out[:12], few, seed))
    if vae.latents.latent_dim == 2:
        run.figure("manifold", plots.manifold(vae.manifold(), zoo.normal_quantiles()))
    run.figure("interpolation", plots.interpolations(_paths(vae, observed, labels)))
    # The uncertainty of z alone: the noise of p(x|z) would hide it in binary images.
    predictive = zoo.predictive(vae, few[:8], noise=False, seed=seed)
    run.figure("uncertainty", plots.uncertainty(held_out[:8], predictive.mean, predictive.std))
    # The latent dimensions with the largest KL.
    kl = np.mean(0.5 * (loc**2 + scale**2 - 1) - np.log(scale), 0)
    top = [int(i) for i in np.argsort(-kl)[:8]]
    names = [f"$z_{{{i}}}$\n{kl[i]:.1f} nats" for i in top]
    grid, values = vae.traverse(dimensions=top, steps=11), np.linspace(-3, 3, 11)
    run.figure("traversal", plots.traversals(grid, names, values))
    animation = plots.traversal_animation(grid, names, values)
    animation.save(run.file("figures/traversal.gif"), dpi=80)


def _levels(vae, held_out, observed, seed):
    """Figure of reconstructions from fewer and fewer levels of a ladder."""
    count = len(vae.latents.level_dims)
    means = [zoo.reconstruct_levels(vae, observed, keep) for keep in range(count, 0, -1)]
    samples = zoo.reconstruct_levels(vae, observed, 1, samples=3, seed=seed)
    return zoo.plots.levels(held_out, means, samples)


def _paths(vae, x, labels):
    """Name of a path -> images along it, for up to four pairs of x."""
    start, end = (x[rows[:4]] for rows in _pairs(len(x), labels))
    return {name: vae.interpolate(start, end, 11, name) for name in ("linear", "spherical")}


def _pairs(rows, labels):
    """Row numbers of the starts and ends of up to six paths, of different classes if possible."""
    pairs = []
    for start in range(0, rows - 1, 2):
        if labels is None or labels[start] != labels[start + 1]:
            pairs.append((start, start + 1))
    pairs = pairs[:6] or [(0, rows - 1)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _likelihood(x):
    """Name of a likelihood, and the reason: Bernoulli for grey images of black and white."""
    if x.shape[-1] > 1:
        colours = x.shape[-1] <= MAX_COLOURS
        return "discretized_logistic" + "_mixture" * colours, "for several channels"
    extreme = np.mean((x < 0.1) | (x > 0.9))
    reason = f"{extreme:.0%} of the grey values are nearly black or white"
    return "binarized_bernoulli" if extreme > 0.5 else "discretized_logistic", f"because {reason}"


def _set_epochs(options, rows, default):
    if options.epochs is None:
        epochs = max(5, math.ceil(STEPS / math.ceil(rows / options.batch_size)))
        options.epochs = DIGITS_EPOCHS if default else min(epochs, 100)


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), main))
