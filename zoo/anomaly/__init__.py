"""Anomaly detection with any VAE: scores in nats, and a detector as scikit-learn knows them."""

from zoo.anomaly.default_model import table_vae
from zoo.anomaly.detector import AnomalyDetector
from zoo.anomaly.feature_scores import feature_scores
from zoo.anomaly.scores import (
    SCORES,
    Elbo,
    Kl,
    LikelihoodRegret,
    Reconstruction,
    ReconstructionProbability,
)
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
