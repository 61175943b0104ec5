"""Measured numbers of cards, with their errors and units. Imports nothing heavy."""

from collections.abc import Mapping
from typing import Any


def number_text(number: Mapping[str, Any]) -> str:
    """A measured number with its error, unit and how it was measured.

    >>> number_text({"value": -86.123, "error": 0.2345, "unit": "nats"})
    '-86.12 ± 0.23 nats'
    """
    check_number(number, "number")
    value, error = number["value"], number.get("error")
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
    text += "" if error is None else f" ± {error:.2f}"
    text += f" {number['unit']}" if number.get("unit") else ""
    return f"{text} ({number['how']})" if number.get("how") else text


def check_number(number: Any, argument: str) -> None:
    """Raise `TypeError` unless this is a measured number, a dict with at least "value"."""
    types = {"value": (int, float), "error": (int, float, type(None)), "unit": str, "how": str}
    is_number = isinstance(number, Mapping) and "value" in number
    if not is_number or not all(isinstance(number[n], types.get(n, ())) for n in number):
        raise TypeError(
            f"{argument} must be a dict with the number 'value' and perhaps the number 'error' and "
            f"the texts 'unit' and 'how', got {number!r:.200}"
        )
