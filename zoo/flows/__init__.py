"""Flows: invertible functions that make more than a Normal of an encoder's posterior."""

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
