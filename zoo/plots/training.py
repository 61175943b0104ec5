"""Figures of how training went."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from zoo.plots.canvas import DATA, MODEL, caption, legend, new_figure


def training_curves(history):
    """ELBO, negative log-likelihood and KL over epochs, for training and validation data.

    Args:
        history: name -> a number for each epoch, as in `fit(...).history`; `epoch`, if there, gives
            their numbers.
    """
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
        _zoom_past_the_start(axes)
        caption(axes, title, "epoch", "nats per example")
    legend(figure.axes[0])
    return figure


def _zoom_past_the_start(axes):
    """Leave out the first few values where they would flatten all that comes after."""
    curves = [line.get_ydata() for line in axes.get_lines()]
    late = [y[len(y) // 10 :] for y in curves if len(y) >= 10]
    if not late:
        return
    low, high = min(y.min() for y in late), max(y.max() for y in late)
    margin = 0.08 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)
