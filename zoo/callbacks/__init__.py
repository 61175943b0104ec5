"""Keras callbacks for training VAEs."""

from zoo.callbacks.anneal import Anneal, cyclical, linear, sigmoid
from zoo.callbacks.guard import NonFiniteGuard
from zoo.callbacks.resume import Resume

__all__ = ["Anneal", "NonFiniteGuard", "Resume", "cyclical", "linear", "sigmoid"]
