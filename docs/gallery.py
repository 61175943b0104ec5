"""Make the pictures of docs/plots.md: python docs/gallery.py

Trains three models on scikit-learn's digits: one with eight latent dimensions, one with two, and
one whose likelihood has a scale for each pixel. Writes docs/images/plots/. Takes five minutes on
two busy CPU cores.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
import numpy as np  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402

import zoo  # noqa: E402

FOLDER = ROOT / "docs" / "images" / "plots"
EPOCHS = 60
plots = zoo.plots


def trained(x, held_out, latent_dim, likelihood):
    """A trained model, and the history of its training."""
    keras.utils.set_random_seed(1)
    vae = zoo.get(
        "conv_vae",
        latent_dim=latent_dim,
        widths=(32, 64),
        blocks=1,
        likelihood=likelihood,
        seed=1,
    )
    history = vae.fit(x, batch_size=64, epochs=EPOCHS, validation_data=(held_out,), verbose=2)
    return vae, history.history


def image_figures(vae, x):
    """Name -> a figure of reconstructed and generated images, or a loop."""
    values = np.linspace(-2, 2, 9)
    paths = {n: vae.interpolate(x[:3], x[3:6], steps=9, path=n) for n in ("linear", "spherical")}
    fine = np.linspace(-2, 2, 17)
    first = vae.traverse(x[0], dimensions=range(3), low=-2, high=2, steps=17)
    return {
        "reconstructions": plots.reconstructions(x, vae.reconstruct(x[:12])),
        "samples": plots.samples(vae.generate(30, seed=1), columns=10),
        "interpolations": plots.interpolations(paths),
        "traversals": plots.traversals(vae.traverse(x[0], low=-2, high=2), values=values),
        "traversal": plots.traversal_animation(first, values=fine),
    }


def code_figures(vae, planar, x, classes):
    """Name -> a figure of codes; `planar` is a model with two latent dimensions."""
    report, codes = zoo.diagnose(vae, x), vae.encode(x).loc
    return {
        "latent_scatter": plots.latent_scatter(planar.encode(x).loc, classes),
        "tsne": plots.latent_scatter(codes, classes, projection="tsne"),
        "manifold": plots.manifold(planar.manifold(steps=15), zoo.normal_quantiles(15)),
        "kl_per_dimension": plots.kl_per_dimension(report),
        "posterior_histograms": plots.posterior_histograms(report),
    }


def main():
    """Train, draw, write."""
    digits = load_digits()
    x = (digits.images[..., None] / 16).astype("float32")
    train, held_out, classes = x[:1200], x[1200:], digits.target[1200:]
    fixed = zoo.likelihoods.Normal(0.15)
    vae, history = trained(train, held_out, 8, fixed)
    planar, _ = trained(train, held_out, 2, fixed)
    scaled, _ = trained(train, held_out, 8, "per_element_normal")
    summary = zoo.predictive(scaled, held_out[:8], samples=400)
    FOLDER.mkdir(parents=True, exist_ok=True)
    figures = {"training_curves": plots.training_curves(history)}
    maps = plots.uncertainty(held_out, summary.mean, summary.std, summary.quantiles)
    figures["uncertainty"] = maps
    figures |= image_figures(vae, held_out) | code_figures(vae, planar, held_out, classes)
    for name, figure in figures.items():
        if isinstance(figure, plots.Loop):
            figure.save(FOLDER / f"{name}.gif", dpi=60)
        else:
            figure.savefig(FOLDER / f"{name}.png", dpi=80)


if __name__ == "__main__":
    main()
