"""What training minimises: per-example nats, split by mathematics."""

from zoo.objectives.adversarial import Adversarial
from zoo.objectives.aggregate import AggregateCovariance, MeanCovariance, TotalCorrelation
from zoo.objectives.base import Objective
from zoo.objectives.bounded import Capacity, FreeBits
from zoo.objectives.discrepancy import MMD, RBF, InverseMultiquadratic
from zoo.objectives.elbo import WeightedSum
from zoo.objectives.importance import DoublyReparameterized, ImportanceWeighted
from zoo.objectives.labels import Classification, LabelKL
from zoo.objectives.levels import LevelKL
from zoo.objectives.modalities import Alignment, Rescaling
from zoo.objectives.terms import KL, Term

__all__ = [
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
    "Term",
    "TotalCorrelation",
    "WeightedSum",
]

IDENTIFIERS = {
    "elbo": WeightedSum,
    "iwae": ImportanceWeighted,
    "dreg": DoublyReparameterized,
}
