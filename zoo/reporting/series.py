"""Sections for time series."""

import numpy as np

from zoo import plots
from zoo.core import nested
from zoo.inference.uncertainty import predictive
from zoo.reporting.markup import Section, join
from zoo.reporting.pictures import chart

SAMPLES = 3


def reconstructions(context):
    """A usual series and the hardest one, with what the model makes of them and its band."""
    (part,) = context.parts
    order = np.argsort(context.elbo, kind="stable")
    chosen = {"A typical series (median ELBO)": int(order[len(order) // 2])}
    chosen["The hardest series (lowest ELBO)"] = int(order[0])
    found = predictive(
        context.model, nested.cut(context.x, np.array([*chosen.values()])), seed=context.seed
    )
    low, middle, high = (_channels(part, q) for q in found.quantiles)
    figures = []
    for row, (what, i) in enumerate(chosen.items()):
        x = _channels(part, part.x)[i]
        steps = 1 + int(np.max(np.flatnonzero(~np.isnan(x).all(1)), initial=0))
        parts = [a[:steps] for a in (x, middle[row], low[row], high[row])]
        drawn = plots.series(
            np.arange(steps),
            *parts,
            channels=list(part.columns) or None,
            title=f"{what}: number {i}, {context.elbo[i]:,.1f} nats",
        )
        alt = f"{what}: measured values, reconstruction and band, over steps"
        caption = "Measured values in the data's units, and median and 5 to 95 % of 100 draws."
        figures.append(chart(drawn, alt, caption))
    return Section("Reconstructions", join(*figures))


def samples(context):
    """New series beside real ones."""
    (part,) = context.parts
    real, drawn = (_channels(part, x[:SAMPLES]) for x in (part.x, context.draw(SAMPLES)))
    figure = plots.series_samples(real, drawn, list(part.columns) or None)
    alt = "Held-out series on the left, new ones on the right, one channel a row"
    caption = (
        "Held-out series beside new ones: z from the prior, then x with the noise of p(x|z). Do "
        "they move alike?"
    )
    return Section("Samples", chart(figure, alt, caption))


def _channels(part, x):
    """`[N, T, C]`."""
    return x[..., None] if np.ndim(part.x) == 2 else x
