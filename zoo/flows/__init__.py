"""Flows: invertible functions that make more than a Normal of an encoder's posterior."""

from zoo.flows.base import Flow, FlowNormal

__all__ = ["Flow", "FlowNormal"]

IDENTIFIERS = {}
