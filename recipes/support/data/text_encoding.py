"""Text of a file's bytes: its encoding, detected or given by --encoding, and its lines."""

import codecs
import re

from support.run.cli import InputError

CONTROL = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")
MARK, END = "\ufeff", "\x1a"  # the byte order mark, and the end of a file of MS-DOS
UNSEEN = {MARK: "byte order marks within the text", "\u00ad": "soft hyphens"}
LINE_END = re.compile(r"\r\n|\r|\n")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# First bytes of files that are not text, and what to do.
SIGNATURES = {
    b"\x1f\x8b": "gzip data; give its name the ending .gz",
    b"BZh": "bzip2 data; give its name the ending .bz2",
    b"\xfd7zXZ": "xz data; give its name the ending .xz",
    b"PK\x03\x04": "a zip archive or Excel file; unpack it, or give its name the ending .xlsx",
    b"%PDF-": "a PDF file; save its text as .txt",
    b"{\\rtf": "an RTF file; save it as plain text",
    b"\xd0\xcf\x11\xe0": "an old Office file; save it as .xlsx, .csv or .txt",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"PAR1": "a Parquet file; give its name the ending .parquet",
}


def decode(content, encoding, argument="--data"):
    """The text of a file's bytes, and notes on its encoding and on what is no part of the text.

    Args:
        content: bytes.
        encoding: a name of Python's codecs, or None to detect UTF-8, UTF-16 or Windows-1252.
        argument: the flag that an error names.
    """
    text, notes = _decoded(content, encoding, argument)
    text = text.removeprefix(MARK)
    for character, name in UNSEEN.items():
        if character in text:
            notes += (f"{text.count(character):,} {name} are left out",)
            text = text.replace(character, "")
    if text.endswith(END):
        text, notes = text.rstrip(END), (*notes, "the character Ctrl-Z at its end is left out")
    controls = CONTROL.findall(text)
    if controls:
        kept = f"control or replacement characters, such as {controls[0]!r}, are kept"
        notes += (f"{len(controls):,} {kept}",)
    return text, notes


def _decoded(content, encoding, argument):
    if encoding is not None:
        try:
            return content.decode(encoding), ()
        except (UnicodeError, LookupError) as error:
            raise InputError("--encoding", f"expected the file's encoding: {error}") from error
    for mark, name in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _decode(content, name, argument), (f"encoding: {name}, by its byte order mark",)
    for signature, what in SIGNATURES.items():
        if content.startswith(signature):
            raise InputError(argument, f"expected a file of text, got {what}")
    zeros = content[:2000].count(0)
    if zeros > len(content[:2000]) // 4:  # Latin letters of UTF-16 have a zero byte each
        name = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
        text = _decode(content, name, argument)
        if not CONTROL.search(text):
            return text, (f"encoding: {name}, by its zero bytes",)
    if b"\0" in content:
        position = content.index(b"\0")
        raise InputError(
            argument,
            f"expected a file of text, got a NUL byte (0x00) at position {position}; remove such "
            "bytes, convert the file to text, or name its encoding with --encoding, as of UTF-16",
        )
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        return _decode_eight_bits(content, error, argument)


def _decode(content, name, argument):
    try:
        return content.decode(name)
    except UnicodeError as error:
        raise InputError(
            argument, f"expected text in {name}, got {error}; name another with --encoding"
        ) from error


def _decode_eight_bits(content, error, argument):
    """Windows-1252, of which Latin-1 is nearly a part; control characters mean that it is not."""
    byte = f"the byte 0x{content[error.start]:02x} at position {error.start}"
    unicode = content.decode("utf-8", "replace")
    errors = unicode.count("\ufffd")
    if len(unicode) - len(unicode.encode("ascii", "ignore")) > 2 * errors:
        raise InputError(
            argument,
            f"expected text in UTF-8, as most of the file is, got {byte}; correct the file, or "
            "name its encoding with --encoding",
        )
    text = content.decode("cp1252", "replace")
    if CONTROL.search(text):
        raise InputError(
            argument,
            f"expected text in UTF-8 or Windows-1252, got {byte}, which is not UTF-8, and bytes "
            "that are not Windows-1252; name its encoding with --encoding; if it was joined from "
            "files in several encodings, convert them first",
        )
    note = f"encoding: not UTF-8 ({byte}), so read as Windows-1252; --encoding names another"
    return text, (note,)


def split_lines(text):
    """The lines of a text, which end at CR, LF or both.

    `str.splitlines` also cuts at form feeds and U+2028, which are part of a line.
    """
    lines = LINE_END.split(text)
    return lines[:-1] if lines[-1] == "" else lines
