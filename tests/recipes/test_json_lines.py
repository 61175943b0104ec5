"""Files of JSON lines."""

import pytest

pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")


def test_halves_of_characters_in_json_lines_are_replaced(recipe):
    lines = (
        r'{"a": "\ud83d", "b\ud800": {"c": ["\ud83d\ude00", 1.5]}}',
        r'{"a": "x\\ud800", "n": NaN}',
    )

    frame, notes = recipe("support.data.json_lines").read("\n".join(lines).encode(), None)

    assert list(frame.a) == ["\ufffd", r"x\ud800"]
    assert frame["b\ufffd.c"][0] == ["\U0001f600", 1.5]
    assert "halves of characters in 1 lines are read as \ufffd" in notes
