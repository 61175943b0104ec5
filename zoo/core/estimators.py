"""Foundations of estimators with scikit-learn's interface."""

import contextlib
import importlib
import math
import random

import keras
import numpy as np

from zoo.core import nested, streams

DEFAULT_STEPS = 1000  # optimizer steps if epochs=None
MIN_EPOCHS = 5


def default_epochs(x, batch_size, steps=DEFAULT_STEPS):
    """Number of passes over x with about `steps` steps, at least `MIN_EPOCHS`."""
    if not streams.is_stream(x):
        length = math.ceil(nested.row_count(x) / batch_size)
    else:
        length = streams.length(x) or -1
    if length < 1:
        raise ValueError("epochs must be an integer if the length of X is unknown, got None")
    return max(MIN_EPOCHS, math.ceil(steps / length))


@contextlib.contextmanager
def unchanged_on_error(estimator):
    """Restore the attributes of an estimator if an error is raised within."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


@contextlib.contextmanager
def seeded(random_state):
    """Seed Keras from random_state; restore Python's and NumPy's global generators afterwards."""
    if random_state is None:
        yield
        return
    check = importlib.import_module("sklearn.utils").check_random_state
    python_state, numpy_state = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(int(check(random_state).randint(2**31 - 1)))
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
