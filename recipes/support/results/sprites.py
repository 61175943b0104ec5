"""Figures of a sweep over beta: what is bought, what it costs, and how it looks."""

import numpy as np

import zoo

PANELS = ("mig", "disentanglement", "sap", "factor_vae")


def by_beta(rows):
    """beta -> its rows, in order of beta."""
    betas = sorted({row["beta"] for row in rows})
    return {beta: [row for row in rows if row["beta"] == beta] for beta in betas}


def mean(values):
    """The mean of numbers."""
    return float(np.mean(values))


def deviation(values):
    """Their standard deviation, over N - 1."""
    return float(np.std(values, ddof=1))


def trade_off(rows, names):
    """Scores against the NLL of the same models: a point each, a colour for each beta.

    Args:
        rows: a dict for each model, with "beta", "nll" and the scores.
        names: score -> how it is written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.2), layout="constrained", dpi=120)
    panels = figure.subplots(1, len(PANELS))
    for axes, score in zip(panels, PANELS, strict=True):
        groups = by_beta(rows)
        centres = [
            [mean([r[key] for r in found]) for key in ("nll", score)] for found in groups.values()
        ]
        axes.plot(*zip(*centres, strict=True), color="#999999", lw=1, zorder=0)
        for i, (beta, found) in enumerate(groups.items()):
            colour = zoo.plots.PALETTE[i % len(zoo.plots.PALETTE)]
            points = [[row[key] for row in found] for key in ("nll", score)]
            axes.scatter(
                *points, s=28, color=colour, marker="osD^vPX*"[i % 8], label=f"β = {beta:g}"
            )
        axes.set_title(names[score], loc="left", fontsize=11)
        axes.set_xlabel("NLL, nats an image")
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=9)
    return figure


def traversals(vae, data, beta, most=10, steps=9):
    """One latent dimension a row from the code of a test image, those that carry most first.

    Each is named by its KL, and by the factor that it has most nats about.
    """
    q = vae.encode(data.test_x)
    loc, scale = np.asarray(q.loc), np.asarray(q.scale)
    nats = np.mean(0.5 * (loc**2 + scale**2 - 1) - np.log(scale), 0)
    top = [int(i) for i in np.argsort(-nats)[:most]]
    known = zoo.evaluation.disentanglement.mutual_information(loc, data.test_factors)
    factors = known.argmax(1)
    names = [f"{data.factor_names[factors[i]]}\n{nats[i]:.1f} nats" for i in top]
    grid = vae.traverse(data.test_x[0], dimensions=top, low=-2.0, high=2.0, steps=steps)
    figure = zoo.plots.traversals(grid, names, np.linspace(-2, 2, steps))
    figure.axes[0].set_title(f"Latent traversals, β = {beta:g}", loc="left", fontsize=11)
    return figure
