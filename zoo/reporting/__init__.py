"""Reports: one HTML page about a trained model, with numbers, pictures and a latent map."""

from zoo.reporting.write import report

__all__ = ["report"]
