"""Figure of an explanation: nats by which each column makes a row anomalous."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from zoo.plots import canvas
from zoo.plots.inputs import entries_of, finite_numbers, names_of
from zoo.plots.tables import MAX_COLUMNS

LINEAR = 50.0  # nats; a single column that has more would hide all others


def explanation(
    column_names: Sequence[str], nats: ArrayLike, values: Sequence[Any] | None = None
) -> Figure:
    """Plot the nats of each column of one row, the largest first.

    Args:
        column_names: name of each column.
        nats: `[columns]`, higher for columns that make the row more anomalous, such as a row of
            `zoo.AnomalyDetector.explain`.
        values: the row's value of each column, for the labels.
    """
    nats = finite_numbers(nats, "nats", "[columns]")
    names = names_of(column_names, "column_names", len(nats))
    labels = [canvas.name_text(name, 30) for name in names]
    if values is not None:
        shown = entries_of(values, "values", len(nats))
        labels = [
            f"{n} = {canvas.name_text(str(v), 20)}" for n, v in zip(labels, shown, strict=True)
        ]
    order = np.argsort(-np.abs(nats), kind="stable")[:MAX_COLUMNS]
    order = order[np.argsort(-nats[order], kind="stable")]
    figure = canvas.new_figure(7.4, 1.5 + 0.27 * len(order))
    axes, places = figure.subplots(), np.arange(len(order))
    colours = [canvas.MODEL if value > 0 else canvas.DATA for value in nats[order]]
    axes.barh(places, nats[order], color=colours, height=0.7)
    axes.set_yticks(places, [labels[i] for i in order])
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.axvline(0, color="#999999", lw=0.8)
    if np.abs(nats).max() > LINEAR:
        axes.set_xscale("symlog", linthresh=1.0)
        axes.xaxis.get_major_locator().set_params(numticks=6)
    axes.xaxis.set_major_formatter(lambda value, _: canvas.tick_text(value))
    cut = f" ({len(order)} of {len(names)})" if len(order) < len(names) else ""
    canvas.label_axes(axes, f"Reasons by column{cut}", "nats above a typical row", "")
    return figure
