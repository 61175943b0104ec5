"""Figures of latent space."""

import numpy as np
from matplotlib import patheffects

from zoo.plots.canvas import DATA, INK, PALETTE, caption, new_figure, short
from zoo.plots.projections import checked, plane

MAX_POINTS = 5000


def latent_scatter(codes, labels=None, names=None, seed=0, projection="pca"):
    """Codes `[N, D]` as points: directly where D is 2, else projected to a plane.

    What is near in a t-SNE or UMAP was near in latent space; distances between groups, their sizes
    and their densities mean nothing there.

    Args:
        codes: means of q(z|x); at most 5000 of them, picked by `seed`, are drawn.
        labels: a class for each code (integers or strings); beyond ten, the rarest share a colour.
        names: class -> its name; an index into a sequence, or a mapping.
        seed: an integer.
        projection: of more than two dimensions: "pca", "tsne", "umap" (this needs `umap-learn`), or
            points `[N, 2]` that were made elsewhere, which are drawn as they are.

    Raises:
        ValueError: no such projection, or points of another shape.
        ImportError: `umap-learn` is not installed.
    """
    codes = np.asarray(codes, "float64")
    projection = checked(projection, len(codes))
    shown = np.random.default_rng(seed).permutation(len(codes))[:MAX_POINTS]
    given = projection if isinstance(projection, str) else projection[shown]
    points, axis_names = plane(codes[shown], given, seed)
    figure = new_figure(6.6, 5.6)
    axes = figure.subplots()
    size = float(np.clip(6000 / len(shown), 5, 30))
    if labels is None:
        axes.scatter(*points.T, s=size, color=DATA, alpha=0.6, lw=0)
    else:
        _classes(axes, points, np.asarray(labels)[shown], names, size)
    # A few far-off codes must not shrink all others to a dot.
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    low, high = low - 0.25 * (high - low) - 1e-6, high + 0.25 * (high - low) + 1e-6
    outside = int(((points < low) | (points > high)).any(1).sum())
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    more = f" ({outside} further out)" if outside else ""
    caption(axes, f"Codes of {len(shown):,} held-out examples{more}", *axis_names)
    return figure


def _classes(axes, points, labels, names, size):
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) > len(PALETTE):
        kept = classes[np.argsort(-counts, kind="stable")][: len(PALETTE) - 1]
        classes = np.sort(kept)
        rest = points[~np.isin(labels, kept)]
        axes.scatter(*rest.T, s=size, color=PALETTE[-1], alpha=0.35, lw=0, label="others")
    named, apart = [], 0.05 * np.ptp(points, 0).max()
    halo = [patheffects.withStroke(linewidth=3, foreground="white")]
    for label, colour in zip(classes, PALETTE, strict=False):
        chosen = points[labels == label]
        name = str(label if names is None else names[label])
        axes.scatter(*chosen.T, s=size, color=colour, alpha=0.75, lw=0, label=short(name))
        # The name where the class is: a legend alone asks for a good eye for colours.
        at = np.median(chosen, 0)
        far = all(np.abs(at - other).max() > apart for other in named)
        named.append(at)
        if len(name) <= 10 and far:
            text = axes.text(*at, name, color=INK, weight="bold", ha="center", va="center")
            text.set_path_effects(halo)
    legend = axes.figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    for handle in legend.legend_handles:
        handle.set_alpha(1.0)
        handle.set_sizes([40])
