"""The critic of an adversarial term: values in NumPy, gradients, and training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.helpers import assert_same, values
from tests.objectives.passes import STANDARD, of, passed, twice, values_of
from tests.objectives.test_term_training import compiled, trained
from zoo.core.outputs import Draw, Pass
from zoo.core.samplers import RandomSampler
from zoo.objectives import KL, Adversarial

tfd = tfp.distributions


def critic(seed=0, **options):
    keras.utils.set_random_seed(seed)
    term = Adversarial(**{"hidden": (5, 4), "activation": "tanh", **options})
    term.build((None, 3))
    return term


def logits(term, z):
    *weights, kernel, bias = values(term.critic.trainable_variables)
    for w, b in zip(weights[::2], weights[1::2], strict=True):
        z = np.tanh(z @ w + b)
    return (z @ kernel + bias)[:, 0]


@pytest.mark.parametrize("samples", [1, 3])
def test_values_and_auxiliary_losses_equal_numpy(samples):
    term, out = critic(), passed(samples=samples)
    z = np.asarray(out.draws[0].z)
    fresh = RandomSampler(tf.constant([1, 2]), samples)
    fresh(out.draws[0].posterior)
    p = np.asarray(zoo.core.samplers.normal(z.shape, fresh.next_seed()))
    entropy = np.log1p(np.exp(-logits(term, z))) + np.log1p(np.exp(logits(term, p)))

    expected = logits(term, z).reshape(samples, 6).mean(0)
    np.testing.assert_allclose(values_of(term, out), expected, rtol=1e-4, atol=1e-6)
    auxiliary = term.auxiliary_loss(None, None, out)
    np.testing.assert_allclose(auxiliary, entropy.reshape(samples, 6).mean(0), rtol=1e-4)


def test_the_value_trains_the_encoder_and_the_auxiliary_loss_the_critic():
    term = critic()
    rng = np.random.default_rng(0)
    loc = tf.Variable(rng.standard_normal((6, 3)), dtype=tf.float32)
    weights = [v.value for v in term.critic.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        out = of(loc, tf.ones([6, 3]))
        value = tf.reduce_mean(term.per_example(None, None, out))
        auxiliary = tf.reduce_mean(term.auxiliary_loss(None, None, out))

    assert np.abs(tape.gradient(value, loc)).min() > 0
    assert tape.gradient(value, weights) == [None] * 6
    assert tape.gradient(auxiliary, loc) is None
    assert all(np.abs(g).max() > 0 for g in tape.gradient(auxiliary, weights))


def test_a_trained_critic_estimates_the_kl_in_nats():
    keras.utils.set_random_seed(0)
    term = Adversarial(hidden=(32, 32))
    term.build((None, 3))
    rate, variables = keras.optimizers.Adam(5e-3), term.critic.trainable_variables
    rate.build(variables)
    loc, scale = tf.constant([0.8, 0.0, -0.3]), tf.constant([0.6, 1.0, 0.9])

    def step(i):
        sampler = RandomSampler(tf.stack([i, 5]))
        q = tfd.Normal(tf.tile(loc[None], [512, 1]), tf.tile(scale[None], [512, 1]))
        z, log_q = sampler(q)
        out = Pass((Draw(q, STANDARD, z, log_q),), None, tf.zeros([512, 1]), sampler)
        with tf.GradientTape() as tape:
            auxiliary = tf.reduce_mean(term.auxiliary_loss(None, None, out))
        rate.apply(tape.gradient(auxiliary, [v.value for v in variables]), variables)
        return tf.reduce_mean(term.per_example(None, None, out))

    @tf.function
    def last_of(steps):
        estimates = tf.TensorArray(tf.float32, steps)
        for i in tf.range(steps):
            estimates = estimates.write(i, step(i))
        return estimates.stack()[-100:]

    estimates = last_of(tf.constant(400))

    kl = 0.5 * (loc**2 + scale**2 - 1) - np.log(scale)
    assert np.mean(estimates) == pytest.approx(np.sum(kl), abs=0.1)


def test_several_stochastic_layers_are_refused():
    with pytest.raises(ValueError, match="one stochastic layer for Adversarial, got 2"):
        critic().per_example(None, None, twice(passed()))


def test_a_term_of_weight_zero_trains_its_critic_alone():
    def with_critic():
        return KL(), Adversarial(0.0)

    # One step: a term that draws moves on the seed of the next one's noise.
    (vae, _), (plain, _) = (
        trained(terms, 24, run_eagerly=True) for terms in (with_critic, lambda: (KL(),))
    )
    fresh = compiled(with_critic)

    for part in ("latents", "decoder"):
        got, expected = (values(getattr(v, part).trainable_variables) for v in (vae, plain))
        assert_same(got, expected, rtol=1e-5, atol=1e-6)
    moved = zip(*(values(v.objective.trainable_variables) for v in (vae, fresh)), strict=True)
    assert all(np.abs(a - b).max() > 1e-4 for a, b in moved)
