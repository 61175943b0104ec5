"""Compressed streams: format, truncated and corrupt streams, and those of other models."""

import dataclasses
import io

import numpy as np
import pytest

from tests.compression.examples import GREY, binary_examples
from tests.helpers import small
from zoo.compression import stream_format

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def stream(vae):
    return vae.compress(binary_examples(20))


def read(stream):
    """Header and frames of a stream."""
    header, frames = stream_format.parse(stream)
    return header, list(frames)


def test_packing_a_parsed_stream_restores_it(stream):
    header, frames = read(stream)

    assert stream_format.pack(header, frames) == stream
    assert header.examples == sum(frame.examples for frame in frames) == 20


def test_each_truncated_or_changed_stream_raises(stream):
    for end in range(len(stream)):
        with pytest.raises(ValueError, match="stream"):
            read(stream[:end])
    for i in range(len(stream)):
        changed = bytearray(stream)
        changed[i] ^= 1 << i % 8
        with pytest.raises(ValueError, match="stream"):
            read(changed)
    with pytest.raises(ValueError, match="1 bytes after its end"):
        read(stream + b"\0")


def test_reordered_frames_raise(stream):
    header, (frame,) = read(stream)
    other = dataclasses.replace(frame, examples=3)
    size = stream_format.HEADER.size + stream_format.CHECKSUM.size
    two_frames = dataclasses.replace(header, examples=23)
    stream_1, stream_2 = (
        stream_format.pack(two_frames, frames) for frames in ([frame, other], [other, frame])
    )
    length = (len(stream_1) - size) // 2

    assert len(read(stream_1)[1]) == 2
    with pytest.raises(ValueError, match="checksum of frame 1"):
        read(stream_1[:size] + stream_1[size + length :] + stream_1[size : size + length])
    assert stream_1 != stream_2


@pytest.mark.parametrize("foreign", [b"", b"PNG", RNG.bytes(500)], ids=["empty", "short", "random"])
def test_foreign_bytes_raise(vae, foreign):
    with pytest.raises(ValueError, match="not made by compress"):
        vae.decompress(foreign)


def test_an_argument_that_is_not_bytes_raises(vae):
    with pytest.raises(TypeError, match="stream must be bytes, the result of compress, got Byt"):
        vae.decompress(io.BytesIO(b"zVAE"))


def test_another_version_raises(vae, stream):
    with pytest.raises(ValueError, match=f"version {stream_format.VERSION}, got version 9"):
        vae.decompress(stream[:4] + b"\x09" + stream[5:])


def test_other_weights_raise(vae, stream):
    bias = vae.decoder.last.bias
    original = bias.numpy()
    bias.assign(np.nextafter(original, 1.0))
    try:
        with pytest.raises(ValueError, match="by another model"):
            vae.decompress(stream)
    finally:
        bias.assign(original)
    assert len(vae.decompress(stream)) == 20


def test_another_alphabet_raises(stream):
    with pytest.raises(ValueError, match="by another model"):
        small("dense_vae", likelihood=GREY).decompress(stream)


def test_other_arithmetic_raises(vae, stream):
    header, frames = read(stream)
    elsewhere = dataclasses.replace(header, arithmetic_digest=bytes(4))
    with pytest.raises(ValueError, match="gives other results in the last bit"):
        vae.decompress(stream_format.pack(elsewhere, frames))


def test_changed_frames_with_valid_checksums_raise(vae, stream):
    header, (frame,) = read(stream)
    changes = {
        "decodes to other data": {"data_checksum": frame.data_checksum ^ 1},
        "unknown grid spacing": {"spacing_index": 200},
        "not made by compress": {"words": frame.words ^ np.uint32(1 << 9)},
    }
    for message, change in changes.items():
        bad = stream_format.pack(header, [dataclasses.replace(frame, **change)])
        with pytest.raises(ValueError, match=f"{message}|other data|not made by"):
            vae.decompress(bad)


@pytest.mark.parametrize("examples", [2**32 - 1, 0])
def test_a_frame_of_more_examples_than_the_header_has_raises(stream, examples):
    header, (frame,) = read(stream)
    forged = stream_format.pack(header, [dataclasses.replace(frame, examples=examples)])

    with pytest.raises(ValueError, match=f"announces {examples} examples where 20 are missing"):
        read(forged)


def test_a_header_and_a_frame_of_too_many_examples_raise_before_decoding(vae, stream):
    header, (frame,) = read(stream)
    header = dataclasses.replace(header, examples=2**32 - 1)
    forged = stream_format.pack(header, [dataclasses.replace(frame, examples=2**32 - 1)])

    with pytest.raises(ValueError, match="4294967295 examples, more than the"):
        vae.decompress(forged)
