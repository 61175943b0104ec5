"""Training: how data reach the optimizer, optimizer steps, input corruptions."""

from zoo.training.corruptions import (
    AffineCorruption,
    GaussianCorruption,
    MaskingCorruption,
    ModalityDropout,
    NoiseLevelsCorruption,
    SaltAndPepperCorruption,
)
from zoo.training.missing_columns import MissingColumns
from zoo.training.optimizers import FusedAdam
from zoo.training.series_pca import SeriesPCA

__all__ = [
    "AffineCorruption",
    "FusedAdam",
    "GaussianCorruption",
    "MaskingCorruption",
    "MissingColumns",
    "ModalityDropout",
    "NoiseLevelsCorruption",
    "SaltAndPepperCorruption",
    "SeriesPCA",
]
