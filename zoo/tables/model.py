"""VAE of the encoded rows of a table, as the estimators of tables train it."""

import math

import keras
import numpy as np

from zoo.likelihoods import Tabular
from zoo.variants.catalogue import get

STEPS = 4000  # optimizer steps at most, if epochs=None
CHECK = 50  # optimizer steps between two looks at the held-out rows, at least
VALID = 0.1  # of the rows, for early stopping
MAX_VALID = 5000
MIN_ROWS = 50  # with fewer, no rows are held out
FLOOR = 0.02  # smallest standard deviation of a normal score given z


def build(classes, **options):
    """An untrained `dense_vae` of encoded rows.

    Args:
        classes: number of classes of each column, 0 for numbers.
        **options: those of `dense_vae`.
    """
    return get("dense_vae", likelihood=Tabular(classes, floor=FLOOR), **options)


def train(rows, classes, settings, input_noise=None, patience=400):
    """A trained `dense_vae` of encoded rows.

    Args:
        rows: float64 `[N, columns]`, from `Columns.encode`.
        classes: number of classes of each column, 0 for numbers.
        settings: an estimator with the arguments `latent_dim`, `hidden`, `beta`, `epochs`,
            `batch_size` and `verbose`.
        input_noise: corruption of the encoder's input.
        patience: optimizer steps without a better ELBO of held-out rows, if epochs=None.
    """
    vae = _built(classes, settings, input_noise)
    options = dict(batch_size=settings.batch_size, verbose=settings.verbose)
    if settings.epochs is not None:
        vae.fit(rows, epochs=settings.epochs, **options)
        return vae
    held_out = min(MAX_VALID, int(VALID * len(rows))) if len(rows) >= MIN_ROWS else 0
    order = np.random.default_rng(0).permutation(len(rows))
    # An epoch of a small table would be shorter than its evaluation: it has each row several times.
    order, valid = order[held_out:], rows[order[:held_out]]
    rows = rows[np.tile(order, math.ceil(CHECK * settings.batch_size / len(order)))]
    steps = math.ceil(len(rows) / settings.batch_size)
    if held_out:
        options |= dict(validation_data=(valid,), callbacks=[_early_stopping(patience, steps)])
    vae.fit(rows, epochs=math.ceil(STEPS / steps), **options)
    return vae


def train_on_dataset(dataset, classes, settings, input_noise=None):
    """A trained `dense_vae` of a dataset of batches of encoded rows, whose number is known.

    With epochs=None there are at least `STEPS` optimizer steps in whole passes over the data, which
    are too many rows to be learned by heart: nothing is held out.
    """
    vae = _built(classes, settings, input_noise)
    epochs = settings.epochs or math.ceil(STEPS / len(dataset))
    vae.fit(dataset, epochs=epochs, verbose=settings.verbose)
    return vae


def _built(classes, settings, input_noise):
    options = dict(latent_dim=settings.latent_dim, hidden=settings.hidden, beta=settings.beta)
    return build(classes, input_noise=input_noise, **options)


def _early_stopping(patience, steps):
    """Stop after `patience` steps without a better ELBO of held-out rows; epochs have `steps`."""
    patience = max(2, math.ceil(patience / steps))
    return keras.callbacks.EarlyStopping(
        "val_elbo", mode="max", patience=patience, restore_best_weights=True
    )
