"""Random changes of the bytes of a file."""

import io
import json
import re
import zipfile

from tests.fuzz.arrays import pick

NUMBERS = (b"0", b"-1", b"1e999", b"NaN", b"9" * 400, b"2147483648", b"-9223372036854775809", b"")
PIECES = (
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r\n\r\n",
    b'"',
    b",",
    b";;",
    b"\t",
    b"'",
    b"{}",
)
PIECES += (b"[" * 3000, b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"PK\x03\x04", b"\x93NUMPY\x01\x00")


def _flipped(rng, data):
    data = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    return bytes(data)


def _spliced(rng, data):
    (a, b), c = sorted(rng.integers(len(data) + 1, size=2)), rng.integers(len(data) + 1)
    return data[:c] + data[a:b] + data[c:]


def _deleted(rng, data):
    a, b = sorted(rng.integers(len(data) + 1, size=2))
    return data[:a] + data[b:]


def _inserted(rng, data):
    place = rng.integers(len(data) + 1)
    piece = pick(rng, PIECES) if rng.random() < 0.7 else rng.bytes(int(rng.integers(1, 40)))
    return data[:place] + piece + data[place:]


def _overwritten(rng, data):
    place, piece = rng.integers(len(data)), pick(rng, (b"\0" * 8, b"\xff" * 8, rng.bytes(4)))
    return data[:place] + piece + data[place + len(piece) :]


def _with_another_number(rng, data):
    numbers = [*re.finditer(rb"-?\d+(\.\d+)?", data[:200_000])]
    if not numbers:
        return _flipped(rng, data)
    place = pick(rng, numbers)
    return data[: place.start()] + pick(rng, NUMBERS) + data[place.end() :]


CHANGES = (_flipped, _spliced, _deleted, _inserted, _overwritten, _with_another_number)
CHANGES += (lambda rng, data: data[: rng.integers(len(data))],)


def mutated(rng, data):
    """The bytes after one to three random changes; now and then random bytes, or none."""
    if rng.random() < 0.08:
        return rng.bytes(int(pick(rng, (0, 1, 100, 5000))))
    if data[:2] == b"PK" and rng.random() < 0.6:
        return _mutated_zip(rng, data)
    if data[:1] == b"{" and rng.random() < 0.5:
        try:
            return json.dumps(_mutated_json(rng, json.loads(data))).encode("utf-8", "surrogatepass")
        except ValueError:  # several lines
            pass
    for _ in range(int(rng.integers(1, 4))):
        data = pick(rng, CHANGES)(rng, data) if data else data
    return data


def _mutated_zip(rng, data):
    """The archive with one member changed, and checksums that fit."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = pick(rng, sorted(members))
    members[name] = mutated(rng, members[name])
    if rng.random() < 0.1:
        del members[name]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


JSON_VALUES = (
    None,
    True,
    0,
    -1,
    1e308,
    float("nan"),
    10**400,
    "",
    "x",
    "\ud800",
    [],
    [[]],
    {},
    {"a": {}},
)


def _mutated_json(rng, value):
    """The JSON value with one value in it replaced, or a name left out."""
    if not isinstance(value, list | dict) or not value or rng.random() < 0.15:
        return pick(rng, JSON_VALUES)
    value = value.copy()
    key = pick(rng, [*value] if isinstance(value, dict) else range(len(value)))
    if rng.random() < 0.2:
        del value[key]
    else:
        value[key] = _mutated_json(rng, value[key])
    return value
