"""Rows of which some columns are given: values of conditions, and codes that agree with them."""

import keras
import numpy as np
import tensorflow as tf

from zoo.core.suggestions import nearest
from zoo.inference.batching import map_codes
from zoo.tables.frames import is_missing, pandas

ROUND = 4096  # codes drawn at a time
MAX_ROUNDS = 50
BATCH_SIZE = 1024


def condition_frame(columns, conditions):
    """A frame with one row of the given columns, in the dtypes of the table.

    Args:
        columns: `Columns`.
        conditions: column -> value.

    Raises:
        TypeError, ValueError: a column is unknown or left out, or never had such a value.
    """
    if not isinstance(conditions, dict):
        raise TypeError(
            f"conditions must be a dict of column -> value, got {type(conditions).__name__}"
        )
    names = [part.name for part in columns.encoded]
    frame = {}
    for name, value in conditions.items():
        if name not in names:
            raise ValueError(
                f"conditions must have names of columns that vary, got {name!r}"
                f"{nearest(str(name), names)} Columns: {', '.join(names[:8])}"
            )
        part = columns.part(name)
        frame[name] = _series(part, value)
        _check(part, value, frame[name])
    return pandas().DataFrame(frame)


def _series(part, value):
    try:
        dtype = part.storage.dtype
        series = pandas().Series([value], dtype=object, name=part.name).astype(dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"conditions[{part.name!r}] must be a value of dtype {part.storage.dtype}, got "
            f"{value!r}"
        ) from error
    return series


def _check(part, value, series):
    """Raise unless the column had such a value in the data of fit."""
    if is_missing(pandas().Series([value], dtype=object))[0]:
        if not part.missing:
            raise ValueError(
                f"conditions[{part.name!r}] must not be missing, got {value!r}: no value of this "
                "column was missing in fit"
            )
    elif part.kind == "category":
        if is_missing(series)[0] or np.isnan(part.encode(series)[0, 0]):
            shown = [*map(str, part.levels)]
            raise ValueError(
                f"conditions[{part.name!r}] must be one of {part.levels[:8]}, got {value!r}"
                f"{nearest(str(value), shown)}"
            )
    elif not part.contains(series):
        raise ValueError(
            f"conditions[{part.name!r}] must lie in the range of fit, from {part.ends()[0]} to "
            f"{part.ends()[1]}, got {value!r}"
        )


def encoded_condition(columns, frame):
    """Encoded row `[columns]` of a frame of one row; NaN for columns that are not given."""
    row, slices = np.full(len(columns.classes), np.nan), columns.slices()
    for name in frame:
        row[slices[name]] = columns.part(name).encode(frame[name])[0]
    return row


def codes_given(vae, n, row, seed, verbose=False):
    """n codes from p(z | row), by importance sampling from the prior.

    A code z has the weight p(row|z), in which columns that are NaN are integrated out. At most
    `MAX_ROUNDS * ROUND` codes are drawn, until their effective number, (sum w)^2 / sum w^2, is n.

    Args:
        vae: a VAE of encoded rows.
        n: number of codes.
        row: encoded row `[columns]`, NaN where nothing is given.
        seed: seed of the draws.
        verbose: whether to show a progress bar, of the effective number.
    """
    bar = keras.utils.Progbar(n, verbose=verbose)
    given = tf.constant(row, tf.float32)

    def log_weight(p, unused_seed):
        return p.log_prob(tf.broadcast_to(given, tf.shape(p.mean())))

    codes, weights = [], []
    for i in range(MAX_ROUNDS):
        codes.append(np.asarray(vae.latents.generate(ROUND, tf.constant([seed, 2 + i]))))
        name = ("weight of codes", row.astype("float32").tobytes())
        weights.append(map_codes(vae, name, log_weight, codes[-1], BATCH_SIZE))
        w = np.concatenate(weights).astype("float64")
        w = np.exp(w - w.max())
        effective = w.sum() ** 2 / (w**2).sum()
        bar.update(min(n, int(effective)))
        if effective >= n:
            break
    chosen = np.random.default_rng([seed, 1]).choice(len(w), n, p=w / w.sum())
    return np.concatenate(codes)[chosen]
