"""Contract of a likelihood: raw decoder outputs -> p(x|z)."""

import keras
import tensorflow as tf

from zoo.likelihoods.preprocessing import Preprocessor


class Likelihood(keras.layers.Layer):
    """Map raw decoder outputs to p(x|z), in float32 under any dtype policy.

    Call: raw `[B, *event[:-1], params_size(event[-1])]` -> an object with `log_prob(x) -> [B]` in
    nats, summed over the event, `mean() -> [B, *event]` and `sample(seed=...) -> [B, *event]`.

    A subclass implements `call`, and also `params_size` if a value of x has more than one
    parameter. `preprocessor` returns the `Preprocessor` that converts data to the form that
    `log_prob` takes.
    """

    params_per_series = 0  # of each channel: how many raw values are the same at all steps of x
    sample_options = ()  # names of further arguments of the distribution's `sample`

    def __init__(self, **kwargs):
        # float32 under any policy; Keras casts the decoder's output to it.
        super().__init__(**{**kwargs, "dtype": "float32"})

    def build(self, input_shape):
        del input_shape

    def params_size(self, channels):
        """Number of raw values that the decoder must return for `channels` values of x."""
        return channels

    def preprocessor(self):
        """A `Preprocessor` for data of this likelihood; a `VAE` makes one and owns it."""
        return Preprocessor(self)

    def check_missing(self, missing):
        """Raise ValueError if values missing as in bool `[N, *event]` cannot be drawn."""
        del missing

    def sample_missing(self, distribution, x, missing, seed):
        """Draw missing values of x from p(missing | observed, z); return x with them.

        By default values are independent given z.

        Args:
            distribution: p(x|z), as `call` returns it.
            x: tensor `[B, *event]`; what it holds where values are missing is ignored.
            missing: bool `[B, *event]`.
            seed: int32 `[2]`.
        """
        return tf.where(missing, tf.cast(distribution.sample(seed=seed), x.dtype), x)

    def target(self, x, next_seed):
        """The x whose probability is computed in training and evaluation; by default x itself.

        Args:
            x: tensor `[B, *event]`.
            next_seed: a function that returns an int32 `[2]`, for a target that is drawn.
        """
        del next_seed
        return x


def constant(value):
    """A constant initializer. Keras' own would need a config."""
    return lambda shape, dtype=None: tf.fill(shape, tf.cast(value, dtype or tf.float32))
