"""Halves of a batch side by side: what one core does alone need not wait for the other."""

import contextlib
import contextvars

import tensorflow as tf

# Fewer examples than this are not worth a core.
MIN = 16

# A half is not halved again: both cores have work, and smaller pieces are slower.
_halved = contextvars.ContextVar("zoo_halved", default=False)


def map_in_halves(function, *batches, when=True):
    """`function` of batches `[B, ...]`, which treats each example alone, -> `[B, ...]`.

    Called once for each half of a batch that is even and large enough, `when` that is wanted.
    """
    size = batches[0].shape[0]
    if not when or _halved.get() or size is None or size % 2 or size < 2 * MIN:
        return function(*batches)
    halves = zip(*(tf.split(batch, 2) for batch in batches), strict=True)
    with _halving():
        return tf.concat([function(*half) for half in halves], 0)


@contextlib.contextmanager
def _halving():
    token = _halved.set(True)
    try:
        yield
    finally:
        _halved.reset(token)
