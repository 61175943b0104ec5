"""What variants with one stochastic layer share: names become factors."""

import functools

from zoo import flows, objectives, priors
from zoo.identifiers import resolve
from zoo.latents import SingleLatent
from zoo.objectives import KL, WeightedSum


def single_latent(encoder, prior=None, flow=None):
    """An encoder, and a prior and a flow that may be given by name."""
    known = {n: functools.partial(p, encoder.latent_dim) for n, p in priors.IDENTIFIERS.items()}
    return SingleLatent(
        encoder,
        prior=resolve(prior, known, "prior"),
        flow=resolve(flow, flows.IDENTIFIERS, "flow"),
    )


def chosen_objective(objective, beta, default=None):
    """The objective given, by name or as an object; else the ELBO, its KL weighted by beta.

    Raises:
        ValueError: both an objective and a beta.
    """
    if objective is None:
        return WeightedSum((KL(beta),)) if default is None else default
    if beta != 1:
        raise ValueError(
            f"beta={beta!r} must be 1 where an objective is given: give its KL the weight"
        )
    return resolve(objective, objectives.IDENTIFIERS, "objective")
