"""Anomaly detection with any VAE: scores in nats, and a detector as scikit-learn knows them."""

from zoo.anomaly.detector import AnomalyDetector
from zoo.anomaly.features import feature_scores
from zoo.anomaly.scores import (
    SCORES,
    Elbo,
    Kl,
    LikelihoodRegret,
    Reconstruction,
    ReconstructionProbability,
)
from zoo.anomaly.tables import table_vae
from zoo.anomaly.tails import Tails

__all__ = [
    "SCORES",
    "AnomalyDetector",
    "Elbo",
    "Kl",
    "LikelihoodRegret",
    "Reconstruction",
    "ReconstructionProbability",
    "Tails",
    "feature_scores",
    "table_vae",
]
