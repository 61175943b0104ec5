"""Sections for tables: columns as the data have them and as the model makes them."""

import numpy as np
import tensorflow as tf

from zoo import plots
from zoo.anomaly.feature_scores import log_prob_per_feature
from zoo.core.forward import forward_pass
from zoo.core.samplers import MeanSampler
from zoo.inference import batching
from zoo.likelihoods import Tabular
from zoo.reporting.cards import names_of
from zoo.reporting.markup import Section, bar, join, paragraph, table
from zoo.reporting.pictures import chart
from zoo.reporting.thumbnails import standardised

MAX_COLUMNS = 40
REACH, MOVED = 2.0, 4


def marginals(context):
    """Each column in the data and in samples."""
    (part,) = context.parts
    real, drawn = (_flat(x) for x in (part.x, context.draw(context.size)))
    names = names_of(part, real.shape[1])
    figure = plots.marginals(names, real, drawn, _classes(part, real.shape[1]))
    alt = "Histograms of single columns, of held-out rows and of samples"
    caption = (
        f"Each column of {context.size:,} held-out rows, and of as many samples: z from the prior, "
        "x from p(x|z). Where the two differ, samples are no stand-in for data."
    )
    return Section("Samples", chart(figure, alt, caption))


def columns(context):
    """How well each column is foretold, and what z is worth to it."""
    (part,) = context.parts
    found = surprise(context)
    if found is None:
        kind = type(context.likelihood).__name__
        text = f"Under {kind} p(x|z) is no product over columns: nobody can say which costs what."
        return Section("Columns", paragraph(text, class_="quiet"))
    usual, extra, worth = found
    names, scale = names_of(part, len(worth)), max(worth.max(), 1e-12)
    order = np.argsort(-worth, kind="stable")[:MAX_COLUMNS]
    rows = [
        (
            names[i],
            bar(worth[i] / scale, f"{worth[i]:z.2f}"),
            f"{usual[i]:z.2f}",
            f"{extra[i]:z.2f}",
        )
        for i in order
    ]
    header = ("column", "what z is worth (nats)", "surprise, median (nats)", "mean above it (nats)")
    some = f" The first {len(order)} of {len(worth)}." if len(order) < len(worth) else ""
    text = (
        "Surprise is -log p(column|z) at the mean of q(z|x), in the column's own units; its mean "
        "is far above its median where a few rows are very strange. What z is worth is how much "
        f"the surprise rises when each row gets another one's z: 0 for a column without ties.{some}"
    )
    return Section("Columns", join(paragraph(text), table(header, rows, "numbers")))


def surprise(context):
    """Of each column the median of -log p(column|z), the mean above it, and what z is worth.

    None where p(x|z) is no product over columns.
    """
    model = context.model

    def both(batch, seed):
        del seed
        out = forward_pass(model, batch, MeanSampler())
        z = tf.concat([draw.z for draw in out.draws], -1)
        other = model.decode(tf.roll(z, 1, 0), model.decoder.event_shape_of(out.target))
        found = [-log_prob_per_feature(p, out.target) for p in (out.likelihood, other)]
        return tuple(tf.where(tf.math.is_finite(nats), nats, 0.0) for nats in found)

    try:
        own, others = batching.map_batches(model, "surprise", both, context.x, context.size)
    except TypeError:  # of log_prob_per_feature: the likelihood ties columns together
        return None
    own, others = _flat(own), _flat(others)
    usual = np.median(own, 0)
    return usual, own.mean(0) - usual, others.mean(0) - own.mean(0)


def dimensions(context):
    """Which columns each latent dimension moves."""
    (part,) = context.parts
    ends = dict(low=-REACH, high=REACH, steps=2)
    made = context.model.traverse(dimensions=list(context.dimensions), **ends)
    rows = []
    for (i, said), pair in zip(context.dimensions.items(), made, strict=True):
        low, high = standardised(pair, part.x)
        swing = high - low
        order = np.argsort(-np.abs(swing), kind="stable")[:MOVED]
        names = names_of(part, len(swing))
        moved = ", ".join(f"{names[j]} {swing[j]:+z.1f}" for j in order)
        rows.append((f"z{i}", said, moved))
    text = (
        f"What changes when one latent dimension goes from -{REACH:.0f} to {REACH:.0f} and the "
        f"others stay at 0: the {MOVED} columns that move most, in standard deviations."
    )
    header = ("dimension", "what it says of x", "columns that it moves")
    return Section("Traversal", join(paragraph(text), table(header, rows)))


def _flat(x):
    return np.reshape(np.asarray(x, "float64"), (len(x), -1))


def _classes(part, count):
    """Names of each column's classes, or None; numbers where nobody gave any."""
    given = list(part.columns.values()) or [None] * count
    if not isinstance(part.likelihood, Tabular):
        return given
    return [
        names if names is not None or not classes else [str(i) for i in range(classes)]
        for names, classes in zip(given, part.likelihood.categories, strict=True)
    ]
