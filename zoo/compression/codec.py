"""Arrays and datasets of any length, to bytes and back."""

import hashlib
import zlib

import keras
import numpy as np
import tensorflow as tf

from zoo.compression.ans_stack import Stack, constriction
from zoo.compression.bits_back import STEPS, Blocks, best
from zoo.compression.model_steps import steps
from zoo.compression.stream_format import DTYPES, Frame, Header, pack, parse
from zoo.core import inputs

FRAME_NUMBERS = 2**22  # elements of x in a frame


def compress(model, x, *, verbose=False):
    """Examples -> bytes, from which `decompress` makes them again, bit for bit.

    An example takes -log2 p(x|z) - log2 p(z) + log2 q(z|x) bits, so that the mean is the negative
    ELBO in bits; but the first of each few thousand examples, and what is around, take more. Bits
    back with asymmetric numeral systems: Townsend et al., Practical lossless compression with
    latent variables using bits back coding, 2019.

    Args:
        model: a built `VAE` of one stochastic layer or a ladder, whose posteriors are Normals,
            whose prior is one or a mixture of them, and whose likelihood is Bernoulli,
            BinarizedBernoulli, DiscretizedLogisticLikelihood or Categorical.
        x: array or dataset `[N, *event]` of values that the likelihood gives a probability to: 0
            and 1, k / 255, classes. N may be 0.
        verbose: whether to show progress.

    Raises:
        ImportError: constriction is not installed.
        TypeError: x is no array or dataset of numbers.
        ValueError: the model cannot code, or x holds what would have to be rounded.
    """
    constriction()
    found = steps(model)
    stream = isinstance(x, tf.data.Dataset)
    x = x if stream else _array(model, x)
    bar = _bar(verbose, None if stream else len(x))
    frames, examples, dtype = [], 0, "<f4" if stream else _dtype(x)
    for start, part in (_stream_parts if stream else _array_parts)(model, x, _frame_rows(found)):
        dtype = _dtype(part)
        k = found.alphabet.numbers(part, f"x (examples from {start})" if start else "x")
        frames.append(_encoded(found, k, part.astype(dtype), bar.add))
        examples += len(part)
    header = Header(dtype, weights_digest(model, found), arithmetic_digest(found), examples)
    return pack(header, frames)


def decompress(model, stream, *, verbose=False):
    """What `compress` made bytes of: an array `[N, *event]` of the same values and dtype.

    The model has to be the same, to the last bit of its weights, and so have its results: see
    docs/compression.md.

    Args:
        model: the `VAE` that compressed.
        stream: bytes.
        verbose: whether to show progress.

    Raises:
        ImportError: constriction is not installed.
        TypeError: stream is not of bytes.
        ValueError: stream was cut short, changed, made by another model or by something else, or
            where the model's results differ in the last bit.
    """
    parts = [*decompress_parts(model, stream, verbose=verbose)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def decompress_parts(model, stream, *, verbose=False):
    """The same in parts of a few thousand examples, as an iterator, for what no memory holds.

    One empty part comes of a stream of no examples.
    """
    constriction()
    found = steps(model)
    header, frames = parse(stream)
    _known(model, found, header)
    bar = _bar(verbose, header.examples)
    return _decoded_parts(found, header, frames, bar.add)


def _decoded_parts(found, header, frames, progress):
    if not header.examples:
        yield np.zeros((0, *found.event_shape), header.dtype)
    for number, frame in enumerate(frames, 1):
        if frame.step >= len(STEPS):
            raise ValueError(f"stream has an unknown step, {frame.step}, in frame {number}")
        blocks = Blocks(found, STEPS[frame.step])
        k = blocks.decode(Stack(frame.words), frame.examples, progress)
        x = found.alphabet.values(k, header.dtype)
        if zlib.crc32(x.tobytes()) != frame.data:
            raise ValueError(
                f"frame {number} of the stream became other data than were compressed: the model's "
                "results differ here from those where it was made, in the last bit of a number"
            )
        yield x


def _encoded(found, k, x, progress):
    """A `Frame` of the examples x, whose numbers of symbols are k."""
    blocks = best(found, k)
    words = blocks.encode(k, progress).words()
    return Frame(STEPS.index(blocks.step), len(k), zlib.crc32(x.tobytes()), words)


def _known(model, found, header):
    """Raise unless this model can make something of a stream."""
    if header.weights != weights_digest(model, found):
        raise ValueError("stream was made by another model: its weights or its events differ")
    if header.arithmetic != arithmetic_digest(found):
        raise ValueError(
            "stream was made where this model gives other results, in the last bit of a number: by "
            "other versions of TensorFlow or constriction, on another processor or with another "
            "number of threads"
        )


def weights_digest(model, found):
    """Eight bytes of what the model holds and of the events that it codes."""
    digest = hashlib.sha256(str((found.event_shape, str(found.alphabet))).encode())
    for part in (model.latents, model.decoder):
        for weight in part.weights:
            array = np.asarray(keras.ops.convert_to_numpy(weight))
            digest.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
    return digest.digest()[:8]


def arithmetic_digest(found):
    """Four bytes of what the model makes of a block of fixed symbols, with bits back and without.

    Whoever would decode and gets another number has other results somewhere.
    """
    size = found.rows * int(np.prod(found.event_shape))
    k = (np.arange(size) * 7919 // 104 % found.alphabet.count).astype("int32")
    k = k.reshape(found.rows, *found.event_shape)
    blocks, stack = Blocks(found, STEPS[-1]), Stack()
    for paid in (False, True):
        blocks.push(stack, k, paid)
    return zlib.crc32(stack.words().tobytes()).to_bytes(4, "little")


def _frame_rows(found):
    """Examples of a frame: whole blocks."""
    blocks = FRAME_NUMBERS // (int(np.prod(found.event_shape)) * found.rows)
    return max(1, blocks) * found.rows


def _array(model, x):
    """x, checked; it may have no examples."""
    x = inputs.prepared(model, x)
    if getattr(x, "shape", None) == (0, *model.decoder.free_event_shape):
        return x
    return inputs.array(model, x, "x")


def _array_parts(model, x, rows):
    """(number of the first example, array of at most `rows` examples)."""
    del model
    for start in range(0, len(x), rows):
        yield start, x[start : start + rows]


def _stream_parts(model, dataset, rows):
    """The same of a dataset, each batch of which is checked as it comes."""
    start, waiting = 0, []
    for i, element in enumerate(dataset):
        waiting.append(inputs.batch(model, element, f"x (batch {i + 1})"))
        while sum(map(len, waiting)) >= rows:
            whole = np.concatenate(waiting)
            yield start, whole[:rows]
            start, waiting = start + rows, [whole[rows:]]
    if sum(map(len, waiting)):
        yield start, np.concatenate(waiting)


def _dtype(x):
    """The name of the array's dtype, little-endian."""
    name = x.dtype.newbyteorder("<").str
    if name not in DTYPES:
        raise TypeError(f"x must be of whole numbers or floats up to 64 bits, got {x.dtype}")
    return name


def _bar(verbose, target):
    return keras.utils.Progbar(target, verbose=int(verbose), unit_name="example")
