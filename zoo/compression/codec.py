"""Compression of arrays and datasets of any length to bytes, and decompression."""

import hashlib
import zlib
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from zoo.compression.ans_stack import ANSStack, load_constriction
from zoo.compression.bits_back import GRID_SPACINGS, BitsBackCoder, best_coder
from zoo.compression.block_model import make_block_model
from zoo.compression.stream_format import DTYPES, Frame, Header, pack, parse
from zoo.core import inputs, streams, validation
from zoo.model import VAE

MAX_FRAME_ELEMENTS = 2**22  # elements of x in a frame


def compress(model: VAE, x: np.ndarray | tf.data.Dataset, *, verbose: bool = False) -> bytes:
    """Compress examples to bytes, from which `decompress` restores them bit for bit.

    An example takes -log2 p(x|z) - log2 p(z) + log2 q(z|x) bits, on average the negative ELBO in
    bits. The first of every few thousand examples takes more, and the stream has a header. The
    method is bits-back coding with asymmetric numeral systems: Townsend et al., Practical lossless
    compression with latent variables using bits back coding, 2019.

    Args:
        model: a built `VAE` with one stochastic layer or a ladder, with Normal posteriors, a Normal
            prior or a mixture of Normals, and the likelihood Bernoulli, BinarizedBernoulli,
            DiscretizedLogisticLikelihood, DiscretizedLogisticMixture or Categorical.
        x: array or dataset `[N, *event]` of exactly the values that the likelihood has: 0 and 1,
            k / 255, or classes. N may be 0.
        verbose: True shows a progress bar.

    Raises:
        ImportError: constriction is not installed.
        TypeError: x is not an array or dataset of numbers.
        ValueError: the model cannot be used for coding, or x holds values that would be rounded.
    """
    inputs.require_vae(model)
    load_constriction()
    block_model = make_block_model(model)
    is_dataset = streams.is_stream(x)
    x = x if is_dataset else _check_array(model, x)
    bar = _progress_bar(verbose, None if is_dataset else len(x))
    parts = (_dataset_parts if is_dataset else _array_parts)(model, x, _frame_rows(block_model))
    frames, examples, dtype = [], 0, "<f4" if is_dataset else _dtype_name(x)
    for start, part in parts:
        dtype = _dtype_name(part)
        k = block_model.alphabet.symbols(part, f"x (examples from {start})" if start else "x")
        frames.append(_encode_frame(block_model, k, part.astype(dtype), bar.add))
        examples += len(part)
    digests = weights_digest(model, block_model), arithmetic_digest(block_model)
    return pack(Header(dtype, *digests, examples), frames)


def decompress(model: VAE, stream: bytes, *, verbose: bool = False) -> np.ndarray:
    """Restore the array `[N, *event]` that `compress` encoded, with the same values and dtype.

    The model must have bit-identical weights, and compute bit-identical results: see
    docs/compression.md.

    Args:
        model: the `VAE` that compressed the array.
        stream: the bytes that `compress` returned.
        verbose: True shows a progress bar.

    Raises:
        ImportError: constriction is not installed.
        TypeError: stream is not bytes.
        ValueError: stream was truncated, changed, made by another model or not by compress, or the
            model's results differ in the last bit on this machine.
    """
    inputs.require_vae(model)
    parts = [*decompress_parts(model, stream, verbose=verbose)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def decompress_parts(model: VAE, stream: bytes, *, verbose: bool = False) -> Iterator[np.ndarray]:
    """Restore arrays of a few thousand examples each, for data larger than memory.

    A stream without examples gives one empty part. Arguments and errors are those of `decompress`.
    """
    inputs.require_vae(model)
    load_constriction()
    block_model = make_block_model(model)
    header, frames = parse(stream)
    _check_same_model(model, block_model, header)
    bar = _progress_bar(verbose, header.examples)
    return _decode_frames(block_model, header, frames, bar.add)


def _encode_frame(block_model, k, x, progress):
    """A `Frame` of the examples x with symbols k."""
    coder = best_coder(block_model, k)
    words = coder.encode(k, progress).words()
    return Frame(GRID_SPACINGS.index(coder.spacing), len(k), zlib.crc32(x.tobytes()), words)


def _decode_frames(block_model, header, frames, progress):
    if not header.examples:
        yield np.zeros((0, *block_model.event_shape), header.dtype)
    for number, frame in enumerate(frames, 1):
        if frame.spacing_index >= len(GRID_SPACINGS):
            raise ValueError(
                f"corrupt stream: unknown grid spacing {frame.spacing_index} in frame {number}"
            )
        if frame.examples > _frame_rows(block_model):
            raise ValueError(
                f"corrupt stream: frame {number} announces {frame.examples} examples, more than "
                f"the {_frame_rows(block_model)} that a frame can hold"
            )
        coder = BitsBackCoder(block_model, GRID_SPACINGS[frame.spacing_index])
        k = coder.decode(ANSStack(frame.words), frame.examples, progress)
        x = block_model.alphabet.values(k, header.dtype)
        if zlib.crc32(x.tobytes()) != frame.data_checksum:
            raise ValueError(
                f"frame {number} of the stream decodes to other data than were compressed: the "
                "model's results on this machine differ in the last bit of a number from those "
                "on the machine that compressed; decompress on that machine"
            )
        yield x


def _check_same_model(model, block_model, header):
    """Raise `ValueError` unless this model can decode a stream with the header."""
    if header.weights_digest != weights_digest(model, block_model):
        raise ValueError(
            "stream was made by another model, with other weights or another event shape: "
            "decompress with the model that compressed"
        )
    if header.arithmetic_digest != arithmetic_digest(block_model):
        raise ValueError(
            "stream was made on a machine where this model gives other results in the last bit of "
            "a number: decompress with the same versions of TensorFlow and constriction, on the "
            "same kind of processor and with the same number of threads"
        )


def weights_digest(model, block_model):
    """Eight bytes of a digest of the model's weights, event shape and alphabet."""
    digest = hashlib.sha256(str((block_model.event_shape, str(block_model.alphabet))).encode())
    for part in (model.latents, model.decoder):
        for weight in part.weights:
            array = np.asarray(keras.ops.convert_to_numpy(weight))
            digest.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
    return digest.digest()[:8]


def arithmetic_digest(block_model):
    """Four bytes of a checksum of coded fixed symbols, without and with bits back.

    It differs on a machine where the model gives other results in the last bit.
    """
    size = block_model.rows * int(np.prod(block_model.event_shape))
    k = (np.arange(size) * 7919 // 104 % block_model.alphabet.count).astype("int32")
    k = k.reshape(block_model.rows, *block_model.event_shape)
    coder, stack = BitsBackCoder(block_model, GRID_SPACINGS[-1]), ANSStack()
    for bits_back in (False, True):
        coder.push(stack, k, bits_back)
    return zlib.crc32(stack.words().tobytes()).to_bytes(4, "little")


def _frame_rows(block_model):
    """Maximum number of examples in a frame, a multiple of the rows of a block."""
    block_elements = int(np.prod(block_model.event_shape)) * block_model.rows
    return max(1, MAX_FRAME_ELEMENTS // block_elements) * block_model.rows


def _check_array(model, x):
    """x as a checked array; unlike in other methods, it may have no examples."""
    if x is not None and not streams.is_stream(x):
        x = model.preprocessor.to_array(x)
    if getattr(x, "shape", None) == (0, *model.decoder.free_event_shape):
        return x
    return inputs.prepare(model, x, "x")


def _array_parts(model, x, rows):
    """Yield (index of the first example, array of at most `rows` examples)."""
    del model
    for start in range(0, len(x), rows):
        yield start, x[start : start + rows]


def _dataset_parts(model, dataset, rows):
    """Yield the same for a dataset, whose batches are checked as they are read."""
    streams.require_end(dataset)
    start, waiting = 0, []
    for i, element in enumerate(streams.elements(dataset)):
        waiting.append(inputs.prepare_batch(model, streams.x_of(element), f"x (batch {i + 1})"))
        while sum(map(len, waiting)) >= rows:
            joined = np.concatenate(waiting)
            yield start, joined[:rows]
            start, waiting = start + rows, [joined[rows:]]
    if sum(map(len, waiting)):
        yield start, np.concatenate(waiting)


def _dtype_name(x):
    """The name of the array's dtype, little-endian."""
    name = x.dtype.newbyteorder("<").str
    if name not in DTYPES:
        raise TypeError(f"x must be integers or floats of up to 64 bits, got {x.dtype}")
    return name


def _progress_bar(verbose, target):
    validation.check_flags(verbose=verbose)
    return keras.utils.Progbar(target, verbose=int(verbose), unit_name="example")
