"""A VAE for tables of numbers, small enough not to learn the anomalies among them."""

import numpy as np

from zoo import likelihoods
from zoo.catalogue import get


def table_vae(x):
    """What an `AnomalyDetector` trains by default: a small `dense_vae`, its likelihood `Tabular`.

    Columns are standardised inside, NaN is a missing value, and nats are in the columns' own units.

    Args:
        x: training rows `[N, columns]`.

    Raises:
        ValueError: x is no table.
    """
    if np.ndim(x) != 2:
        raise ValueError(
            f"vae=None is for tables [N, columns], got X of shape {np.shape(x)}: give vae= a "
            "variant's name, such as 'conv_vae', or a function of X"
        )
    likelihood = likelihoods.Tabular.from_data(x)
    # Tables are small: a wide network would learn no more, and the anomalies by heart.
    return get("dense_vae", likelihood=likelihood, latent_dim=8, hidden=(128, 64))
