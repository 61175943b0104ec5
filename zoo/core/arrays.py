"""Arrays from what users pass: lists, tensors and tables of pandas. Imports no TensorFlow."""

import numpy as np


def as_array(x, argument="x"):
    """x as a NumPy array of at most 64 bits.

    Args:
        x: an array, tensor, nested list, or DataFrame of numbers, of which bool columns become 0
            and 1, and missing values NaN; masked floats become NaN too.
        argument: its name, for errors.

    Raises:
        TypeError: x is a dict or a sparse matrix, or a column does not hold numbers.
        ValueError: the rows of a list differ in length, or values other than floats are masked.
    """
    masked_floats = isinstance(x, np.ma.MaskedArray) and x.dtype.kind == "f"
    x = unmasked(x, argument, missing_allowed=masked_floats)
    if is_frame(x):
        x = _numeric_frame(x, argument)
    elif isinstance(x, dict):
        raise TypeError(
            f"{argument} must be an array, got a dict with the keys "
            f"{', '.join(map(repr, x)) or 'of nothing'}: dicts are for multimodal models, "
            "zoo.get('multimodal_vae')"
        )
    elif hasattr(x, "toarray") and not isinstance(x, np.ndarray):
        raise TypeError(
            f"{argument} must be a dense array, got a sparse {type(x).__name__}: pass x.toarray()"
        )
    elif hasattr(x, "dense_shape"):  # tf.SparseTensor, tf.IndexedSlices
        raise TypeError(
            f"{argument} must be a dense array, got a {type(x).__name__}: pass "
            "tf.sparse.to_dense(x)"
        )
    elif not isinstance(x, np.ndarray):
        try:
            x = np.asarray(x)
        except ValueError:
            raise ValueError(
                f"{argument} must have rows of one shape, got a {type(x).__name__} of rows that "
                "differ in length: pad or cut them (series models take them as they are)"
            ) from None
    return x.astype("float64") if x.dtype.kind == "f" and x.dtype.itemsize > 8 else x


def unmasked(x, argument="x", missing_allowed=True):
    """x without NumPy's masks: masked values become NaN, which stands for a missing value.

    Args:
        x: an array, a list of arrays, or anything else, which is returned unchanged.
        argument: its name, for errors.
        missing_allowed: whether x may have missing values.

    Raises:
        ValueError: values are masked, and x may not have missing values.
    """
    if isinstance(x, (list, tuple)) and any(isinstance(row, np.ma.MaskedArray) for row in x):
        return [unmasked(row, f"{argument}[{i}]", missing_allowed) for i, row in enumerate(x)]
    if not isinstance(x, np.ma.MaskedArray):
        return x
    mask = np.ma.getmaskarray(x)
    if not mask.any():
        return x.data
    if not missing_allowed or x.dtype.kind not in "fiub":
        raise ValueError(
            f"{argument} must not have missing values, got an array with {mask.sum()} masked values"
        )
    x = x if x.dtype.kind == "f" else x.astype("float64")
    return x.filled(np.nan)


def native(x):
    """x in the byte order of this machine, which `tf.numpy_function` assumes."""
    return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))


def is_frame(x):
    """Test whether x is a DataFrame of pandas, without importing it."""
    return hasattr(x, "iloc") and hasattr(x, "columns")


def _numeric_frame(frame, argument):
    """The values of a DataFrame whose columns are all numbers."""
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        kind = getattr(dtype, "kind", "O")
        if kind in "biuf":
            continue
        remedy = "encode its values as numbers"
        if kind in "Mm":
            remedy = "convert it to a number, such as seconds since the first date"
        raise TypeError(
            f"{argument} must have numeric columns, got dtype {dtype} in column {name!r}: "
            f"{remedy}, or leave the column out"
        )
    plain = all(isinstance(dtype, np.dtype) for dtype in frame.dtypes)
    if plain and len({dtype.kind == "b" for dtype in frame.dtypes}) == 1:
        return frame.to_numpy()
    return frame.to_numpy("float64", na_value=np.nan)


def refuse_several_inputs(x, argument="x"):
    """Raise `TypeError` for a short list or a tuple of arrays, which Keras takes as several inputs.

    `np.asarray` would make one or two huge examples of them.
    """
    few = isinstance(x, tuple) or (isinstance(x, list) and len(x) <= 3)
    if few and len(x) and all(len(getattr(part, "shape", ())) > 1 for part in x):
        shapes = ", ".join(str(tuple(part.shape)) for part in x)
        raise TypeError(
            f"{argument} must be one array, got a {type(x).__name__} of arrays of shape {shapes}: "
            "pass the array itself, targets as fit(x, y), or np.stack(x) if each is one example"
        )


def place_of_first(mask):
    """Index of the first True of a mask, as a tuple of integers."""
    return tuple(int(i) for i in np.argwhere(mask)[0])
