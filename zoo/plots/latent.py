"""Figures of latent space."""

import numpy as np
from matplotlib import patheffects
from sklearn.decomposition import PCA

from zoo.plots.canvas import DATA, PALETTE, caption, new_figure, short

MOST_POINTS = 5000


def latent_scatter(codes, labels=None, names=None, seed=0):
    """Codes `[N, D]` as points: directly where D is 2, else on their principal components.

    Args:
        codes: means of q(z|x); at most 5000 of them, picked by `seed`, are drawn.
        labels: a class for each code (integers or strings); beyond ten, the rarest share a colour.
        names: class -> its name; an index into a sequence, or a mapping.
        seed: an integer.
    """
    codes = np.asarray(codes, "float64")
    points, axis_names = plane(codes)
    shown = np.random.default_rng(seed).permutation(len(points))[:MOST_POINTS]
    figure = new_figure(6.6, 5.6)
    axes = figure.subplots()
    size = float(np.clip(6000 / len(shown), 5, 30))
    if labels is None:
        axes.scatter(*points[shown].T, s=size, color=DATA, alpha=0.6, lw=0)
    else:
        _classes(axes, points[shown], np.asarray(labels)[shown], names, size)
    # A few far-off codes must not shrink all others to a dot.
    low, high = np.quantile(points[shown], [0.01, 0.99], axis=0)
    low, high = low - 0.25 * (high - low) - 1e-6, high + 0.25 * (high - low) + 1e-6
    outside = int(((points[shown] < low) | (points[shown] > high)).any(1).sum())
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    more = f" ({outside} further out)" if outside else ""
    caption(axes, f"Codes of {len(shown):,} held-out examples{more}", *axis_names)
    return figure


def plane(codes):
    """Points in a plane and the names of its two axes."""
    if codes.shape[1] == 1:
        return np.concatenate([codes, np.zeros_like(codes)], 1), ("$z_0$", "")
    if codes.shape[1] == 2 or len(codes) < 2:  # one point has no components
        return codes[:, :2], ("$z_0$", "$z_1$")
    # Codes that are all the same have no variance to divide up, which is worth no warning.
    with np.errstate(invalid="ignore"):
        pca = PCA(2, svd_solver="full").fit(codes)
    shares = np.nan_to_num(pca.explained_variance_ratio_)
    names = [f"principal component {i + 1} ({shares[i]:.0%} of the variance)" for i in (0, 1)]
    return pca.transform(codes), names


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
            text = axes.text(*at, name, color=colour, weight="bold", ha="center", va="center")
            text.set_path_effects(halo)
    legend = axes.figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    for handle in legend.legend_handles:
        handle.set_alpha(1.0)
        handle.set_sizes([40])
