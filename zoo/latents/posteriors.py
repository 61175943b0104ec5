"""Posterior heads: encoder features -> q(z|x)."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import increasing, positive
from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.identifiers import as_regularizer
from zoo.core.serialization import component, ensure_built

tfd = tfp.distributions


@component
class NormalPosterior(keras.layers.Layer):
    """Normal posterior head: q(z|x) = Normal(loc, scale), independent over dimensions.

    scale = floor + softplus(raw), at most about ceiling, in float32 under any dtype policy. With
    these bounds neither KL nor log-probability can become NaN through the scale.

    Args:
        latent_dim: D, the number of latent dimensions.
        floor: the smallest scale, in units of z.
        ceiling: the largest scale, in units of z.
        kernel_regularizer: as in `keras.layers.Dense`.

    Call: features `[B, F]` -> `tfd.Normal` with batch `[B, D]`.
    """

    def __init__(
        self,
        latent_dim: int,
        *,
        floor: float = 1e-4,
        ceiling: float = 100.0,
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (latent_dim,) = positive(latent_dim=latent_dim)
        if not increasing(0, floor, ceiling):
            raise ValueError(
                "floor and ceiling must satisfy 0 < floor < ceiling, got "
                f"floor={floor!r}, ceiling={ceiling!r}"
            )
        self.latent_dim, self.floor, self.ceiling = latent_dim, floor, ceiling
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        # One matrix product for both halves. The default initializer starts scales near log 2.
        self.dense = keras.layers.Dense(
            2 * latent_dim,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="loc_and_raw_scale",
        )

    def build(self, input_shape):
        ensure_built(self.dense, input_shape)

    def call(self, features: tf.Tensor) -> tfd.Normal:
        outputs = keras.ops.cast(self.dense(features), "float32")
        loc, raw = keras.ops.split(outputs, 2, axis=-1)
        return tfd.Normal(loc, bounded_scale(raw, self.floor, self.ceiling))

    def assign_linear(self, kernel: np.ndarray, bias: np.ndarray, scale: np.ndarray) -> None:
        """Set the first K dimensions: loc = features @ kernel + bias, the same scale for all x.

        Args:
            kernel: `[F, K]`.
            bias: `[K]`.
            scale: `[K]`; at least twice the floor is used.
        """
        count = len(bias)
        raw = [raw_of(max(s, 2.0 * self.floor), self.floor) for s in scale]
        weights, biases = (np.array(v) for v in (self.dense.kernel, self.dense.bias))
        raws = slice(self.latent_dim, self.latent_dim + count)
        weights[:, :count], biases[:count] = kernel, bias
        weights[:, raws], biases[raws] = 0.0, raw
        self.dense.kernel.assign(weights)
        self.dense.bias.assign(biases)


def check_posterior(posterior):
    """Raise `TypeError` unless this is a layer or None."""
    if posterior is not None and not isinstance(posterior, keras.layers.Layer):
        raise TypeError(f"posterior must be a layer or None, got {type(posterior).__name__}")
