"""Which variants the promises are tested on: all in the registry, and one that a user adds."""

import pytest

import zoo
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.likelihoods import SharedScaleNormal

OWN = "own_vae"
NAMES = (*zoo.available(), OWN)

each_variant = pytest.mark.parametrize("name", NAMES)


def own_vae(*, latent_dim=3, kernel_regularizer=None, seed=None):
    """A user's variant: other factors than the built-in ones have."""
    regularizer = {"kernel_regularizer": kernel_regularizer}
    return zoo.VAE(
        zoo.SingleLatent(DenseEncoder(latent_dim, hidden=(9,), activation="tanh", **regularizer)),
        DenseDecoder(hidden=(7,), likelihood=SharedScaleNormal(0.5), **regularizer),
        seed=seed,
        name=OWN,
    )
