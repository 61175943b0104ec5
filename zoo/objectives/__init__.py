"""What training minimises: per-example nats, split by mathematics."""

from zoo.objectives.elbo import WeightedSum
from zoo.objectives.modalities import Alignment, Rescaling
from zoo.objectives.terms import KL, FreeBits, Term

__all__ = ["KL", "Alignment", "FreeBits", "Rescaling", "Term", "WeightedSum"]

IDENTIFIERS = {"elbo": WeightedSum}
