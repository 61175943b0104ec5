"""Sections for tables: surprise by column, marginal distributions, traversals."""

import numpy as np
import tensorflow as tf

from zoo import plots
from zoo.anomaly.feature_scores import log_prob_per_feature
from zoo.core.forward import decode, forward_pass
from zoo.core.samplers import MeanSampler
from zoo.inference import batching
from zoo.likelihoods import Tabular
from zoo.reporting.cards import column_names
from zoo.reporting.markup import Section, bar, join, paragraph, table
from zoo.reporting.pictures import chart
from zoo.reporting.thumbnails import standardise

MAX_COLUMNS = 40
LIMIT = 2.0  # of a traversal, in units of z
MIN_BAR_NATS = 1.0  # gain of a full bar, at least: a bar of 0.01 nats must not look like much
MAX_CHANGES = 4  # columns listed for each latent dimension


def marginals(context):
    """Section with the distribution of each column in the data and in samples."""
    (modality,) = context.modalities
    real, generated = (_flat(x) for x in (modality.x, context.sample(context.example_count)))
    names = column_names(modality, real.shape[1])
    figure = plots.marginals(names, real, generated, _class_names(modality, real.shape[1]))
    alt = "Histograms of single columns, of held-out rows and of samples"
    caption = (
        f"Each column of {context.example_count:,} held-out rows and of as many samples: z from "
        "the prior, x from p(x|z). Where the two differ, samples do not represent the data."
    )
    return Section("Samples", chart(figure, alt, caption))


def columns(context):
    """Section with the surprise of each column and its dependence on z."""
    (modality,) = context.modalities
    numbers = surprise(context)
    if numbers is None:
        likelihood = type(context.likelihood).__name__
        text = f"No numbers by column: p(x|z) of {likelihood} does not factorise over columns."
        return Section("Columns", paragraph(text, class_="quiet"))
    median, excess, gain = numbers
    names, scale = column_names(modality, len(gain)), max(gain.max(), MIN_BAR_NATS)
    order = np.argsort(-gain, kind="stable")[:MAX_COLUMNS]
    rows = [
        (
            names[i],
            bar(gain[i] / scale, f"{gain[i]:z.2f}"),
            f"{median[i]:z.2f}",
            f"{excess[i]:z.2f}",
        )
        for i in order
    ]
    header = ("column", "gain from z (nats)", "median surprise (nats)", "mean - median (nats)")
    cut = f" Listed: {len(order)} of {len(gain)} columns." if len(order) < len(gain) else ""
    text = (
        "Surprise is -log p(column|z) at the mean of q(z|x), with densities in the column's units. "
        "The gain from z is the rise of the surprise when each row is decoded from another row's "
        "z; 0 means that the decoder does not use z for this column. A mean far above the median "
        f"comes from a few rows that are very surprising.{cut}"
    )
    return Section("Columns", join(paragraph(text), table(header, rows, "numbers")))


def surprise(context):
    """Compute the surprise -log p(column|z) of each column.

    Returns:
        `(median, mean - median, gain from z)`, each `[columns]` nats; None if p(x|z) is not a
        product over columns.
    """
    model = context.model

    def own_and_other(batch, seed):
        del seed
        out = forward_pass(model, batch, MeanSampler())
        z = tf.concat([draw.z for draw in out.draws], -1)
        other = decode(model, tf.roll(z, 1, 0), model.decoder.event_shape_of(out.target))
        nats = [-log_prob_per_feature(p, out.target) for p in (out.likelihood, other)]
        return tuple(tf.where(tf.math.is_finite(n), n, 0.0) for n in nats)

    count = context.example_count
    try:
        own, other = batching.map_batches(model, "surprise", own_and_other, context.x, count)
    except TypeError:  # of log_prob_per_feature, if p(x|z) is not a product
        return None
    own, other = _flat(own), _flat(other)
    median = np.median(own, 0)
    return median, own.mean(0) - median, other.mean(0) - own.mean(0)


def traversal(context):
    """Section with the columns that change most along each latent dimension."""
    (modality,) = context.modalities
    dimensions = context.informative_dimensions
    ends = context.model.traverse(dimensions=list(dimensions), low=-LIMIT, high=LIMIT, steps=2)
    rows = []
    for (i, information), pair in zip(dimensions.items(), ends, strict=True):
        rows.append((f"z{i}", information, ", ".join(_changes(modality, pair))))
    text = (
        f"The {MAX_CHANGES} columns that change most when one latent dimension goes from "
        f"-{LIMIT:.0f} to {LIMIT:.0f} and the others stay at 0: numbers in standard deviations of "
        "the column, categories by their most probable class at either end."
    )
    header = ("dimension", "KL, or std of its means", "change of columns")
    return Section("Traversal", join(paragraph(text), table(header, rows)))


def _changes(modality, pair):
    """Texts of the columns that differ most between two rows."""
    low, high = standardise(pair, modality.x)
    names, classes = column_names(modality, len(low)), _class_names(modality, len(low))
    # A class that differs counts as one standard deviation.
    change = np.array(
        [
            float(a != b) if levels else d
            for a, b, levels, d in zip(*pair, classes, high - low, strict=True)
        ]
    )
    for j in np.argsort(-np.abs(change), kind="stable")[:MAX_CHANGES]:
        if classes[j] is None:
            yield f"{names[j]} {change[j]:+z.1f}"
        elif change[j]:
            start, end = (classes[j][int(row[j])] for row in pair)
            yield f"{names[j]} from {start} to {end}"


def _flat(x):
    return np.reshape(np.asarray(x, "float64"), (len(x), -1))


def _class_names(modality, count):
    """Names of each column's classes, by default their numbers; None for a numeric column."""
    by_column = list(modality.columns.values()) or [None] * count
    if not isinstance(modality.likelihood, Tabular):
        return by_column
    return [
        names if names is not None or not classes else [str(i) for i in range(classes)]
        for names, classes in zip(by_column, modality.likelihood.categories, strict=True)
    ]
