"""Scores as JSON can hold them, also fitted ones with their reference, without pickle."""

import base64
import dataclasses

import numpy as np

from zoo.anomaly.nearest import Nearest
from zoo.anomaly.neighbors import FittedNeighborScore
from zoo.anomaly.scores import SCORES
from zoo.anomaly.tails import FittedTailScore

# Classes that a file may name: dataclasses of numbers, arrays, tuples and each other.
FITTED = (FittedTailScore, FittedNeighborScore, Nearest)
CLASSES = {cls.__name__: cls for cls in (*SCORES.values(), *FITTED)}


def score_to_plain(value):
    """A score, or a field of one.

    Raises:
        TypeError: the score is of another class.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value)).decode()
        return {"array": data, "dtype": value.dtype.str, "shape": value.shape}
    if isinstance(value, tuple):
        return {"tuple": [score_to_plain(v) for v in value]}
    if CLASSES.get(type(value).__name__) is not type(value):
        raise TypeError(
            f"score must be the name of a score for save, got {type(value).__name__}: use pickle"
        )
    fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    plain = {name: score_to_plain(field) for name, field in fields.items()}
    return {"class": type(value).__name__, "fields": plain}


def score_from_plain(plain):
    """The score, or the field, that `score_to_plain` wrote."""
    if not isinstance(plain, dict):
        return plain
    if "array" in plain:
        array = np.frombuffer(base64.b64decode(plain["array"]), plain["dtype"])
        return array.reshape(plain["shape"]).copy()
    if "tuple" in plain:
        return tuple(score_from_plain(v) for v in plain["tuple"])
    fields = {name: score_from_plain(field) for name, field in plain["fields"].items()}
    return CLASSES[plain["class"]](**fields)
