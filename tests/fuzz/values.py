"""Random kinds of values, drawn from a NumPy generator.

`replacement(rng, valid)` is the name of a kind and a value of it: either one of any kind, or the
valid value spoiled, which gets further into a function than a value of another type.
"""

import collections
import datetime
import decimal
import fractions
import pathlib

import numpy as np
import pandas as pd
import scipy.sparse
import tensorflow as tf

from tests.fuzz.arrays import OF_ARRAY, pick

DTYPES = ("bool", "int8", "uint8", "int64", "uint64", "float16", "float32", "float64", "complex64")
DTYPES += ("datetime64[s]", "timedelta64[ms]", "U3", "S3", "object", "V4")
INTEGERS = (
    0,
    1,
    -1,
    2,
    3,
    7,
    -(2**31),
    2**31,
    2**32,
    -(2**63),
    2**63,
    2**64 + 1,
    10**30,
    -(10**400),
)
FLOATS = (0.0, -0.0, 0.5, 1.0, 2.5, -3.0, 1e-320, 1e38, 1e308, np.nan, np.inf, -np.inf)
TEXTS = (
    "",
    "x",
    "0",
    "-1",
    "nan",
    "\ud800",
    "a\0b",
    "é😀",
    "x" * 5000,
    "\n\t",
    "{",
    "$x^{$",
    "../x",
)
SHAPES = ((), (0,), (1,), (8,), (8, 6), (0, 6), (8, 0), (3, 2), (8, 9, 10, 2), (1, 1, 1, 1, 1, 1))


class Thing:
    """An object of no use."""


class Rude:
    """An object whose text, truth and length cannot be had."""

    def __repr__(self):
        raise RuntimeError("no text")

    __bool__ = __len__ = __iter__ = __array__ = __repr__


def array(rng, shape=None, dtype=None):
    shape = pick(rng, SHAPES) if shape is None else shape
    dtype = pick(rng, DTYPES) if dtype is None else dtype
    if dtype == "object":
        values = np.empty(shape, object)
        values.flat[:] = pick(rng, (None, "x", 1.5, Thing(), (1, 2)))
        return values
    numbers = rng.normal(size=shape) * pick(rng, (1, 1e3, 1e30))
    with np.errstate(all="ignore"):
        if dtype[0] in "SUV":
            return np.asarray(numbers).astype("U3").astype("S4").astype(dtype)
        return (
            np.asarray(numbers)
            .astype("int64" if dtype[:2] in ("da", "ti") else dtype)
            .astype(dtype)
        )


def generator(rng):
    return (array(rng, (6,), "float32") for _ in range(3))


def dataset(rng):
    data = tf.data.Dataset.from_tensor_slices(array(rng, (8, pick(rng, (1, 6))), "float32"))
    change = pick(rng, ("no", "batch", "pairs", "dict", "empty", "repeat"))
    changes = {
        "batch": lambda: data.batch(3),
        "pairs": lambda: data.map(lambda x: (x, x, x)),
        "dict": lambda: data.map(lambda x: {"x": x}),
        "empty": lambda: data.take(0),
        "repeat": lambda: data.batch(4).repeat(),
    }
    return changes.get(change, lambda: data)()


def tensor(rng):
    value = array(rng, None, pick(rng, ("float32", "int64", "bool", "float16")))
    sparse = value.ndim and rng.random() < 0.2
    if sparse:
        return tf.sparse.from_dense(value)
    return pick(rng, (tf.constant, tf.Variable))(value)


def frame(rng):
    x = array(rng, (8, 6), pick(rng, ("float64", "object", "bool", "int64")))
    return pick(
        rng,
        (
            pd.DataFrame,
            lambda x: pd.Series(x[:, 0]),
            lambda x: pd.Series(list("abab") * 2, dtype="category"),
        ),
    )(x)


ANY = {
    "None": lambda rng: None,
    "bool": lambda rng: pick(rng, (True, False, np.True_, np.False_)),
    "integer": lambda rng: pick(rng, INTEGERS),
    "float": lambda rng: pick(rng, FLOATS),
    "numpy number": lambda rng: pick(
        rng, (np.int8(-3), np.uint64(2**63), np.float16(np.inf), np.float64(2.0))
    ),
    "complex": lambda rng: pick(rng, (1j, complex("nan"))),
    "other number": lambda rng: pick(
        rng, (decimal.Decimal("NaN"), decimal.Decimal(2), fractions.Fraction(1, 2))
    ),
    "text": lambda rng: pick(rng, TEXTS),
    "bytes": lambda rng: pick(
        rng, (b"", b"x", bytes(rng.bytes(64)), bytearray(b"ab"), memoryview(b"ab"))
    ),
    "array": array,
    "masked array": lambda rng: np.ma.masked_array(
        array(rng, (8, 6), "float32"), rng.random((8, 6)) < 0.3
    ),
    "list": lambda rng: pick(
        rng,
        (
            [],
            [1, 2],
            [[1.0], [1.0, 2.0]],
            [None],
            ["a", 1],
            [[]],
            [[[1]], 2],
            (),
            (1, 0),
            (np.nan,),
            ("x",),
        ),
    ),
    "dict": lambda rng: pick(
        rng,
        (
            {},
            {"a": 1},
            {1: np.zeros(3)},
            {"image": None},
            collections.OrderedDict(x=[1]),
            {("a",): "\ud800"},
        ),
    ),
    "set": lambda rng: pick(rng, ({1, 2}, frozenset(), range(0), range(3))),
    "frame": frame,
    "tensor": tensor,
    "scipy sparse": lambda rng: pick(rng, (scipy.sparse.csr_matrix, scipy.sparse.coo_array))(
        np.eye(8, 6)
    ),
    "ragged tensor": lambda rng: tf.ragged.constant([[1.0], [1.0, 2.0]]),
    "dataset": dataset,
    "generator": generator,
    "function": lambda rng: pick(
        rng, (lambda: 1, lambda x: x, len, lambda *args: None, lambda *args: 1 / 0, print)
    ),
    "class": lambda rng: pick(rng, (Thing, int, dict, np.ndarray)),
    "object": lambda rng: pick(
        rng, (Thing(), object(), Ellipsis, NotImplemented, slice(3), Rude())
    ),
    "date": lambda rng: pick(
        rng, (datetime.date(2020, 1, 1), datetime.timedelta(1), np.datetime64("NaT"))
    ),
    "path": lambda rng: pick(
        rng, (pathlib.Path("a/b/c"), pathlib.Path("."), pathlib.Path("x" * 300))
    ),
}


def replacement(rng, valid):
    """(name of a kind, a value of it), in place of a valid value."""
    if (
        isinstance(valid, np.ndarray)
        and valid.ndim
        and valid.dtype.kind != "O"
        and rng.random() < 0.6
    ):
        kind = pick(rng, [*OF_ARRAY])
        return f"{kind} (array)", OF_ARRAY[kind](rng, valid)
    if isinstance(valid, dict) and valid and rng.random() < 0.6:
        name = pick(rng, [*valid])
        kind, value = replacement(rng, valid[name])
        if rng.random() < 0.15:
            return f"dict without {name!r}", {n: v for n, v in valid.items() if n != name}
        return f"dict with {kind} at {name!r}", {**valid, name: value}
    if isinstance(valid, bytes) and rng.random() < 0.6:
        from tests.fuzz.mutations import mutated

        return "mutated bytes", mutated(rng, valid)
    kind = pick(rng, [*ANY])
    return kind, ANY[kind](rng)
