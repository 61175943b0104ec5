"""Training curves."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from zoo.plots.canvas import DATA, MODEL, add_legend, label_axes, new_figure

if TYPE_CHECKING:
    from keras.callbacks import History


def training_curves(history: "Mapping[str, ArrayLike] | History") -> Figure:
    """Plot ELBO, negative log-likelihood and KL by epoch, for training and validation data.

    The first tenth of the epochs is cut off where it would flatten the rest of a curve.

    Args:
        history: the result of `fit`, or its `history`: name -> a number for each epoch. An entry
            `epoch`, if present, holds the epochs' numbers from 0.
    """
    history = getattr(history, "history", history)
    figure = new_figure(11, 3.4)
    panels = {"elbo": "ELBO", "nll": r"$-\log\ p(x|z)$", "kl": r"KL$(q(z|x)\ \|\ p(z))$"}
    for axes, (key, title) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        for name, label, colour in ((key, "training", DATA), (f"val_{key}", "validation", MODEL)):
            values = np.asarray(history.get(name, ()), "float64")
            if len(values):
                epochs = np.asarray(history.get("epoch", np.arange(len(values)))) + 1
                marker = "o" if len(values) < 30 else None
                axes.plot(epochs, values, color=colour, label=label, marker=marker, ms=4, lw=1.8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        _cut_off_start(axes)
        label_axes(axes, title, "epoch", "nats per example")
    add_legend(figure.axes[0])
    return figure


def _cut_off_start(axes):
    """Limit the y axis to the values after the first tenth of the epochs."""
    curves = [line.get_ydata() for line in axes.get_lines()]
    late = [y[len(y) // 10 :] for y in curves if len(y) >= 10]
    if not late:
        return
    low, high = min(y.min() for y in late), max(y.max() for y in late)
    margin = 0.08 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)
