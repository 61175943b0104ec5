"""Terms: named, weighted, per-example quantities in nats that an objective adds up."""

import math
import numbers

import keras

from zoo.core.elbo import total_kl
from zoo.core.serialization import component


class Term(keras.layers.Layer):
    """A quantity `per_example(x, y, out) -> [B]` in nats, and the weight that it has in the loss.

    The weight lives in a non-trainable variable, `current`: a schedule moves it (`zoo.Anneal`),
    and it is saved with the model. It acts on the loss, never on what is logged.

    Args:
        weight: its value at the start.
    """

    def __init__(self, weight=1.0, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        if not isinstance(weight, numbers.Real) or not 0 <= weight < math.inf:
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
    def quantities(self):
        """name -> variable that a schedule can move."""
        return {"weight": self.current}

    def per_example(self, x, y, out):
        """The raw quantity, `[B]`, in nats."""
        raise NotImplementedError

    def own_loss(self, x, y, out):
        """What trains the parts that the term itself owns, `[B]`: in the loss at any weight."""
        del x, y, out
        return 0.0


@component
class KL(Term):
    """KL(q(z|x) || p(z)), summed over stochastic layers; its weight is beta.

    Kingma and Welling, 2014; for a beta other than 1 Higgins et al., beta-VAE, 2017.
    """

    def __init__(self, weight=1.0, name="kl", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out):
        del x, y
        return total_kl(out)
