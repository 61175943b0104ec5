"""VAE of the encoded rows of a table, as the estimators of tables train it."""

import keras
import numpy as np

from zoo.core.estimators import default_epochs
from zoo.likelihoods import Tabular
from zoo.variants.catalogue import get

STEPS = 4000  # optimizer steps at most, if epochs=None
VALID = 0.1  # of the rows, for early stopping if epochs=None
MAX_VALID = 5000
MIN_ROWS = 50  # with fewer, no rows are held out for early stopping
PATIENCE = 0.1  # of the epochs
FLOOR = 0.02  # smallest standard deviation of a normal score given z


def train(rows, classes, settings, input_noise=None):
    """A trained `dense_vae` of encoded rows.

    Args:
        rows: float64 `[N, columns]`, from `Columns.encode`.
        classes: number of classes of each column, 0 for numbers.
        settings: an estimator with the arguments `latent_dim`, `hidden`, `beta`, `epochs`,
            `batch_size` and `verbose`.
        input_noise: corruption of the encoder's input.
    """
    likelihood = Tabular(classes, floor=FLOOR)
    vae = get(
        "dense_vae",
        likelihood=likelihood,
        latent_dim=settings.latent_dim,
        hidden=settings.hidden,
        beta=settings.beta,
        input_noise=input_noise,
    )
    options = dict(batch_size=settings.batch_size, verbose=settings.verbose)
    if settings.epochs is not None:
        vae.fit(rows, epochs=settings.epochs, **options)
        return vae
    epochs = default_epochs(rows, settings.batch_size, STEPS)
    if len(rows) < MIN_ROWS:
        vae.fit(rows, epochs=epochs, **options)
        return vae
    rows = np.random.default_rng(0).permutation(rows)
    held_out = min(MAX_VALID, max(1, int(VALID * len(rows))))
    stop = keras.callbacks.EarlyStopping(
        "val_elbo", mode="max", patience=max(5, int(PATIENCE * epochs)), restore_best_weights=True
    )
    data = dict(validation_data=(rows[:held_out],), callbacks=[stop])
    vae.fit(rows[held_out:], epochs=epochs, **data, **options)
    return vae
