"""Scatter plots of latent codes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from zoo.core.validation import as_seed
from zoo.plots import canvas
from zoo.plots.inputs import check_shape, finite_numbers, names_of
from zoo.plots.projections import check_projection, project

MAX_POINTS = 5000


def latent_scatter(
    codes: ArrayLike,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | Mapping | None = None,
    seed: int = 0,
    projection: str | ArrayLike = "pca",
) -> Figure:
    """Plot codes `[N, D]` as points: as they are if D is 2, otherwise projected to a plane.

    In t-SNE and UMAP neighbours in latent space stay neighbours; distances between groups, their
    sizes and their densities have no meaning.

    Args:
        codes: means of q(z|x). At most 5000 of them, chosen by `seed`, are drawn.
        labels: class of each code `[N]`, integers or strings; with more than ten classes the
            rarest share a colour.
        class_names: class -> its name, a sequence or a mapping; by default the class itself.
        seed: random seed of the choice and of the projection.
        projection: for more than two dimensions: "pca", "tsne", "umap" (needs `umap-learn`), or
            points `[N, 2]` of any other embedding, which are drawn as they are.

    Raises:
        ValueError: the projection is unknown, or its points do not have shape `[N, 2]`.
        ImportError: `umap-learn` is not installed.
    """
    codes, seed = finite_numbers(codes, "codes", "[N, D]"), as_seed(seed)
    projection = check_projection(projection, len(codes))
    chosen = np.random.default_rng(seed).permutation(len(codes))[:MAX_POINTS]
    if not isinstance(projection, str):
        projection = projection[chosen]
    points, axis_names = project(codes[chosen], projection, seed)
    figure = canvas.new_figure(6.6, 5.6)
    axes = figure.subplots()
    size = canvas.point_size(len(chosen))
    if labels is None:
        axes.scatter(*points.T, s=size, color=canvas.DATA, alpha=0.6, lw=0)
    else:
        labels = canvas.class_labels(labels)
        check_shape("labels", labels, (len(codes),))
        class_names = _by_class(class_names, labels)
        _draw_classes(axes, points, labels[chosen], class_names, size)
    outside = _zoom(axes, points)
    more = f" ({outside} outside the plot)" if outside else ""
    title = f"Latent codes of {len(chosen):,} examples{more}"
    canvas.label_axes(axes, title, *axis_names)
    return figure


def _by_class(class_names, labels):
    """`class_names` as a dict of texts with an entry for each class."""
    classes = {label: canvas.label_text(label) for label in np.unique(labels).tolist()}
    if class_names is None:
        return classes
    if not isinstance(class_names, Mapping):
        class_names = dict(enumerate(names_of(class_names, "class_names")))
    names = {canvas.NO_LABEL: canvas.NO_LABEL}
    names |= {canvas.label_text(label): str(name) for label, name in class_names.items()}
    lacking = [label for label, text in classes.items() if text not in names]
    if lacking:
        raise ValueError(f"class_names must name each class, got none of {lacking[0]!r}")
    return {label: names[text] for label, text in classes.items()}


def _zoom(axes, points):
    """Limit axes to the bulk of the points, and return how many points lie outside.

    A few outliers would otherwise shrink all other points to a dot.
    """
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    low, high = low - 0.25 * (high - low) - 1e-6, high + 0.25 * (high - low) + 1e-6
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    return int(((points < low) | (points > high)).any(1).sum())


def _draw_classes(axes, points, labels, class_names, size):
    """Draw each class in its colour, with its name at its median and in the legend."""
    colours = canvas.class_colours(labels)
    others = points[~np.isin(labels, list(colours))]
    if len(others):
        grey = canvas.PALETTE[-1]
        axes.scatter(*others.T, s=size, color=grey, alpha=0.35, lw=0, label="others")
    medians, min_distance = [], 0.05 * np.ptp(points, 0).max()
    for label, colour in colours.items():
        members = points[labels == label]
        name = class_names[label]
        label_text = canvas.legend_text(name)
        axes.scatter(*members.T, s=size, color=colour, alpha=0.75, lw=0, label=label_text)
        # Names beside the points help readers who cannot match the colours of a legend.
        median = np.median(members, 0)
        is_free = all(np.abs(median - other).max() > min_distance for other in medians)
        medians.append(median)
        if len(name) <= 10 and is_free:
            canvas.outlined_text(axes, median, canvas.plain(name))
    legend = axes.figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    for handle in legend.legend_handles:
        handle.set_alpha(1.0)
        handle.set_sizes([40])
