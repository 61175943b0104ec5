"""What training minimises: per-example nats, split by mathematics."""

from zoo.objectives.elbo import WeightedSum
from zoo.objectives.terms import KL, FreeBits, Term

__all__ = ["KL", "FreeBits", "Term", "WeightedSum"]
