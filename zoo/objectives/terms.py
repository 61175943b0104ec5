"""Terms: named, weighted, per-example quantities in nats that an objective adds up."""

import keras
import tensorflow as tf

from zoo.core.argument_values import is_float32
from zoo.core.elbo import total_kl
from zoo.core.outputs import Pass
from zoo.core.serialization import component
from zoo.core.validation import check_name


class Term(keras.layers.Layer):
    """Base class of terms: a quantity `per_example(x, y, out) -> [B]` in nats, and its weight.

    The current weight is a non-trainable variable, `current`, which `zoo.Anneal` sets on a schedule
    and which is saved with the model. It scales the term in the loss, but not the logged value.

    Args:
        weight: initial weight in the loss.
    """

    def __init__(self, weight: float = 1.0, **kwargs):
        check_name(kwargs.get("name"))
        super().__init__(**{**kwargs, "dtype": "float32"})
        if not is_float32(weight) or weight < 0:
            raise ValueError(f"weight must be a finite number of at least 0, got {weight!r}")
        self.weight = float(weight)
        self.current = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.weight),
            trainable=False,
            name="weight",
        )

    def build(self, input_shape):
        del input_shape

    @property
    def schedulable_variables(self) -> dict[str, keras.Variable]:
        """name -> variable that `zoo.Anneal` can set."""
        return {"weight": self.current}

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The unweighted quantity, `[B]` nats.

        Args:
            x, y: tensors of the data passed to `fit`; y may be None.
            out: the `Pass` of the model for x.
        """
        raise NotImplementedError

    def auxiliary_loss(self, x, y, out: Pass) -> tf.Tensor | float:
        """Loss of variables that the term owns, such as a critic's, `[B]`; added at any weight."""
        del x, y, out
        return 0.0


@component
class KL(Term):
    """KL(q(z|x) || p(z)), summed over stochastic layers; its weight is beta.

    Kingma and Welling, Auto-encoding variational Bayes, 2014; for a beta other than 1 Higgins et
    al., beta-VAE, 2017.

    Args:
        weight: beta.
    """

    def __init__(self, weight: float = 1.0, name: str = "kl", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The KL, `[B]` nats."""
        del x, y
        return total_kl(out)
