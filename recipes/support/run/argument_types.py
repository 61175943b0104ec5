"""Types of command-line arguments, for `add_argument(type=...)`."""

import argparse
import pathlib

LARGEST = 3.4e38  # of 32-bit floating point
MAX_INTEGER = 2**31 - 1  # TensorFlow counts steps and rows with at least these bits


def positive(text):
    """An integer of at least 1."""
    return _integer(text, 1)


def natural(text):
    """An integer of at least 0."""
    return _integer(text, 0)


def seed(text):
    """An integer that every random generator accepts."""
    value = _integer(text, 0, maximum=None)
    if value > MAX_INTEGER:
        raise argparse.ArgumentTypeError(f"expected an integer below 2**31, got {_short(text)}")
    return value


def path(text):
    """A path, with ~ for the home folder."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got an empty text")
    try:
        return pathlib.Path(text).expanduser()
    except RuntimeError as error:  # ~name of nobody
        raise argparse.ArgumentTypeError(f"expected a path, got {text!r}: {error}") from error


def folder(text):
    """Path of a folder to write to."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise argparse.ArgumentTypeError(f"expected a path in UTF-8, got {text!r}") from error
    return path(text)


def non_negative(text):
    """A finite number of at least 0."""
    value = _number(text)
    if not 0 <= value <= LARGEST:
        raise argparse.ArgumentTypeError(
            f"expected a number from 0 to {LARGEST:.2g}, got {_short(text)}"
        )
    return value


def fraction(text):
    """A number above 0 and below 1."""
    value = _number(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"expected a number above 0 and below 1, got {text}")
    return value


def probability(text):
    """A number from 0 to 1."""
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text}")
    return value


def _integer(text, minimum, maximum=MAX_INTEGER):
    try:
        value = int(text)
    except ValueError:
        value = None
    if value is None or value < minimum:
        raise argparse.ArgumentTypeError(
            f"expected an integer of at least {minimum}, got {_short(text)}"
        )
    if maximum is not None and value > maximum:
        raise argparse.ArgumentTypeError(
            f"expected an integer of at most {maximum}, got {_short(text)}"
        )
    return value


def _number(text):
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from error


def _short(text):
    return text if len(text) <= 50 else f"{text[:50]}..."
