"""Results of `sprites.py`: table and figures of models with different beta."""

import numpy as np

import zoo

# Names of the numbers in the table.
COLUMNS = {
    "elbo": "ELBO",
    "nll": "NLL",
    "kl": "KL",
    "active_units": "active",
    "mig": "MIG",
    "disentanglement": "DCI D",
    "completeness": "DCI C",
    "informativeness": "DCI I",
    "sap": "SAP",
    "factor_vae": "FactorVAE",
    "beta_vae": "beta-VAE",
}
LOGGED = ("elbo", "nll", "kl", "active_units")
PANELS = ("mig", "disentanglement", "sap", "factor_vae")


def table(rows):
    """Lines of a Markdown table, one row for each beta: mean ± standard deviation over seeds."""
    lines = [
        f"| beta | {' | '.join(COLUMNS.values())} |",
        "|" + "---|" * (1 + len(COLUMNS)),
    ]
    for beta, group in _by_beta(rows).items():
        cells = [_cell([row[name] for row in group], name) for name in COLUMNS]
        lines.append(f"| {beta:g} | {' | '.join(cells)} |")
    return lines


def _cell(values, name):
    digits = 1 if name in LOGGED else 3
    mean = f"{np.mean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}"


def _by_beta(rows):
    """beta -> its rows, in order of beta."""
    betas = sorted({row["beta"] for row in rows})
    return {beta: [row for row in rows if row["beta"] == beta] for beta in betas}


def trade_off(rows):
    """Figure of scores against the NLL: a point for each model, a colour for each beta.

    Args:
        rows: a dict for each model, with "beta", "nll" and the scores.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.2), layout="constrained", dpi=120)
    panels = figure.subplots(1, len(PANELS))
    groups = _by_beta(rows)
    for axes, score in zip(panels, PANELS, strict=True):
        means = [
            [np.mean([row[key] for row in group]) for key in ("nll", score)]
            for group in groups.values()
        ]
        axes.plot(*zip(*means, strict=True), color="#999999", lw=1, zorder=0)
        for i, (beta, group) in enumerate(groups.items()):
            colour = zoo.plots.PALETTE[i % len(zoo.plots.PALETTE)]
            points = [[row[key] for row in group] for key in ("nll", score)]
            axes.scatter(
                *points, s=28, color=colour, marker="osD^vPX*"[i % 8], label=f"β = {beta:g}"
            )
        axes.set_title(COLUMNS[score], loc="left", fontsize=11)
        axes.set_xlabel("NLL, nats per image")
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=9)
    return figure


def traversals(vae, data, beta, max_dimensions=10, steps=9):
    """Figure of latent traversals from the code of a test image, one latent dimension per row.

    The rows are in order of KL. The name of each gives its KL and the factor with which it has the
    largest mutual information.
    """
    q = vae.encode(data.test_x)
    loc, scale = np.asarray(q.loc), np.asarray(q.scale)
    kl = np.mean(0.5 * (loc**2 + scale**2 - 1) - np.log(scale), 0)
    dimensions = [int(i) for i in np.argsort(-kl)[:max_dimensions]]
    information = zoo.evaluation.disentanglement.mutual_information(loc, data.test_factors)
    factors = information.argmax(1)
    names = [f"{data.factor_names[factors[i]]}\n{kl[i]:.1f} nats" for i in dimensions]
    grid = vae.traverse(data.test_x[0], dimensions=dimensions, low=-2.0, high=2.0, steps=steps)
    figure = zoo.plots.traversals(grid, names, np.linspace(-2, 2, steps))
    figure.axes[0].set_title(f"Latent traversals, β = {beta:g}", loc="left", fontsize=11)
    return figure
