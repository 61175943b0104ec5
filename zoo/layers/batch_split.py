"""Parallel computation of the halves of a batch, for work that cannot use two cores by itself."""

import tensorflow as tf

MIN = 16  # examples in a half; for smaller halves a second core saves no time


def map_in_halves(function, *batches, when=True):
    """Map batches `[B, ...]` to `[B, ...]`, with two independent calls of `function` if possible.

    The two calls run in parallel. A batch is split if its size is static, even and at least
    `2 * MIN`.

    Args:
        function: treats each example independently of the others.
        *batches: tensors `[B, ...]`.
        when: whether to split. A half must not be split again: both cores are busy by then, and
            smaller pieces are slower.
    """
    size = batches[0].shape[0]
    if not when or size is None or size % 2 or size < 2 * MIN:
        return function(*batches)
    halves = zip(*(tf.split(batch, 2) for batch in batches), strict=True)
    return tf.concat([function(*half) for half in halves], 0)
