"""A critic that tells draws of q(z) from draws of the prior."""

import keras
import tensorflow as tf

from zoo.core.serialization import as_tuple, component, ensure_built, positive
from zoo.layers.dense import dense_stack
from zoo.objectives.batch_ops import over_samples, prior_draws
from zoo.objectives.terms import Term


@component
class Adversarial(Term):
    """E_q[T(z)], T(z) what a critic takes log q(z) - log p(z) for: KL(q(z) || p(z)) in nats.

    q(z) is the mean of q(z|x) over the data and needs no density, nor does the prior. T is a dense
    network, trained in the same steps by -log sigmoid(T(z)) - log sigmoid(-T(p)), which is smallest
    where T is the log of the ratio; p are draws of the prior. The encoder sees T with its weights
    fixed, and the critic sees z fixed, so one optimizer serves both. In place of the KL it makes
    an adversarial autoencoder: Makhzani et al., 2015, with the density ratio of Mescheder et al.,
    Adversarial variational Bayes, 2017, as what the encoder gets: its gradient does not vanish
    where the critic is sure.

    The weight is the encoder's: the critic learns at weight 0 too, and its cross-entropy (2 log 2
    where it cannot tell) is part of the loss. As good as the critic: an estimate, that swings.

    Args:
        weight: of the encoder's share in the loss.
        hidden: widths of the critic's layers.
        activation: of these.

    Raises:
        ValueError: there are several stochastic layers.
    """

    def __init__(
        self, weight=1.0, hidden=(128, 128), activation="leaky_relu", name="adversarial", **kwargs
    ):
        super().__init__(weight, name=name, **kwargs)
        (self.hidden,) = positive(hidden=as_tuple(hidden))
        self.activation = activation
        layers = dense_stack(self.hidden, activation, None, "float32")
        self.critic = keras.Sequential([*layers, keras.layers.Dense(1, dtype="float32")])

    def build(self, input_shape):
        ensure_built(self.critic, input_shape)

    def per_example(self, x, y, out):
        """log q(z) - log p(z) as the critic sees it, `[B]` nats."""
        del x, y
        fixed = [tf.stop_gradient(v) for v in self.critic.trainable_variables]
        logits, _ = self.critic.stateless_call(fixed, [], self._draw(out).z)
        return over_samples(logits[:, 0], out)

    def own_loss(self, x, y, out):
        """The critic's cross-entropy for z against draws of the prior, `[B]` nats."""
        del x, y
        draw = self._draw(out)
        found = self.critic(tf.stop_gradient(draw.z))
        expected = self.critic(tf.stop_gradient(prior_draws(draw, out.sampler)))
        entropy = tf.nn.softplus(-found) + tf.nn.softplus(expected)
        return over_samples(entropy[:, 0], out)

    def _draw(self, out):
        if len(out.draws) != 1:
            raise ValueError(f"Adversarial needs one stochastic layer, got {len(out.draws)}")
        return out.draws[0]
