"""Models that several files look at."""

import keras
import numpy as np
import pytest

import zoo
from tests.likelihoods.text.texts import LENGTH, TEXTS, text_vae
from zoo.likelihoods import Text


@pytest.fixture(scope="module")
def vae(request):
    """An untrained model with the decoder of the parameter; not to be trained."""
    return text_vae(getattr(request, "param", "transformer"))


@pytest.fixture(scope="module")
def writer():
    """A model trained to reconstruct five texts exactly."""
    keras.utils.set_random_seed(0)  # initial weights for which a short training suffices
    vae = zoo.get(
        "transformer_vae",
        likelihood=Text(40, LENGTH + 1, width=16),
        **dict(latent_dim=6, blocks=1, heads=2, hidden=32, dropout=0.0, word_dropout=0.3, seed=1),
        beta=0.01,
    )
    vae.compile(zoo.FusedAdam(1e-2), jit_compile=False)
    vae.fit(np.array(40 * TEXTS, object), batch_size=5, epochs=5, shuffle=False, verbose=0)
    return vae
