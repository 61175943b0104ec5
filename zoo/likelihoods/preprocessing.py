"""Preprocessors: from a user's data to tensors and back."""

import tensorflow as tf

from zoo.core import arrays
from zoo.core.validation import check_finite, check_unit_interval

# Larger magnitudes overflow float32 once they are squared, summed and squared again by the
# optimizer; long before that an encoder cannot learn from them.
MAX_VALUE = 1e6


class Preprocessor:
    """Convert the user's x to the form that the model computes with, and back.

        user's x -- to_array --> array -- to_tensor --> tensor -- encoder_inputs --> encoder
        user's x <-- from_array -- array <----------- from_tensor -- tensor

    `to_array` runs once, before x is cut into batches. `to_tensor` and `from_tensor` consist of
    TensorFlow operations, so that a SavedModel contains them. This base class is for arrays of
    finite real numbers.

    Args:
        likelihood: the `Likelihood` of the data.
    """

    dtype = "float32"  # of x inside the model

    resources = ()  # lookup tables that a SavedModel must contain

    adapted = True  # False if `adapt` must run before training

    needs_vocabulary = False  # True where `to_array` must not run before `adapt`

    def __init__(self, likelihood):
        self.likelihood = likelihood

    def adapt(self, parts):
        """Learn units or a vocabulary from an iterable of arrays; this base class checks them."""
        for part in parts:
            self.validate(self.to_array(part))

    def to_array(self, x, argument="x"):
        """Convert the user's x to an array."""
        if not self.likelihood.built:  # or examples have a known shape
            arrays.refuse_several_inputs(x, argument)
        return arrays.as_array(x, argument)

    def event_shape(self, x):
        """Shape of an example of the array x."""
        return tuple(x.shape[1:])

    def validate(self, x, argument="x"):
        """Raise `ValueError` if the array x cannot be a sample of p(x|z)."""
        check_finite(x, argument)
        largest = max(abs(float(x.min())), abs(float(x.max())))
        if largest > MAX_VALUE:
            raise ValueError(
                f"{argument} must have magnitudes of at most {MAX_VALUE:g}, got {largest:.3g}: "
                "standardise it first, (x - mean) / std"
            )

    def validate_training(self, parts):
        """Raise `ValueError` if data, an iterable of arrays, cannot train all of the model."""
        del parts

    def to_tensor(self, x):
        """Convert a tensor in the user's form, as a SavedModel takes it, to x for `log_prob`."""
        return tf.cast(x, self.dtype)

    def encoder_inputs(self, x):
        """Convert the output of `to_tensor` to the encoder's input."""
        return x

    def encoder_inputs_shape(self, event_shape):
        """Shape of `encoder_inputs`, without the batch."""
        return tuple(event_shape)

    def from_tensor(self, x):
        """Convert a tensor x to the user's form; the inverse of `to_tensor`."""
        return x

    def from_array(self, x):
        """Convert an array x to the user's form; the inverse of `to_array`."""
        return x

    def signature(self, event_shape, name="x"):
        """`tf.TensorSpec` of the x that `to_tensor` takes."""
        return tf.TensorSpec([None, *event_shape], self.dtype, name=name)

    def serving_inputs(self, event_shape, subsets):
        """Inputs of a SavedModel: suffix of a signature's name -> `tf.TensorSpec` of x."""
        if subsets is not None:
            raise ValueError(f"subsets must be None where x has a single modality, got {subsets!r}")
        return {"": self.signature(event_shape)}

    def serving_outputs(self, x):
        """Outputs of a SavedModel: name -> tensor."""
        return {"mean": self.from_tensor(x)}


class UnitInterval(Preprocessor):
    """Arrays of values in [0, 1].

    Args:
        likelihood: the `Likelihood` of the data.
        purpose: description of the likelihood, for the error message.
    """

    def __init__(self, likelihood, purpose):
        super().__init__(likelihood)
        self.purpose = purpose

    def validate(self, x, argument="x"):
        check_unit_interval(x, argument, self.purpose)
