"""Rows of data frames as a detector scores them: by named columns, with values that fit never had.

The model of a detector cannot score a level that it does not know. Such a value has the
log-probability log(1 / (N + 1)) instead, where N is the number of rows of fit: that of one more row
with a value that none of them had.
"""

import math
import os

import numpy as np
import tensorflow as tf

from zoo.likelihoods import Tabular
from zoo.tables.batches import ParquetBatches
from zoo.tables.frames import pandas
from zoo.training.missing_columns import MissingColumns
from zoo.variants.catalogue import get

HIDDEN_COLUMNS = 0.5  # as `MissingColumns` has it: the largest probability of a row
REFERENCE = 1000  # rows of fit whose surprises tell what is typical
HALF = 0.4769362762044699  # erf(HALF) = 1/2


def is_frame(x):
    """True for a frame whose columns have names, or a path of one.

    Names are texts, as for scikit-learn: a pandas frame without names is an array.
    """
    known = isinstance(x, str | os.PathLike | ParquetBatches)
    if known or hasattr(x, "column_names"):  # of pyarrow
        return True
    return any(isinstance(name, str) for name in getattr(x, "columns", ()))


def frame_vae(columns):
    """Untrained default model of the encoded rows of a frame, like `table_vae` for arrays.

    Columns are hidden from the encoder in training, so that the ELBO of a row without one of them
    is a bound that the encoder has learned to give.
    """
    classes = columns.classes
    noise = MissingColumns(classes, HIDDEN_COLUMNS)
    options = dict(latent_dim=8, hidden=(128, 64), input_noise=noise)
    return get("dense_vae", likelihood=Tabular(classes), **options)


def unseen_scores(columns, frame, rows, row_count):
    """Log-probabilities of values that fit never had, a frame `[N, names]`, 0 for others.

    Args:
        columns: `Columns` of fit.
        frame: frame with these columns.
        rows: its encoded rows.
        row_count: number of rows of fit.
    """
    return columns.unseen(frame, rows) * -math.log(row_count + 1)


def by_name(columns, features):
    """Sums of scores of encoded columns `[N, encoded]` over those of each named column, a frame."""
    slices = columns.slices()
    sums = {name: features[:, slices.get(name, slice(0))].sum(1) for name in columns.names}
    return pandas().DataFrame(sums)


def surprises(vae, columns, rows):
    """ELBO of rows without a column less that of the rows, in nats, for each named column.

    Args:
        vae: model of encoded rows.
        columns: their `Columns`.
        rows: encoded rows `[N, encoded]`.
    """
    elbos, slices = vae.elbo(rows), columns.slices()
    result = {name: np.zeros(len(rows)) for name in columns.names}
    for name, at in slices.items():
        without = rows.copy()
        without[:, at] = np.nan
        result[name] = (vae.elbo(without) - elbos).astype("float64")
    return pandas().DataFrame(result)


def typical_surprises(vae, columns, rows):
    """Medians of `surprises` over the first rows of fit, `[names]`."""
    return surprises(vae, columns, rows[:REFERENCE]).median().to_numpy()


def outlier_probability(scores, center, threshold):
    """Probability of being an anomaly `[N]`, from scores that are higher for more anomalous rows.

    max(0, erf((score - center) / (scale * sqrt 2))): Gaussian scaling, Kriegel et al., Interpreting
    and unifying outlier scores, 2011, where center and scale are the mean and the standard
    deviation of the scores. Here the center is their median, which outliers do not move, and the
    scale gives the threshold the probability 1/2.

    Args:
        scores: `[N]`.
        center: the median score of the data of fit.
        threshold: score from which a row is an anomaly, at least the center.
    """
    above = np.maximum(np.asarray(scores, "float64") - center, 0.0)
    with np.errstate(over="ignore"):  # far beyond the threshold the probability is 1
        scaled = HALF * above / max(threshold - center, np.finfo("float64").tiny)
    return tf.math.erf(tf.constant(np.minimum(scaled, 9.0), tf.float64)).numpy()
