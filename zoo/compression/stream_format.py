"""The bytes around what is coded: whose stream it is, and whether it is whole.

    stream = magic 4, version 1, dtype 1, digests 8 and 4, number of examples 8, checksum 4, frames
    frame  = step 1, number of examples 4, of words 4, checksum of the data 4, checksum 4, words

in bytes, little-endian. Checksums are CRC-32; that of a frame goes on from the one before it, so
that no frame can be taken out, moved or put in. Each is decoded without the others.
"""

import dataclasses
import struct
import zlib

import numpy as np

MAGIC = b"zVAE"
VERSION = 1
DTYPES = ("|b1", "|u1", "<u2", "<u4", "<u8", "|i1", "<i2", "<i4", "<i8", "<f2", "<f4", "<f8")
HEADER = struct.Struct("<4sBB8s4sQ")
FRAME = struct.Struct("<BIII")
CHECKSUM = struct.Struct("<I")


@dataclasses.dataclass(frozen=True)
class Header:
    """Of a stream.

    Attributes:
        dtype: of the examples, as NumPy writes it.
        weights: eight bytes of a digest of the model's weights.
        arithmetic: four of what the model makes of fixed numbers.
        examples: how many there are.
    """

    dtype: str
    weights: bytes
    arithmetic: bytes
    examples: int


@dataclasses.dataclass(frozen=True)
class Frame:
    """A part of a stream.

    Attributes:
        step: the number of the grid's step.
        examples: how many there are.
        data: CRC-32 of the examples.
        words: what was coded, little-endian integers of 32 bits.
    """

    step: int
    examples: int
    data: int
    words: np.ndarray


def pack(header, frames):
    """A `Header` and `Frame`s as bytes."""
    kind = DTYPES.index(header.dtype)
    fields = MAGIC, VERSION, kind, header.weights, header.arithmetic, header.examples
    found = [HEADER.pack(*fields)]
    checksum = zlib.crc32(found[0])
    found.append(CHECKSUM.pack(checksum))
    for frame in frames:
        numbers = FRAME.pack(frame.step, frame.examples, len(frame.words), frame.data)
        words = frame.words.tobytes()
        checksum = zlib.crc32(words, zlib.crc32(numbers, checksum))
        found += [numbers, CHECKSUM.pack(checksum), words]
    return b"".join(found)


def parse(stream):
    """The `Header` of a stream, and its frames as an iterator.

    Raises:
        TypeError: stream is not of bytes.
        ValueError: it is empty, was not made by compress, or has another version; while the frames
            are read, it was cut short or changed.
    """
    if not isinstance(stream, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"stream must be bytes, as compress gives them, got {type(stream).__name__}"
        )
    stream = memoryview(stream).cast("B")
    size, whole = HEADER.size, HEADER.size + CHECKSUM.size
    if bytes(stream[:4]) != MAGIC:
        raise ValueError(f"stream was not made by compress: it begins with {bytes(stream[:4])!r}")
    if len(stream) < whole:
        raise ValueError(f"stream was cut short: {len(stream)} bytes, less than a header")
    _, version, kind, weights, arithmetic, examples = HEADER.unpack(stream[:size])
    if version != VERSION:
        raise ValueError(f"stream has the format version {version}, expected {VERSION}")
    (checksum,) = CHECKSUM.unpack(stream[size:whole])
    if checksum != zlib.crc32(stream[:size]) or kind >= len(DTYPES):
        raise ValueError("stream was changed: the checksum of its header is wrong")
    header = Header(DTYPES[kind], weights, arithmetic, examples)
    return header, _frames(stream[whole:], examples, checksum)


def _frames(rest, missing, checksum):
    number, head = 0, FRAME.size + CHECKSUM.size
    while missing:
        number += 1
        if len(rest) < head:
            raise ValueError(f"stream was cut short: {missing} examples are missing")
        step, examples, words, data = FRAME.unpack(rest[: FRAME.size])
        end = head + 4 * words
        if len(rest) < end:
            raise ValueError(
                f"stream was cut short or changed in frame {number}: {len(rest)} bytes are left, "
                f"expected {end}"
            )
        checksum = zlib.crc32(rest[head:end], zlib.crc32(rest[: FRAME.size], checksum))
        if (checksum,) != CHECKSUM.unpack(rest[FRAME.size : head]):
            raise ValueError(f"stream was changed: the checksum of frame {number} is wrong")
        yield Frame(step, examples, data, np.frombuffer(rest[head:end], "<u4"))
        missing -= examples
        rest = rest[end:]
    if rest:
        raise ValueError(f"stream has {len(rest)} bytes after its end")
