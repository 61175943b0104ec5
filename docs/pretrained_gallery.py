"""Make the pictures of docs/pretrained_gallery.md: python docs/pretrained_gallery.py --data-dir DIR

Draws samples, reconstructions and codes of each tag of `zoo.weights()`, from the stored weights and
the held-out data of its specification, and writes docs/images/pretrained/. DIR is the folder of
TFDS' data. `python docs/generate.py` then writes the page.
"""

import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "recipes")]

import numpy as np  # noqa: E402
from support.pretraining import evaluate  # noqa: E402
from support.pretraining.sources import SOURCES  # noqa: E402
from support.pretraining.specs import SPECS  # noqa: E402

import zoo  # noqa: E402
from zoo.core import nested  # noqa: E402

FOLDER = ROOT / "docs" / "images" / "pretrained"
CODES = 2000  # points of a map
LINES = 10  # texts
DPI = 50
plots = zoo.plots


def figures(vae, data):
    """Name -> figure of a tag."""
    held_out = nested.take_rows(data.held_out, slice(CODES))
    x = evaluate.observed(vae, held_out)
    drawn = {"codes": _codes(vae, x, data.labels)}
    if isinstance(x, dict):
        generated = vae.generate(40, seed=0)
        drawn["samples"] = plots.samples(generated["image"], columns=10)
        drawn["sounds"] = plots.samples(_upright(generated["audio"]), columns=10)
        drawn["translations"] = _translations(vae, nested.take_rows(x, slice(10)))
    elif x.dtype != object and x.ndim == 4:
        model_input = None if x is held_out else x[:10]
        drawn["samples"] = plots.samples(vae.generate(40, seed=0), columns=10)
        drawn["reconstructions"] = plots.reconstructions(
            held_out[:10], vae.reconstruct(x[:10]), model_input
        )
    elif x.dtype != object and x.ndim == 3:
        drawn["samples"] = plots.series_samples(x[10:], vae.sample(4, seed=0))
        drawn["reconstructions"] = _series(vae, x[:7])
    elif x.dtype != object:
        names = [f"column {i}" for i in range(x.shape[1])]
        drawn["samples"] = plots.marginals(names, x, vae.sample(len(x), seed=0))
    return drawn


def _codes(vae, x, labels):
    """Map of the codes of the first level."""
    size = getattr(vae.latents, "level_dims", (vae.latents.latent_dim,))[0]
    codes = np.asarray(vae.encode(x).loc)[:, :size]
    labels = None if labels is None else labels[: len(codes)]
    return plots.latent_scatter(codes, labels, projection="tsne" if size > 2 else "pca")


def _series(vae, x):
    """Figure of a week of held-out days with their reconstructions and bands."""
    quantiles = zoo.predictive(vae, x, seed=0).quantiles
    low, median, high = (np.concatenate(q) for q in quantiles)
    measured = np.concatenate(x)
    return plots.series(np.arange(len(measured)), measured, median, low, high)


def _translations(vae, x):
    """Figure of images, their sounds, and sounds made from the images alone."""
    made = _upright(vae.reconstruct({"image": x["image"]})["audio"])
    figure = plots.reconstructions(_upright(x["audio"]), made)
    figure.suptitle("Sounds of held-out pairs, above those translated from the image")
    return figure


def _upright(spectrograms):
    """Spectrograms with time to the right and low frequencies below."""
    return np.clip(np.swapaxes(np.asarray(spectrograms), 1, 2)[:, ::-1], 0, 1)


def texts(vae, data):
    """Samples, and held-out texts with their reconstructions, as lines."""
    x = data.held_out[:LINES]
    pairs = zip(x, vae.reconstruct(x), strict=True)
    lines = ["samples from the prior:", *(f"  {line}" for line in vae.sample(LINES, seed=0))]
    lines += ["held out, and reconstructed:"]
    return "\n".join([*lines, *(f"  {a}\n    {b}" for a, b in pairs)]) + "\n"


def main():
    """Draw all tags, or those that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="VARIANT/TAG")
    parser.add_argument("--data-dir", type=pathlib.Path)
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for card in zoo.weights():
        name = f"{card.variant}/{card.tag}"
        if arguments.names and name not in arguments.names:
            continue
        spec, vae = SPECS[name], zoo.get(card.variant, weights=card.tag)
        data = SOURCES[spec.source].read(arguments.data_dir)
        stem = f"{card.variant}-{card.tag}"
        for kind, figure in figures(vae, data).items():
            path = FOLDER / f"{stem}-{kind}.png"
            figure.savefig(path, dpi=DPI, pil_kwargs={"optimize": True})
        if not isinstance(data.held_out, dict) and data.held_out.dtype == object:
            (FOLDER / f"{stem}.txt").write_text(texts(vae, data), encoding="utf-8")


if __name__ == "__main__":
    main()
