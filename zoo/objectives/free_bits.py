"""Free bits and capacity: KL terms that do not drive the KL to zero."""

import keras
import tensorflow as tf

from zoo.core.argument_values import increasing, is_float32, positive
from zoo.core.distributions import kl, kl_per_dimension
from zoo.core.elbo import total_kl
from zoo.core.outputs import Pass
from zoo.core.serialization import component
from zoo.objectives.batch_ops import global_mean, mean_over_samples
from zoo.objectives.terms import Term


@component
class FreeBits(Term):
    """Free bits: sum_g max(floor, KL_g), KL_g the batch's mean KL in group g of z's dimensions.

    Use it in place of `KL`. A group whose KL is below the floor receives no gradient that lowers it
    further, so it can start to encode information. The default name is "kl", so that schedules for
    beta apply to this term; the logged `kl` is the true KL. Kingma et al., Improving variational
    inference with inverse autoregressive flow, 2016, equation 15.

    Args:
        floor: free nats of each group.
        weight: weight of the sum in the loss.
        group_size: number of consecutive latent dimensions in a group, one by default; it must
            divide the dimensions of each stochastic layer. With None, each stochastic layer is one
            group, and any posterior is allowed; if its KL has no closed form, it is estimated by
            the mean of log q(z|x) - log p(z) at the draws.

    Raises:
        ValueError: group_size does not divide a layer's dimensions, or is not None although the KL
            of single dimensions has no closed form.
    """

    def __init__(
        self,
        floor: float = 0.1,
        weight: float = 1.0,
        group_size: int | None = 1,
        name: str = "kl",
        **kwargs,
    ):
        super().__init__(weight, name=name, **kwargs)
        if not increasing(0, floor):
            raise ValueError(f"floor must be nats above 0, got {floor!r}")
        if group_size is not None:
            (group_size,) = positive(group_size=group_size)
        self.floor, self.group_size = floor, group_size

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """Each example's part of the sum, `[B]` nats; their mean is the sum over groups."""
        del x, y
        # Values are per example, so that sample weights apply; groups are free by the batch's mean.
        return sum(self._bounded(self._groups(draw, out)) for draw in out.draws)

    def _groups(self, draw, out):
        """KL of each group, `[B, G]` nats."""
        if self.group_size is None:
            return mean_over_samples(kl(draw), out)[:, None]
        nats = self._per_dimension(draw)
        if nats.shape[-1] % self.group_size:
            raise ValueError(
                f"group_size must divide the {nats.shape[-1]} dimensions of each stochastic layer, "
                f"got {self.group_size}"
            )
        shape = [-1, nats.shape[-1] // self.group_size, self.group_size]
        return mean_over_samples(tf.reduce_sum(tf.reshape(nats, shape), -1), out)

    def _per_dimension(self, draw):
        try:
            return kl_per_dimension(draw)
        except NotImplementedError:
            raise ValueError(
                f"group_size must be None if the KL from {type(draw.posterior).__name__} to "
                f"{type(draw.prior).__name__} has no closed form, got {self.group_size}"
            ) from None

    def _bounded(self, nats):
        mean = tf.stop_gradient(global_mean(nats))
        return tf.reduce_sum(tf.where(mean > self.floor, nats, self.floor), -1)


@component
class Capacity(Term):
    """Capacity: |KL - C|, KL the batch's mean and C a capacity in nats.

    Use it in place of `KL`: it brings the KL to C and holds it there. A schedule raises C from
    about 0 to the nats that the data need: `zoo.Anneal(zoo.callbacks.linear(10_000, 0.0, 25.0),
    quantity="capacity")`. The default name is "kl"; the logged `kl` is the true KL. Burgess et al.,
    Understanding disentangling in beta-VAE, 2018, whose gamma is the weight.

    Args:
        capacity: initial C in nats.
        weight: weight of the distance in the loss; the larger, the closer the KL follows C.
    """

    def __init__(self, capacity: float = 0.0, weight: float = 100.0, name: str = "kl", **kwargs):
        super().__init__(weight, name=name, **kwargs)
        if not is_float32(capacity) or capacity < 0:
            raise ValueError(f"capacity must be nats of at least 0, got {capacity!r}")
        self.capacity = float(capacity)
        self.current_capacity = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.capacity),
            trainable=False,
            name="capacity",
        )

    @property
    def schedulable_variables(self) -> dict[str, keras.Variable]:
        """name -> variable that `zoo.Anneal` can set."""
        return {**super().schedulable_variables, "capacity": self.current_capacity}

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """Each example's part of the distance, `[B]` nats; their mean is |KL - C|."""
        del x, y
        nats = total_kl(out)
        sign = tf.sign(tf.stop_gradient(global_mean(nats)) - self.current_capacity)
        return sign * (nats - self.current_capacity)
