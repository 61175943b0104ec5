"""One page about a trained model, for people: numbers, pictures, a map, in a single file."""

from zoo.reporting.write import report

__all__ = ["report"]
