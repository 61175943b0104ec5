"""Anomaly detection with a VAE: scores in nats, and an outlier detector for scikit-learn.

All scores follow scikit-learn's `score_samples`: higher is more normal. The recipes write the
opposite sign, an anomaly score such as -ELBO, which is higher for more anomalous examples.
"""

from zoo.anomaly.default_model import table_vae
from zoo.anomaly.detector import AnomalyDetector
from zoo.anomaly.feature_scores import feature_scores
from zoo.anomaly.neighbors import NeighborScore
from zoo.anomaly.scores import (
    SCORES,
    ELBOScore,
    KLScore,
    LikelihoodRegretScore,
    ReconstructionProbabilityScore,
    ReconstructionScore,
)
from zoo.anomaly.series_detector import SeriesDetector
from zoo.anomaly.tails import TailScore

__all__ = [
    "SCORES",
    "AnomalyDetector",
    "ELBOScore",
    "KLScore",
    "LikelihoodRegretScore",
    "NeighborScore",
    "ReconstructionProbabilityScore",
    "ReconstructionScore",
    "SeriesDetector",
    "TailScore",
    "feature_scores",
    "table_vae",
]
