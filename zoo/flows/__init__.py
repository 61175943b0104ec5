"""Normalizing flows: invertible functions that make a posterior or prior richer than a Normal."""

from zoo.flows.autoregressive import InverseAutoregressiveFlow
from zoo.flows.base import Flow, FlowBijector, FlowNormal
from zoo.flows.coupling import CouplingFlow, SplineCouplingFlow
from zoo.flows.sylvester import SylvesterFlow

__all__ = [
    "CouplingFlow",
    "Flow",
    "FlowBijector",
    "FlowNormal",
    "InverseAutoregressiveFlow",
    "SplineCouplingFlow",
    "SylvesterFlow",
]

# name -> class, called without arguments
IDENTIFIERS = {
    "iaf": InverseAutoregressiveFlow,
    "coupling": CouplingFlow,
    "spline": SplineCouplingFlow,
    "sylvester": SylvesterFlow,
}
