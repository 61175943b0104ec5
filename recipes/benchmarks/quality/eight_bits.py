"""Weights of a model as bytes, with 8 bits for each, and a model with weights from such bytes."""

import bz2

import numpy as np

LEVELS = 127  # on either side of 0
SMALL = 256  # values of an array; smaller ones keep 32 bits, because they take little space


def to_bytes(vae):
    """The trainable weights as compressed bytes.

    A weight is one of 255 multiples of a step, of which each output channel has its own: the
    largest magnitude in the channel divided by 127. Biases and other small arrays keep 32 bits.
    """
    parts = []
    for weight in vae.trainable_weights:
        array = np.asarray(weight, "<f4")
        if array.size >= SMALL:
            axes = tuple(range(array.ndim - 1))
            step = np.abs(array).max(axes).astype("<f4") / np.float32(LEVELS)
            parts.append(step.tobytes())
            array = np.rint(array / np.where(step > 0, step, 1)).astype("i1")
        parts.append(array.tobytes())
    return bz2.compress(b"".join(parts), 9)


def load(vae, data):
    """Set the weights of a model, built with the same options, to those of `to_bytes`."""
    data, start = bz2.decompress(data), 0

    def read(dtype, shape):
        nonlocal start
        array = np.frombuffer(data, dtype, int(np.prod(shape)), start)
        start += array.nbytes
        return array.reshape(shape)

    for weight in vae.trainable_weights:
        if np.prod(weight.shape) < SMALL:
            weight.assign(read("<f4", weight.shape))
            continue
        step = read("<f4", weight.shape[-1:])
        weight.assign(read("i1", weight.shape).astype("float32") * step)
    if start != len(data):
        raise ValueError(f"data must hold the weights of this model, got {len(data)} bytes")
