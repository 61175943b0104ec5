"""Files of JSON lines as pandas data frames."""

import json

from support.data import text_encoding
from support.run.cli import InputError


def read(content, encoding):
    """A data frame of bytes with a JSON object in each line, and notes on what was detected."""
    import pandas as pd

    text, notes = text_encoding.decode(content, encoding)
    rows, replaced = [], 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row, halves = _with_whole_characters(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise InputError(
                "--data", f"expected a JSON object in each line, got line {number}: {error}"
            ) from error
        if not isinstance(row, dict):
            raise InputError(
                "--data", f"expected a JSON object in each line, got {line[:40]!r} in line {number}"
            )
        replaced += halves
        rows.append(row)
    if replaced:
        notes = (*notes, f"halves of characters in {replaced:,} lines are read as \ufffd")
    return pd.json_normalize(rows), notes


def _with_whole_characters(row):
    r"""The row with U+FFFD for halves of surrogate pairs, as \ud83d, and whether it had any."""
    text = json.dumps(row, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # no text may hold them
        return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")), True
    return row, False
