"""Figures of a `zoo.Diagnosis`: terms of the ELBO and use of the latent space."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zoo.plots.canvas import DATA, MODEL, PALETTE, add_legend, label_axes, new_figure, plain
from zoo.plots.inputs import require_diagnosis

if TYPE_CHECKING:
    from zoo.evaluation.diagnosis import Diagnosis

INACTIVE = PALETTE[-1]
MAX_BARS = 64
MAX_NAMED_BARS = 20


def diagnosis(result: "Diagnosis") -> Figure:
    """Plot the terms of the ELBO, the KL of each dimension, and the means and scales of q(z|x).

    Args:
        result: a `zoo.Diagnosis`.
    """
    require_diagnosis(result, "gap", "kl_by_dimension", "loc_histogram")
    figure = new_figure(11, 6.4)
    (terms, dimensions), (means, scales) = figure.subplots(2, 2)
    _draw_terms(terms, result)
    _draw_dimensions(dimensions, result)
    _draw_posterior(means, scales, result)
    figure.suptitle(plain(f"{result.model}: {result.verdict}"), x=0.01, ha="left", weight="bold")
    return figure


def kl_per_dimension(result: "Diagnosis") -> Figure:
    """Plot the KL of each latent dimension as a bar, largest first; inactive ones are grey.

    Args:
        result: a `zoo.Diagnosis`.
    """
    require_diagnosis(result, "kl_by_dimension", "active")
    figure = new_figure(7, 3.6)
    _draw_dimensions(figure.subplots(), result)
    return figure


def posterior_histograms(result: "Diagnosis") -> Figure:
    """Plot histograms of the means and scales of q(z|x) over all examples and dimensions.

    A dimension with means near 0 and scales near 1 stays at the prior and is inactive.

    Args:
        result: a `zoo.Diagnosis`.
    """
    require_diagnosis(result, "loc_histogram", "scale_histogram")
    figure = new_figure(9.6, 3.4)
    _draw_posterior(*figure.subplots(1, 2), result)
    return figure


def _draw_terms(axes, result):
    """Draw bars of the ELBO, its two terms, I(x; z) and the gap to log p(x)."""
    rows = [("$-$ELBO", -result.elbo, DATA), (r"$-\log\ p(x|z)$", result.nll, MODEL)]
    rows += [("KL to the prior", result.kl, PALETTE[2])]
    if result.mutual_information is not None:
        rows.append(("I(x; z), a part of KL", result.mutual_information, PALETTE[3]))
    rows += [(r"gap to $\log\ p(x)$", result.gap, PALETTE[4])]
    names, values, colours = zip(*rows[::-1], strict=True)
    bars = axes.barh(names, values, color=colours)
    axes.bar_label(bars, [f"{value:z.1f}" for value in values], padding=3, fontsize=9)
    axes.margins(x=0.12)
    label_axes(axes, "Terms of the ELBO", "nats per example", "")


def _draw_dimensions(axes, result):
    """Draw bars of the KL of each dimension, or of the variance of its means if KL is unknown."""
    if result.kl_by_dimension is None:
        values, title, unit = result.loc_std**2, "Variance of the mean of q(z|x)", "variance"
    else:
        values, title, unit = result.kl_by_dimension, "KL to the prior", "nats per example"
    order = np.argsort(-values, kind="stable")[:MAX_BARS]
    for active, colour, name in ((True, DATA, "active"), (False, INACTIVE, "inactive")):
        chosen = result.active[order] == active
        if chosen.any():
            axes.bar(np.arange(len(order))[chosen], values[order][chosen], color=colour, label=name)
    if len(order) <= MAX_NAMED_BARS:
        axes.set_xticks(np.arange(len(order)), [f"$z_{{{i}}}$" for i in order])
    else:
        axes.set_xticks([])
    cut = f" (largest {len(order)} of {len(values)})" if len(order) < len(values) else ""
    label_axes(axes, f"{title}, by dimension{cut}", "latent dimension, largest first", unit)
    add_legend(axes)


def _draw_posterior(means, scales, result):
    """Draw histograms of the means of q(z|x) and, on a logarithmic axis, of its scales."""
    _draw_histogram(means, *result.loc_histogram, DATA)
    label_axes(means, "Means of q(z|x), all dimensions", "mean, in units of z", "fraction")
    _draw_histogram(scales, *result.scale_histogram, MODEL)
    label_axes(scales, "Scales of q(z|x), all dimensions", "scale, in units of z", "fraction")
    ticks = _log_ticks(*scales.get_xlim())
    scales.set_xticks(np.log10(ticks), [f"{tick:g}" for tick in ticks])


def _log_ticks(low, high):
    """Ticks 1, 2, 5, 10, ... between two decimal logarithms, or evenly spaced ones if too few."""
    ticks = [digit * 10.0**exponent for exponent in range(-4, 3) for digit in (1, 2, 5)]
    ticks = [tick for tick in ticks if low <= np.log10(tick) <= high]
    if len(ticks) < 2:
        ticks = MaxNLocator(5).tick_values(10**low, 10**high)[1:-1]
    return ticks


def _draw_histogram(axes, counts, edges, colour):
    """Draw counts as fractions of their sum, and zoom to the bins that are not empty."""
    axes.stairs(counts / max(counts.sum(), 1), edges, fill=True, color=colour)
    filled = np.flatnonzero(counts)
    if len(filled):
        axes.set_xlim(edges[max(filled[0] - 2, 0)], edges[min(filled[-1] + 3, len(edges) - 1)])
