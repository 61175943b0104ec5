"""Types of command-line arguments, for `add_argument(type=...)`."""

import argparse
import pathlib

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
    if value >= 2**31:
        raise argparse.ArgumentTypeError(f"expected an integer below 2**31, got {value}")
    return value


def path(text):
    """A path, with ~ for the home folder."""
    return pathlib.Path(text).expanduser()


def non_negative(text):
    """A finite number of at least 0."""
    value = _number(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of at least 0, got {text}")
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
        raise argparse.ArgumentTypeError(f"expected an integer of at least {minimum}, got {text}")
    if maximum is not None and value > maximum:
        raise argparse.ArgumentTypeError(f"expected an integer of at most {maximum}, got {text}")
    return value


def _number(text):
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from error
