"""Colours, axes and checks that all figures share."""

import numpy as np
from matplotlib import patheffects
from matplotlib.figure import Figure

from zoo.core.arrays import as_array

# Paul Tol's "muted" scheme and a grey: distinct under every common kind of colour blindness.
PALETTE = (
    *("#332288", "#CC6677", "#117733", "#88CCEE", "#DDCC77"),
    *("#AA4499", "#44AA99", "#882255", "#999933", "#777777"),
)
DATA, MODEL = PALETTE[0], PALETTE[1]
INK = "#333333"
NO_LABEL = "no label"


def new_figure(width, height):
    """Return an empty figure of this size in inches."""
    return Figure(figsize=(width, height), layout="constrained", dpi=120)


def label_axes(axes, title, x_label, y_label):
    """Set the title, the axis labels and the common style of axes."""
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(x_label, color=INK)
    axes.set_ylabel(y_label, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")
    axes.tick_params(colors=INK, labelsize=9)


def label_row(axes, name):
    """Write the name of a row of pictures to the left of its first axes."""
    axes.set_ylabel(plain(name), rotation=0, ha="right", va="center", fontsize=9, color=INK)


def figure_title(figure, title):
    """Write a title above all axes of a figure."""
    figure.suptitle(plain(title), x=0.01, ha="left", fontsize=11, color=INK)


def hide_ticks(axes):
    """Remove the ticks and the frame of axes that show a picture."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def add_legend(axes):
    """Add a legend if anything on the axes has a label."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=9)


def outlined_text(axes, position, text):
    """Write bold text with a white outline, which keeps it readable on top of points."""
    artist = axes.text(*position, text, color=INK, weight="bold", ha="center", va="center")
    artist.set_path_effects([patheffects.withStroke(linewidth=3, foreground="white")])


def point_size(count):
    """Marker size for a scatter of `count` points: the more points, the smaller."""
    return float(np.clip(6000 / count, 5, 30))


def class_colours(labels):
    """Map each class of labels `[N]` to a colour of its own, in sorted order.

    If there are more than ten classes, the result has only the nine most frequent; draw the others
    in `PALETTE[-1]`.
    """
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) > len(PALETTE):
        most_frequent = np.argsort(-counts, kind="stable")[: len(PALETTE) - 1]
        classes = np.sort(classes[most_frequent])
    return dict(zip(classes.tolist(), PALETTE, strict=False))


def shorten(name, max_length=24):
    """Cut `name` to at most `max_length` characters."""
    name = str(name)
    return name if len(name) <= max_length else name[: max_length - 1] + "…"


def plain(text):
    r"""The text as matplotlib shows it: "$" starts no formula, and lone surrogates are replaced.

    >>> print(plain("US$_per_$unit"))
    US\$_per_\$unit
    """
    return str(text).encode("utf-8", "replace").decode().replace("$", r"\$")


def name_text(name, max_length=24):
    """A user's name for a figure: `shorten`ed and `plain`."""
    return plain(shorten(name, max_length))


def legend_text(name, max_length=24):
    """`name_text` for a legend, which leaves out empty names and those that begin with "_"."""
    text = name_text(name, max_length) or "(no name)"
    return f" {text}" if text.startswith("_") else text


def class_labels(labels):
    """Class labels as an array that can be sorted: mixed types and missing ones become texts."""
    labels = as_array(labels, "labels")
    if labels.ndim != 1:
        raise ValueError(f"labels must be a vector [N], got shape {labels.shape}")
    if labels.dtype.kind == "V":
        raise TypeError(f"labels must be texts or numbers, got an array of dtype {labels.dtype}")
    if labels.dtype.kind in "mM":
        labels = np.where(np.isnat(labels), NO_LABEL, labels.astype(str))
    values = labels.tolist() if labels.dtype.kind in "Of" else ()
    if any(map(_is_missing, values)) or len(set(map(type, values))) > 1:
        return np.array([label_text(value) for value in values])
    return labels


def label_text(label):
    """A class label as text: that of the number 1.0 is "1", that of a missing one NO_LABEL."""
    if _is_missing(label):
        return NO_LABEL
    is_whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if is_whole else label)


def _is_missing(label):
    """Whether this is None, NaN, or pandas' NA or NaT."""
    return label is None or type(label).__name__ == "NAType" or bool(label != label)


def tick_text(value):
    """A number beside a tick: at most three digits after the first one that is not 0."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def dimension_names(count):
    """Names z0, z1, ... of `count` latent dimensions, as matplotlib's math text."""
    return [f"$z_{{{i}}}$" for i in range(count)]
