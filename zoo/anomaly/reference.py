"""Scores that are fitted to reference examples."""

import numpy as np
import tensorflow as tf

from zoo.model import VAE


class NeedsReference:
    """Base class of scores with `fit`, which returns the score with its reference."""

    def __call__(self, vae: VAE, x: np.ndarray | tf.data.Dataset, batch_size: int = 256):
        name = type(self).__name__
        raise TypeError(
            f"{name} must be fitted to reference examples first: pass it to AnomalyDetector, or "
            f"call {name}().fit(vae, x)"
        )
