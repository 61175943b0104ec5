"""Forms in which users pass texts: strings or lists of token ids, in any kind of sequence."""

import numpy as np
import tensorflow as tf


def is_text(x):
    """Test whether x holds strings, by its type or its first element."""
    if isinstance(x, (tf.RaggedTensor, tf.Tensor)):
        return x.dtype == tf.string
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "SU" or (x.dtype.kind == "O" and is_text(list(x.flat[:1])))
    if isinstance(x, (list, tuple)) and len(x):
        return isinstance(x[0], (str, bytes))
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    return kind in ("O", "S", "U") and is_text(np.asarray(x))


def strings(x, argument):
    """x as a vector of strings, checked."""
    x = np.asarray(x.to_list() if isinstance(x, tf.RaggedTensor) else x, object)
    if x.ndim != 1:
        raise ValueError(f"{argument} must be texts [N], got shape {x.shape}")
    for i, text in enumerate(x):
        if not isinstance(text, (str, bytes)):
            raise TypeError(f"{argument}[{i}] must be a string, got {type(text).__name__}")
        if isinstance(text, str) and not text.isascii():
            _check_encodable(text, f"{argument}[{i}]")
    return x


def _check_encodable(text, argument):
    """Raise `ValueError` for half of a surrogate pair, which UTF-8 cannot encode."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{argument} must be valid Unicode, got the lone surrogate {text[error.start]!r} at "
            f"character {error.start}: use text.encode(errors='replace').decode()"
        ) from None


def padded(rows, argument):
    """Lists of token ids as one array, padded with 0."""
    for i, row in enumerate(rows):
        if row.ndim != 1 or (row.size and row.dtype.kind not in "iu"):
            raise TypeError(
                f"{argument}[{i}] must be a list of integers, got {row.dtype} of shape {row.shape}"
            )
    # int64 can hold ids that are too large, so that `validate` can report them.
    array = np.zeros((len(rows), max(map(len, rows)) or 1), "int64")
    for target, row in zip(array, rows, strict=True):
        target[: len(row)] = row
    return array
