"""Preprocessors: from a user's data to tensors and back."""

import numpy as np
import tensorflow as tf

from zoo.core import arrays, inputs
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

    encoder_layers = ()  # layers with weights that `encoder_inputs` uses

    missing_allowed = False  # True where NaN, or a masked value, is a missing one

    adapted = True  # False if `adapt` must run before training

    needs_vocabulary = False  # True where `to_array` must not run before `adapt`

    has_names = False  # True where x is a dict of arrays

    def __init__(self, likelihood):
        self.likelihood = likelihood

    def adapt(self, parts):
        """Learn units or a vocabulary from an iterable of arrays; this base class checks them."""
        for part in parts:
            self.validate(inputs.numeric(self.to_array(part), "x"))

    def undo(self):
        """Return a function that undoes what `adapt` learns from now on."""
        return lambda: None

    def to_array(self, x, argument="x"):
        """Convert the user's x to an array."""
        x = arrays.unmasked(x, argument, self.missing_allowed)
        if not self.likelihood.built:  # or examples have a known shape
            arrays.refuse_several_inputs(x, argument)
        return arrays.as_array(x, argument)

    def event_shape(self, x):
        """Shape of an example of the array x."""
        return tuple(x.shape[1:])

    def extreme_rows(self, x):
        """Mask `[N]` of the examples that `validate` refuses because their values are too large."""
        largest = np.maximum(np.abs(x.max(axis=1)), np.abs(x.min(axis=1)))
        return (largest > MAX_VALUE).reshape(len(x), -1).any(1)

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

    needs_float64 = False  # True where x must stay float64 until `to_tensor`

    def compact(self, x):
        """An array as it is held in memory for training: float32, unless that loses digits."""
        return x.astype("float32") if x.dtype == np.float64 and not self.needs_float64 else x

    def to_dense(self, x):
        """A dense tensor of numbers in the user's units, which `to_tensor` still takes.

        Args:
            x: a batch as a dataset yields it, of strings, or ragged.
        """
        return self.to_tensor(x)

    def to_tensor(self, x):
        """Convert a tensor in the user's form, as a SavedModel takes it, to x for `log_prob`."""
        return tf.cast(x, self.dtype)

    def encoder_inputs(self, x):
        """Convert the output of `to_tensor` to the encoder's input."""
        return x

    def encoder_inputs_shape(self, event_shape):
        """Shape of `encoder_inputs`, without the batch."""
        return tuple(event_shape)

    def relocated(self, distribution):
        """p(x|z) over x in the user's units, from that of the model."""
        return distribution

    def add_origin(self, x, dtype=tf.float64):
        """A tensor in the user's units, of this dtype if they differ from the model's."""
        del dtype
        return x

    def from_tensor(self, x):
        """Convert a tensor x to the user's form; the inverse of `to_tensor`."""
        return x

    def from_array(self, x):
        """Convert an array x to the user's form; the inverse of `to_array`."""
        return x

    def signature(self, event_shape, name="x"):
        """`tf.TensorSpec` of the x that `to_tensor` takes."""
        return tf.TensorSpec([None, *event_shape], self.dtype, name=name)

    def exact_signature(self, event_shape, name="x"):
        """The same, float64 where float32 would lose digits."""
        spec = self.signature(event_shape, name)
        return tf.TensorSpec(spec.shape, "float64", name) if self.needs_float64 else spec

    def serving_inputs(self, event_shape, subsets):
        """Inputs of a SavedModel: suffix of a signature's name -> `tf.TensorSpec` of x.

        Where float32 would lose digits, there are further signatures with the suffix `_float64`.
        """
        if subsets is not None:
            raise ValueError(f"subsets must be None where x has a single modality, got {subsets!r}")
        signatures = {"": self.signature(event_shape)}
        if self.needs_float64:
            signatures["_float64"] = self.exact_signature(event_shape)
        return signatures

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

    def extreme_rows(self, x):
        return np.zeros(len(x), bool)

    def validate(self, x, argument="x"):
        check_unit_interval(x, argument, self.purpose)
