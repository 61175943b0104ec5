"""KLs that are pressed only so far: free bits, and a capacity to be used."""

import math

import keras
import tensorflow as tf

from zoo.core.distributions import kl, kl_per_dimension
from zoo.core.elbo import total_kl
from zoo.core.serialization import component, positive
from zoo.objectives.batch_ops import mean_of_all, over_samples
from zoo.objectives.terms import Term


@component
class FreeBits(Term):
    """sum_g max(floor, KL_g), KL_g the batch's mean KL in group g of z: in place of the KL.

    A group whose KL is below the floor is not pressed any further, so that it can start to carry
    something. It goes by the KL's name, so that schedules find it; what is logged under that name
    stays the KL itself. Kingma et al., Improving variational inference with inverse autoregressive
    flow, 2016, equation 15.

    Args:
        floor: nats that each group has free.
        weight: of the whole in the loss.
        group_size: latent dimensions in a group, one by default; consecutive ones, which it must
            divide. None: each stochastic layer is one group, whatever its posterior is; where its
            KL has no closed form, it is the mean of log q(z|x) - log p(z) at the draws.

    Raises:
        ValueError: group_size does not divide a layer's dimensions, or is a number where the KL of
            single dimensions has no closed form.
    """

    def __init__(self, floor=0.1, weight=1.0, group_size=1, name="kl", **kwargs):
        super().__init__(weight, name=name, **kwargs)
        if not floor > 0:
            raise ValueError(f"floor must be nats above 0, got {floor!r}")
        if group_size is not None:
            (group_size,) = positive(group_size=group_size)
        self.floor, self.group_size = floor, group_size

    def per_example(self, x, y, out):
        del x, y
        # Each example keeps its own KL, and its own weight; the batch decides what is free.
        return sum(self._bounded(self._groups(draw, out)) for draw in out.draws)

    def _groups(self, draw, out):
        """KL of each group, `[B, G]` nats."""
        if self.group_size is None:
            return over_samples(kl(draw), out)[:, None]
        nats = self._per_dimension(draw)
        if nats.shape[-1] % self.group_size:
            raise ValueError(
                f"group_size={self.group_size} must divide the {nats.shape[-1]} dimensions of each "
                "stochastic layer"
            )
        groups = [-1, nats.shape[-1] // self.group_size, self.group_size]
        return over_samples(tf.reduce_sum(tf.reshape(nats, groups), -1), out)

    def _per_dimension(self, draw):
        try:
            return kl_per_dimension(draw)
        except NotImplementedError:
            raise ValueError(
                f"group_size={self.group_size} needs a KL in closed form, which "
                f"{type(draw.posterior).__name__} has not to {type(draw.prior).__name__}: "
                "give group_size=None"
            ) from None

    def _bounded(self, nats):
        mean = tf.stop_gradient(mean_of_all(nats))
        return tf.reduce_sum(tf.where(mean > self.floor, nats, self.floor), -1)


@component
class Capacity(Term):
    """|KL - C|, KL the batch's mean and C a capacity in nats: in place of the KL.

    Raises the KL to C and holds it there. A schedule moves C, from about 0 to what the data need:
    `zoo.Anneal(zoo.callbacks.linear(10_000, 0.0, 25.0), quantity="capacity")`. It goes by the KL's
    name; what is logged under that name stays the KL itself. Burgess et al., Understanding
    disentangling in beta-VAE, 2018, whose gamma is the weight.

    Args:
        capacity: C in nats, at the start.
        weight: of the whole in the loss; the larger, the closer the KL follows C.
    """

    def __init__(self, capacity=0.0, weight=100.0, name="kl", **kwargs):
        super().__init__(weight, name=name, **kwargs)
        if not 0 <= capacity < math.inf:
            raise ValueError(f"capacity must be nats of at least 0, got {capacity!r}")
        self.capacity = float(capacity)
        self.current_capacity = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.capacity),
            trainable=False,
            name="capacity",
        )

    @property
    def quantities(self):
        """name -> variable that a schedule can move."""
        return {**super().quantities, "capacity": self.current_capacity}

    def per_example(self, x, y, out):
        del x, y
        # Each example's own share, and its own weight; their mean is |KL - C|.
        nats = total_kl(out)
        side = tf.sign(tf.stop_gradient(mean_of_all(nats)) - self.current_capacity)
        return side * (nats - self.current_capacity)
