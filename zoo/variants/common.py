"""What variants with one stochastic layer share: names become factors."""

import functools

from zoo import flows, objectives, priors
from zoo.core.identifiers import resolve
from zoo.latents import SingleLatent
from zoo.objectives import ELBO, KL


def single_latent(encoder, prior=None, flow=None):
    """An encoder, and a prior and a flow that may be given by name."""
    return SingleLatent(
        encoder,
        prior=named_prior(prior, encoder.latent_dim),
        flow=resolve(flow, flows.IDENTIFIERS, "flow"),
    )


def named_prior(prior, latent_dim):
    """A `Prior` that may be given by name; None stays None."""
    known = {n: functools.partial(p, latent_dim) for n, p in priors.IDENTIFIERS.items()}
    return resolve(prior, known, "prior")


def chosen_objective(objective, beta, default=None):
    """The objective given, by name or as an object; else the ELBO, its KL weighted by beta.

    Raises:
        ValueError: both an objective and a beta.
    """
    if objective is None:
        return ELBO((KL(beta),)) if default is None else default
    if beta != 1:
        raise ValueError(
            f"beta={beta!r} must be 1 where an objective is given: give its KL the weight"
        )
    return resolve(objective, objectives.IDENTIFIERS, "objective")
