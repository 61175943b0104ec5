"""Default VAE of the anomaly detector: a small model for numeric tables."""

import numpy as np

from zoo import likelihoods
from zoo.core.arrays import as_array
from zoo.model import VAE
from zoo.variants.catalogue import get


def table_vae(x: np.ndarray) -> VAE:
    """Untrained default model of `AnomalyDetector`: a small `dense_vae` with a tabular likelihood.

    The likelihood standardises the columns and treats NaN as a missing value. Log-densities are in
    nats and refer to the columns' own units.

    Args:
        x: training rows `[N, columns]`.

    Raises:
        ValueError: x is not a matrix.
    """
    shape = as_array(x, "X").shape
    if len(shape) != 2:
        raise ValueError(
            f"X must be a table [N, columns] if vae=None, got shape {shape}: pass the name "
            "of a variant, such as vae='conv_vae', or a function of X"
        )
    likelihood = likelihoods.Tabular.from_data(x)
    # Tables are small: a wider network would memorise the anomalies among the training rows.
    return get("dense_vae", likelihood=likelihood, latent_dim=8, hidden=(128, 64))
