"""The contract of a likelihood head: raw decoder outputs -> p(x|z)."""

import keras
import numpy as np
import tensorflow as tf

from zoo.core.validation import check_finite

# Larger magnitudes overflow float32 once they are squared, summed and squared again by the
# optimizer; long before that an encoder cannot learn from them.
MAX_VALUE = 1e6


class Likelihood(keras.layers.Layer):
    """Turns raw decoder outputs into p(x|z), in float32 under any dtype policy.

    Call: raw `[B, *event[:-1], outputs(event[-1])]` -> an object with `log_prob(x) -> [B]` in nats,
    summed over the event, `mean() -> [B, *event]` and `sample(seed=...) -> [B, *event]`.
    """

    def __init__(self, **kwargs):
        # float32 whatever the policy: Keras casts the decoder's output on the way in.
        super().__init__(**{**kwargs, "dtype": "float32"})

    def build(self, input_shape):
        del input_shape

    def outputs(self, channels):
        """How many raw numbers the decoder must give for each `channels` of x."""
        return channels

    x_dtype = "float32"  # of x inside the model

    resources = ()  # lookup tables, for Keras' export to find

    adapted = True  # False where `adapt` must see data first

    def adapt(self, parts):
        """Learn from an iterable of arrays what must be known of x, its units or its words."""
        del parts

    def prepare(self, x, argument="x"):
        """x as users give it -> an array."""
        del argument
        return x if isinstance(x, np.ndarray) else np.asarray(x)

    def read(self, x):
        """A tensor as users give it -> x, as log_prob takes it."""
        return tf.cast(x, self.x_dtype)

    def write(self, x):
        """A tensor x -> as users read it: undoes `read`."""
        return x

    def present(self, x):
        """An array x -> as users read it: undoes `prepare`."""
        return x

    def signature(self, event_shape, name="x"):
        """`tf.TensorSpec` of what `read` takes."""
        return tf.TensorSpec([None, *event_shape], self.x_dtype, name=name)

    def signatures(self, event_shape, subsets):
        """What SavedModels take: {suffix of a signature's name: what `read` takes}."""
        if subsets is not None:
            raise ValueError(f"subsets={subsets!r} has a meaning for several modalities only")
        return {"": self.signature(event_shape)}

    def outputs_written(self, x):
        """A tensor x -> what SavedModels give: {name of an output: tensor}."""
        return {"mean": self.write(x)}

    def event_shape(self, x):
        """Shape of an example of the array x."""
        return tuple(x.shape[1:])

    def target(self, x, next_seed):
        """The x to be explained while training and evaluating; `next_seed()` gives an int32 [2]."""
        del next_seed
        return x

    def features(self, x):
        """What the encoder sees of a target x."""
        return x

    def features_shape(self, event_shape):
        """Shape of `features`, without the batch."""
        return tuple(event_shape)

    def check_training(self, parts):
        """Raise `ValueError` where data cannot teach all of the model; they come part by part."""
        del parts

    def check(self, x, argument="x"):
        """Raise `ValueError` where the array x cannot be a sample of this distribution."""
        check_finite(x, argument)
        largest = max(abs(float(x.min())), abs(float(x.max())))
        if largest > MAX_VALUE:
            raise ValueError(
                f"{argument} holds values up to {largest:.3g} in magnitude, expected at most "
                f"{MAX_VALUE:g}: standardise it first, (x - mean) / standard deviation"
            )


def constant(value):
    """An initializer; Keras' own would need a config that no one reads."""
    return lambda shape, dtype=None: tf.fill(shape, tf.cast(value, dtype or tf.float32))
