"""Valid arrays, spoiled at random."""

import numpy as np
import pandas as pd
import scipy.sparse
import tensorflow as tf

SPECIAL = (np.nan, np.inf, -np.inf, -1.0, 2.0, 1e30, 1e-30, 255.0)


def pick(rng, choices):
    return choices[int(rng.integers(len(choices)))]


def _with_special(rng, x):
    x = x.astype("float32")
    if x.size:
        x.flat[rng.integers(x.size)] = pick(rng, SPECIAL)
    return x


def _masked(rng, x):
    return np.ma.masked_array(x, rng.random(x.shape) < pick(rng, (0, 0.3, 1)))


OF_ARRAY = {
    "special value": _with_special,
    "masked": _masked,
    "no rows": lambda rng, x: x[:0],
    "one row": lambda rng, x: x[:1],
    "fewer columns": lambda rng, x: x[..., : max(0, x.shape[-1] - 1)] if x.ndim else x,
    "another axis": lambda rng, x: x[pick(rng, (None, 0, ..., (..., None)))] if x.size else x,
    "another dtype": lambda rng, x: (
        x.astype("U8").astype(pick(rng, ("U8", "S8", "object")))
        if rng.random() < 0.3
        else x.astype(
            pick(
                rng, ("bool", "int8", "float16", "float64", "uint8", "complex64", "object", "int64")
            )
        )
    ),
    "lists": lambda rng, x: x.tolist(),
    "ragged": lambda rng, x: [
        row[: max(1, len(row) - i)] if np.ndim(row) else row for i, row in enumerate(x)
    ],
    "rows": lambda rng, x: list(x),
    "tensor": lambda rng, x: tf.constant(x),
    "dataset": lambda rng, x: tf.data.Dataset.from_tensor_slices(x).batch(pick(rng, (1, 3, 100))),
    "Fortran order": lambda rng, x: np.asfortranarray(x),
    "read-only": lambda rng, x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape),
    "big-endian": lambda rng, x: x.astype(x.dtype.newbyteorder(">")),
    "strided": lambda rng, x: np.repeat(x, 2, axis=0)[::-2],
    "constant": lambda rng, x: np.full_like(x, pick(rng, (0, 1))),
    "scaled": lambda rng, x: x * np.float64(pick(rng, (-1, 255, 1e30))),
    "frame": lambda rng, x: pd.DataFrame(x) if x.ndim == 2 else pd.Series(list(x)),
    "sparse": lambda rng, x: (
        scipy.sparse.csr_matrix(x) if x.ndim == 2 and x.dtype.kind in "fi" else x
    ),
    "records": lambda rng, x: (
        np.array([(1, 2.0)] * len(x), [("a", "i4"), ("b", "f4")]) if x.ndim else x
    ),
}
