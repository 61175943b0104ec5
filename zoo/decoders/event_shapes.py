"""What shape p(x|z) is over: that of x, where a decoder's events may vary in shape.

A decoder says by `variable_axes` which axes of an example may vary from call to call. One for
several modalities has `decoders`, and is asked about each of them.
"""

import tensorflow as tf


def varies(decoder):
    """Whether the decoder is to be told which shape is meant."""
    if hasattr(decoder, "decoders"):
        return any(varies(part) for part in decoder.decoders.values())
    return bool(getattr(decoder, "variable_axes", ()))


def free(decoder):
    """Shape of an example, None where it may vary."""
    if hasattr(decoder, "decoders"):
        return {name: free(part) for name, part in decoder.decoders.items()}
    axes, sizes = getattr(decoder, "variable_axes", ()), decoder.event_shape
    return tuple(None if i in axes else size for i, size in enumerate(sizes))


def decoded(decoder, x):
    """Shape of x that the decoder is told; None where it needs none."""
    if hasattr(decoder, "decoders"):
        return {name: decoded(part, x[name]) for name, part in decoder.decoders.items()}
    if not varies(decoder) or getattr(decoder, "own_length", False):
        return None
    known = None not in tuple(x.shape[1:])
    return tuple(x.shape[1:]) if known else tf.shape(x)[1:]


def likelihood(decoder, code, event_shape=None, training=False):
    """p(x|z); `event_shape` is passed on where the decoder's events vary in shape."""
    if not varies(decoder):
        return decoder(code, training=training)
    return decoder(code, event_shape=event_shape, training=training)
