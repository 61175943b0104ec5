"""Tables: columns of data frames, synthetic rows, and the quality of synthetic tables.

Data frames come in and go out with the same columns, in the same order, with the same dtypes.
"""

from zoo.tables.batches import ParquetBatches
from zoo.tables.columns import Columns
from zoo.tables.embedder import VAEEmbedder
from zoo.tables.frames import as_frame
from zoo.tables.imputer import VAEImputer
from zoo.tables.kinds import (
    ID_NAME,
    LISTS,
    ColumnKind,
    holds_lists,
    is_sequence,
    number_kind,
    text_kind,
)
from zoo.tables.parts import KINDS
from zoo.tables.quality import SyntheticQuality, evaluate_synthetic
from zoo.tables.serving import serving_inputs
from zoo.tables.synthesizer import TableSynthesizer

__all__ = [
    "ID_NAME",
    "KINDS",
    "LISTS",
    "ColumnKind",
    "Columns",
    "ParquetBatches",
    "SyntheticQuality",
    "TableSynthesizer",
    "VAEEmbedder",
    "VAEImputer",
    "as_frame",
    "evaluate_synthetic",
    "holds_lists",
    "is_sequence",
    "number_kind",
    "serving_inputs",
    "text_kind",
]
