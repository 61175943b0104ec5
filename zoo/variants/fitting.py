"""Training of a model inside an estimator: by the name of a variant, or a function of the data."""

import math

import numpy as np

from zoo.core import inputs, streams
from zoo.core.estimators import default_epochs, seeded
from zoo.model import VAE
from zoo.training.xla import MIN_STEPS  # as many steps pay for compiling
from zoo.variants.catalogue import get

EPOCH_STEPS = 32  # in an epoch of a small table, which then has each row several times


def check_vae(vae):
    """Raise unless this is a built `VAE`, the name of a variant, a function, or None.

    Raises:
        TypeError: something else.
        ValueError: the VAE is not built.
    """
    if isinstance(vae, VAE):
        inputs.require_built(vae)
    elif not (vae is None or isinstance(vae, str) or callable(vae)):
        raise TypeError(
            "vae must be a VAE, the name of a variant, a function of X or None, got "
            f"{type(vae).__name__}"
        )


def train(vae, x, settings):
    """Build a new VAE and train it on x.

    Args:
        vae: the name of a variant, or a function of x that returns a `VAE`.
        x: array, dict of modalities, texts or dataset.
        settings: an estimator with the arguments `epochs` (None for about 1,000 steps),
            `batch_size`, `random_state` and `verbose`.
    """
    epochs = settings.epochs
    if epochs is None and _is_small_table(x, settings.batch_size):
        # An epoch of a few steps would cost more than its steps.
        x = np.tile(x, (math.ceil(EPOCH_STEPS * settings.batch_size / len(x)), 1))
        epochs = (MIN_STEPS - 1) // math.ceil(len(x) / settings.batch_size)
    elif epochs is None:
        epochs = default_epochs(x, settings.batch_size)
    batch_size = None if streams.is_stream(x) else settings.batch_size
    with seeded(settings.random_state):
        model = _build(vae, x)
        model.fit(x, epochs=epochs, batch_size=batch_size, verbose=settings.verbose)
    return model


def _is_small_table(x, batch_size):
    """True if an epoch of x would have fewer than `EPOCH_STEPS` steps."""
    return isinstance(x, np.ndarray) and x.ndim == 2 and 0 < len(x) < EPOCH_STEPS * batch_size


def _build(vae, x):
    model = get(vae) if isinstance(vae, str) else vae(x)
    if not isinstance(model, VAE):
        raise TypeError(
            "vae must be a function that returns a zoo.VAE, got one that returns "
            f"{type(model).__name__}"
        )
    return model
