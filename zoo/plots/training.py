"""Training curves."""

from collections.abc import Mapping

import keras
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from zoo.core.arrays import as_array
from zoo.plots.canvas import DATA, MODEL, add_legend, label_axes, new_figure
from zoo.plots.inputs import check_shape, numbers


def training_curves(history: Mapping[str, ArrayLike] | keras.callbacks.History) -> Figure:
    """Plot ELBO, negative log-likelihood and KL by epoch, for training and validation data.

    The y axis covers the values after the first tenth of the epochs, so that a bad start does not
    flatten the rest of a curve.

    Args:
        history: the `History` that `fit` returns, or name -> a number for each epoch, as in
            `fit(...).history`; an entry `epoch`, if present, holds the numbers of the epochs,
            counted from 0.
    """
    if isinstance(history, keras.callbacks.History):
        history = {"epoch": history.epoch, **history.history}
    if not isinstance(history, Mapping):
        raise TypeError(
            f"history must be a History or a dict of lists, got {type(history).__name__}"
        )
    figure = new_figure(11, 3.4)
    panels = {"elbo": "ELBO", "nll": r"$-\log\ p(x|z)$", "kl": r"KL$(q(z|x)\ \|\ p(z))$"}
    for axes, (key, title) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        for name, label, colour in ((key, "training", DATA), (f"val_{key}", "validation", MODEL)):
            if as_array(history.get(name, ()), f"history[{name!r}]").size:
                values = numbers(history[name], f"history[{name!r}]", "[epochs]")
                epochs = np.arange(len(values))
                if "epoch" in history:
                    epochs = numbers(history["epoch"], "history['epoch']", "[epochs]")
                    check_shape(f"history[{name!r}]", values, epochs.shape)
                epochs = epochs + 1
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
