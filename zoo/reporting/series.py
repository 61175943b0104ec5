"""Sections for time series."""

import numpy as np

from zoo import plots
from zoo.core import nested
from zoo.inference.uncertainty import predictive
from zoo.reporting.markup import Section, join
from zoo.reporting.pictures import chart

SAMPLES = 3


def reconstructions(context):
    """Section with a typical and the hardest series, their reconstructions and bands."""
    (modality,) = context.modalities
    order = np.argsort(context.elbo, kind="stable")
    examples = {"A typical series (median ELBO)": int(order[len(order) // 2])}
    examples["The hardest series (lowest ELBO)"] = int(order[0])
    x = nested.take_rows(context.x, np.array([*examples.values()]))
    quantiles = predictive(context.model, x, seed=context.seed).quantiles
    low, median, high = (_with_channels(modality, q) for q in quantiles)
    measured = _with_channels(modality, modality.x)
    figures = []
    for row, (name, i) in enumerate(examples.items()):
        x = measured[i]
        steps = 1 + int(np.max(np.flatnonzero(~np.isnan(x).all(1)), initial=0))
        curves = [a[:steps] for a in (x, median[row], low[row], high[row])]
        drawn = plots.series(
            np.arange(steps),
            *curves,
            channel_names=list(modality.columns) or None,
            title=f"{name}: example {i}, ELBO {context.elbo[i]:,.1f} nats",
        )
        alt = f"{name}: measured values, reconstruction and band, by step"
        caption = (
            "Measured values in data units, and the median and the 5 to 95 % band of 100 draws "
            "from the model."
        )
        figures.append(chart(drawn, alt, caption))
    return Section("Reconstructions", join(*figures))


def samples(context):
    """Section with new series beside real ones."""
    (modality,) = context.modalities
    both = (modality.x[:SAMPLES], context.sample(SAMPLES))
    real, generated = (_with_channels(modality, x) for x in both)
    figure = plots.series_samples(real, generated, list(modality.columns) or None)
    alt = "Held-out series on the left, new ones on the right, one channel per row"
    caption = (
        "Held-out series beside new ones: z from the prior, then x from p(x|z) with its noise. "
        "Check that their levels, shapes and noise are alike."
    )
    return Section("Samples", chart(figure, alt, caption))


def _with_channels(modality, x):
    """Add the channel axis to series of a single channel: `[N, T, C]`."""
    return x[..., None] if np.ndim(modality.x) == 2 else x
