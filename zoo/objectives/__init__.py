"""Objectives: per-example losses in nats, composed of a bound and weighted terms."""

from zoo.objectives.adversarial import Adversarial
from zoo.objectives.disentangling import AggregateCovariance, MeanCovariance, TotalCorrelation
from zoo.objectives.elbo import ELBO, Objective
from zoo.objectives.free_bits import Capacity, FreeBits
from zoo.objectives.importance import DoublyReparameterized, ImportanceWeighted
from zoo.objectives.ladder import LevelKL
from zoo.objectives.mmd import MMD, RBF, InverseMultiquadratic
from zoo.objectives.multimodal import Alignment, Rescaling
from zoo.objectives.semi_supervised import Classification, LabelKL
from zoo.objectives.squared_error import SquaredError
from zoo.objectives.terms import KL, Term

__all__ = [
    "ELBO",
    "KL",
    "MMD",
    "RBF",
    "Adversarial",
    "AggregateCovariance",
    "Alignment",
    "Capacity",
    "Classification",
    "DoublyReparameterized",
    "FreeBits",
    "ImportanceWeighted",
    "InverseMultiquadratic",
    "LabelKL",
    "LevelKL",
    "MeanCovariance",
    "Objective",
    "Rescaling",
    "SquaredError",
    "Term",
    "TotalCorrelation",
]

IDENTIFIERS = {
    "elbo": ELBO,
    "iwae": ImportanceWeighted,
    "dreg": DoublyReparameterized,
}
