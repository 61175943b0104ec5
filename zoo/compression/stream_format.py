"""Binary format of a compressed stream: header, frames and checksums.

    stream = magic 4, version 1, dtype 1, digests 8 and 4, examples 8, checksum 4, frames
    frame  = grid spacing 1, examples 4, words 4, data checksum 4, checksum 4, words

sizes in bytes, little-endian. Checksums are CRC-32; that of a frame continues the one before it, so
that a removed, moved or inserted frame is detected. Each frame is decoded independently.
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
    """Header of a stream.

    Attributes:
        dtype: dtype of the examples, in NumPy's notation.
        weights_digest: eight bytes of a digest of the model's weights.
        arithmetic_digest: four bytes of a checksum of the model's results on fixed symbols.
        examples: number of examples.
    """

    dtype: str
    weights_digest: bytes
    arithmetic_digest: bytes
    examples: int


@dataclasses.dataclass(frozen=True)
class Frame:
    """A part of a stream that is decoded independently.

    Attributes:
        spacing_index: index of the grid spacing.
        examples: number of examples.
        data_checksum: CRC-32 of the examples.
        words: the coded examples, little-endian integers of 32 bits.
    """

    spacing_index: int
    examples: int
    data_checksum: int
    words: np.ndarray


def pack(header, frames):
    """Serialize a `Header` and `Frame`s to bytes."""
    dtype_index = DTYPES.index(header.dtype)
    digests = header.weights_digest, header.arithmetic_digest
    parts = [HEADER.pack(MAGIC, VERSION, dtype_index, *digests, header.examples)]
    checksum = zlib.crc32(parts[0])
    parts.append(CHECKSUM.pack(checksum))
    for frame in frames:
        counts = frame.spacing_index, frame.examples, len(frame.words)
        fields = FRAME.pack(*counts, frame.data_checksum)
        words = frame.words.tobytes()
        checksum = zlib.crc32(words, zlib.crc32(fields, checksum))
        parts += [fields, CHECKSUM.pack(checksum), words]
    return b"".join(parts)


def parse(stream):
    """Read the `Header` of a stream, and an iterator over its frames.

    Raises:
        TypeError: stream is not bytes.
        ValueError: it is empty, not made by compress, of another version, truncated or changed. The
            iterator raises it for the frames.
    """
    if not isinstance(stream, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"stream must be bytes, the result of compress, got {type(stream).__name__}"
        )
    stream = memoryview(stream).cast("B")
    size, full_size = HEADER.size, HEADER.size + CHECKSUM.size
    if bytes(stream[:4]) != MAGIC:
        raise ValueError(
            f"stream must begin with {MAGIC!r}, got {bytes(stream[:4])!r}: it was not made by "
            "compress"
        )
    if len(stream) < full_size:
        raise ValueError(f"truncated stream: the header needs {full_size} bytes, got {len(stream)}")
    _, version, dtype_index, weights, arithmetic, examples = HEADER.unpack(stream[:size])
    if version != VERSION:
        raise ValueError(
            f"stream must have format version {VERSION}, got version {version}: decompress with "
            "the version of zoo that compressed"
        )
    (checksum,) = CHECKSUM.unpack(stream[size:full_size])
    if checksum != zlib.crc32(stream[:size]) or dtype_index >= len(DTYPES):
        raise ValueError("corrupt stream: the checksum of the header is wrong")
    header = Header(DTYPES[dtype_index], weights, arithmetic, examples)
    return header, _frames(stream[full_size:], examples, checksum)


def _frames(rest, missing, checksum):
    """Iterate over the frames of the bytes after a header that announces `missing` examples."""
    number, head = 0, FRAME.size + CHECKSUM.size
    while missing:
        number += 1
        if len(rest) < head:
            raise ValueError(f"truncated stream: {missing} examples are missing")
        spacing_index, examples, words, data_checksum = FRAME.unpack(rest[: FRAME.size])
        end = head + 4 * words
        if len(rest) < end:
            raise ValueError(
                f"truncated or corrupt stream: frame {number} needs {end} bytes, got {len(rest)}"
            )
        checksum = zlib.crc32(rest[head:end], zlib.crc32(rest[: FRAME.size], checksum))
        if (checksum,) != CHECKSUM.unpack(rest[FRAME.size : head]):
            raise ValueError(f"corrupt stream: the checksum of frame {number} is wrong")
        if not 0 < examples <= missing:
            raise ValueError(
                f"corrupt stream: frame {number} announces {examples} examples where {missing} "
                "are missing"
            )
        yield Frame(spacing_index, examples, data_checksum, np.frombuffer(rest[head:end], "<u4"))
        missing -= examples
        rest = rest[end:]
    if rest:
        raise ValueError(f"corrupt stream: {len(rest)} bytes after its end")
