"""Figure of a synthetic table: similarity of its columns and pairs of columns to real ones."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from zoo.plots import canvas
from zoo.plots.inputs import check_shape, finite_numbers, names_of, numbers

MAX_COLUMNS = 24
COLOUR_MAP = "cividis"


def table_similarity(column_names: Sequence[str], columns: ArrayLike, pairs: ArrayLike) -> Figure:
    """Plot the similarity of each column, and that of each pair as a map, both in [0, 1].

    Of many columns those with the lowest similarity are drawn.

    Args:
        column_names: name of each column.
        columns: similarity of each column `[C]`.
        pairs: similarity of each pair `[C, C]`; NaN where there is none.
    """
    columns = finite_numbers(columns, "columns", "[C]")
    names = names_of(column_names, "column_names", len(columns))
    pairs = numbers(pairs, "pairs", "[C, C]").astype("float64")
    check_shape("pairs", pairs, (len(columns), len(columns)))
    order = np.argsort(columns, kind="stable")[:MAX_COLUMNS]
    shown = [canvas.name_text(names[i], 20) for i in order]
    figure = canvas.new_figure(9.4, 2.4 + 0.24 * len(order))
    bars, cells = figure.subplots(1, 2)
    places = np.arange(len(order))
    bars.barh(places, columns[order], color=canvas.DATA, height=0.7)
    bars.set_yticks(places, shown)
    bars.set_ylim(len(order) - 0.5, -0.5)
    bars.set_xlim(0, 1)
    cut = f" ({len(order)} of {len(names)})" if len(order) < len(names) else ""
    canvas.label_axes(bars, f"Columns{cut}, mean {columns.mean():.3f}", "similarity", "")
    drawn = cells.imshow(pairs[np.ix_(order, order)], cmap=COLOUR_MAP, vmin=0, vmax=1)
    cells.set_xticks(places, [canvas.name_text(names[i], 14) for i in order], rotation=90)
    cells.set_yticks(places, [])
    defined = pairs[~np.isnan(pairs)]
    mean = f", mean {defined.mean():.3f}" if len(defined) else ""
    canvas.label_axes(cells, f"Pairs of columns{mean}", "", "")
    figure.colorbar(drawn, ax=cells, shrink=0.8)
    return figure
