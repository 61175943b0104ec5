"""Adversarial term: a critic estimates the KL from the aggregate posterior to the prior."""

import keras
import tensorflow as tf

from zoo.core.argument_values import positive_tuples
from zoo.core.outputs import Pass
from zoo.core.serialization import component, ensure_built
from zoo.layers.dense import dense_stack
from zoo.objectives.batch_ops import mean_over_samples, sample_prior
from zoo.objectives.terms import Term


@component
class Adversarial(Term):
    """E_q[T(z)], T(z) a critic's estimate of log q(z) - log p(z): KL(q(z) || p(z)) in nats.

    q(z) is the mean of q(z|x) over the data; neither it nor the prior needs a density. T is a dense
    network, trained in the same steps by -log sigmoid(T(z)) - log sigmoid(-T(p)), p drawn from the
    prior, whose minimum is the log density ratio. The encoder's gradient passes through T with its
    weights fixed, the critic's gradient stops at z, so one optimizer trains both. In place of the
    KL it gives an adversarial autoencoder: Makhzani et al., Adversarial autoencoders, 2015. The
    encoder minimises the log density ratio of Mescheder et al., Adversarial variational Bayes,
    2017, because its gradient does not vanish where the critic is certain.

    The weight applies to the encoder only: the critic also learns at weight 0, and its
    cross-entropy (2 log 2 if z and p cannot be distinguished) is part of the loss. The estimate is
    noisy and only as good as the critic.

    Args:
        weight: weight of the encoder's part in the loss.
        hidden: widths of the critic's hidden layers.
        activation: activation of the critic's hidden layers.

    Raises:
        ValueError: there are several stochastic layers.
    """

    def __init__(
        self,
        weight: float = 1.0,
        hidden: int | tuple[int, ...] = (128, 128),
        activation="leaky_relu",
        name: str = "adversarial",
        **kwargs,
    ):
        super().__init__(weight, name=name, **kwargs)
        (self.hidden,) = positive_tuples(hidden=hidden)
        self.activation = activation
        layers = dense_stack(self.hidden, activation, None, "float32")
        self.critic = keras.Sequential([*layers, keras.layers.Dense(1, dtype="float32")])

    def build(self, input_shape):
        ensure_built(self.critic, input_shape)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The critic's estimate of log q(z) - log p(z), `[B]` nats."""
        del x, y
        fixed = [tf.stop_gradient(v) for v in self.critic.trainable_variables]
        logits, _ = self.critic.stateless_call(fixed, [], self._draw(out).z)
        return mean_over_samples(logits[:, 0], out)

    def auxiliary_loss(self, x, y, out: Pass) -> tf.Tensor:
        """The critic's cross-entropy for z against draws of the prior, `[B]` nats."""
        del x, y
        draw = self._draw(out)
        posterior_logits = self.critic(tf.stop_gradient(draw.z))
        prior_logits = self.critic(tf.stop_gradient(sample_prior(draw, out.sampler)))
        cross_entropy = tf.nn.softplus(-posterior_logits) + tf.nn.softplus(prior_logits)
        return mean_over_samples(cross_entropy[:, 0], out)

    def _draw(self, out):
        if len(out.draws) != 1:
            raise ValueError(
                f"latents must have one stochastic layer for Adversarial, got {len(out.draws)}: "
                "use MMD"
            )
        return out.draws[0]
