"""Figures of a `zoo.Diagnosis`: how a model uses its latent space."""

import numpy as np

from zoo.plots.canvas import DATA, MODEL, PALETTE, caption, legend, new_figure

IDLE = PALETTE[-1]
MAX_BARS = 64


def diagnosis(found):
    """What of the ELBO goes where, the dimensions, and where q's means and scales lie.

    Args:
        found: a `zoo.Diagnosis`.
    """
    figure = new_figure(11, 6.4)
    (top, bars), (means, scales) = figure.subplots(2, 2)
    _parts(top, found)
    _dimensions(bars, found)
    _posterior(means, scales, found)
    figure.suptitle(f"{found.model}: {found.verdict}", x=0.01, ha="left", weight="bold")
    return figure


def kl_per_dimension(found):
    """KL of each latent dimension, the largest first: one bar each, idle ones grey.

    Args:
        found: a `zoo.Diagnosis`.
    """
    figure = new_figure(7, 3.6)
    _dimensions(figure.subplots(), found)
    return figure


def posterior_histograms(found):
    """Where the means and the scales of q(z|x) lie, of all examples and dimensions.

    Scales near 1 beside means near 0 are dimensions that stay at the prior and are not in use.

    Args:
        found: a `zoo.Diagnosis`.
    """
    figure = new_figure(9.6, 3.4)
    _posterior(*figure.subplots(1, 2), found)
    return figure


def _parts(axes, found):
    """-log p(x|z) and KL make up the ELBO; the bound shows what q loses."""
    rows = [("-ELBO", -found.elbo, DATA), ("-log p(x|z)", found.nll, MODEL)]
    rows += [("KL to the prior", found.kl, PALETTE[2])]
    if found.mutual_information is not None:
        rows.append(("of it I(x; z)", found.mutual_information, PALETTE[3]))
    rows += [("gap to log p(x)", found.gap, PALETTE[4])]
    names, values, colours = zip(*rows[::-1], strict=True)
    bars = axes.barh(names, values, color=colours)
    axes.bar_label(bars, [f"{value:.1f}" for value in values], padding=3, fontsize=9)
    axes.margins(x=0.12)
    caption(axes, "What the model pays for an example", "nats", "")


def _dimensions(axes, found):
    """Bars of the KL of each dimension; of the spread of the means where there is no such KL."""
    known = found.kl_by_dimension is not None
    values = found.kl_by_dimension if known else found.loc_std**2
    order = np.argsort(-values, kind="stable")[:MAX_BARS]
    for active, colour, name in ((True, DATA, "in use"), (False, IDLE, "idle")):
        chosen = found.active[order] == active
        if chosen.any():
            axes.bar(np.arange(len(order))[chosen], values[order][chosen], color=colour, label=name)
    if len(order) <= 20:
        axes.set_xticks(np.arange(len(order)), [f"$z_{{{i}}}$" for i in order])
    else:
        axes.set_xticks([])
    shown = "" if len(order) == len(values) else f" (the first {len(order)} of {len(values)})"
    what = "KL of each dimension" if known else "Variance of q's mean in each dimension"
    caption(axes, what + shown, "dimension, the largest first", "nats" if known else "variance")
    legend(axes)


def _posterior(means, scales, found):
    """Histograms of q's means and, by their logarithm, of its scales."""
    _histogram(means, *found.loc_histogram, DATA)
    caption(means, "Means of q(z|x), all dimensions", "mean, in units of z", "share")
    _histogram(scales, *found.scale_histogram, MODEL)
    caption(scales, "Scales of q(z|x), all dimensions", "scale, in units of z", "share")
    low, high = scales.get_xlim()
    ticks = [t for e in range(-4, 3) for t in (10.0**e, 2 * 10.0**e, 5 * 10.0**e)]
    ticks = [tick for tick in ticks if low <= np.log10(tick) <= high]
    scales.set_xticks(np.log10(ticks), [f"{tick:g}" for tick in ticks])


def _histogram(axes, counts, edges, colour):
    """Shares of what was counted, where there is anything."""
    shares = counts / max(counts.sum(), 1)
    axes.stairs(shares, edges, fill=True, color=colour)
    there = np.flatnonzero(counts)
    if len(there):
        axes.set_xlim(edges[max(there[0] - 2, 0)], edges[min(there[-1] + 3, len(edges) - 1)])
