"""The variants that the conformance tests run on.

All in the catalogue, and one that a user adds. Models with factors that no variant has by default,
every flow, prior and objective in one of them at least, run the tests that a factor could fail.
"""

import pytest

import zoo
from zoo import flows
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.likelihoods import SharedScaleNormal
from zoo.objectives import (
    ELBO,
    KL,
    MMD,
    Adversarial,
    DoublyReparameterized,
    ImportanceWeighted,
    MeanCovariance,
    TotalCorrelation,
)
from zoo.variants.dense import dense_vae


def own_vae(*, latent_dim=3, kernel_regularizer=None, seed=None):
    """A user's variant, whose factors no variant in the catalogue has by default."""
    regularizer = {"kernel_regularizer": kernel_regularizer}
    return zoo.VAE(
        zoo.SingleLatent(
            DenseEncoder(latent_dim, hidden=(9,), activation="tanh", **regularizer),
            prior=zoo.NormalPrior(latent_dim),
        ),
        DenseDecoder(hidden=(7,), likelihood=SharedScaleNormal(0.5), **regularizer),
        objective=DoublyReparameterized(3),
        seed=seed,
        name="own_vae",
    )


def composed(factors):
    """A builder of a `dense_vae` with these factors, a function of `latent_dim`."""

    def build(*, latent_dim=3, kernel_regularizer=None, seed=None):
        body = dict(latent_dim=latent_dim, hidden=(9,), likelihood="shared_scale_normal")
        chosen = factors(latent_dim)
        return dense_vae(**body, **chosen, kernel_regularizer=kernel_regularizer, seed=seed)

    return build


def small_flow(name):
    """A flow of two steps, the fewest in which each order of the dimensions comes once."""
    return flows.IDENTIFIERS[name](steps=2, hidden=(7,))


FACTORS = {
    "iaf_and_vamp": lambda size: dict(
        flow=small_flow("iaf"), prior=zoo.VampPrior(size, 5), objective=ELBO((KL(), MMD(2.0)))
    ),
    "sylvester_and_iwae": lambda size: dict(
        flow=small_flow("sylvester"),
        prior=zoo.FlowPrior(size, small_flow("coupling")),
        objective=ImportanceWeighted(3),
    ),
    "spline_and_critic": lambda size: dict(
        flow=small_flow("spline"), prior="mixture", objective=ELBO((KL(), Adversarial(hidden=(5,))))
    ),
    "labels_and_covariances": lambda size: dict(
        prior=zoo.LabelPrior(size, 8),
        objective=ELBO((KL(), TotalCorrelation(0.5), MeanCovariance(0.5, 0.2))),
    ),
}
OWN = {"own_vae": own_vae, **{name: composed(factors) for name, factors in FACTORS.items()}}
VARIANTS = (*zoo.available(), "own_vae")
NAMES = (*VARIANTS, *FACTORS)

each_variant = pytest.mark.parametrize("name", VARIANTS)
each_model = pytest.mark.parametrize("name", NAMES)
