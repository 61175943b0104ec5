"""Likelihood regret: gain of the ELBO by a posterior optimised for a single example."""

import math

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import elbo
from zoo.core.forward import decode, forward_pass
from zoo.core.outputs import Draw, Pass
from zoo.core.samplers import CommonSampler, MeanSampler
from zoo.inference import batching

tfd = tfp.distributions


def likelihood_regret(model, x, batch_size=256, *, steps, learning_rate, samples, seed):
    """Likelihood regret of each example, `[N]` nats, at least 0.

    max over (m, s) of ELBO(x; Normal(m, s)) - ELBO(x; q(z|x)); see `LikelihoodRegretScore`.

    Raises:
        ValueError: the model has several stochastic layers, or its posterior is not a Normal.
    """

    def regret(batch, seed):
        q = _normal_posterior(forward_pass(model, batch, MeanSampler()).draws)
        start = tf.concat([q.loc, tf.math.log(q.scale)], -1)

        def elbos(parameters):
            return _elbo_of_normal(model, batch, parameters, CommonSampler(seed[0], samples))

        return maximize(elbos, start, steps, learning_rate) - elbos(start)

    name = ("likelihood_regret", steps, learning_rate, samples)
    return batching.map_batches(model, name, regret, x, batch_size, seed)


def maximize(function, start, steps, learning_rate):
    """Largest value `[B]` of `function` along a path of Adam from start `[B, P]`.

    Each row is optimised separately; the learning rate falls linearly to 0. Kingma and Ba, Adam: a
    method for stochastic optimization, 2015.

    Args:
        function: parameters `[B, P]` -> `[B]`, where the value of a row depends on that row alone.
    """
    beta_1, beta_2 = 0.9, 0.99  # beta_2 below the usual 0.999, because there are few steps

    def step(i, parameters, first, second, best):
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            value = function(parameters)
        gradient = tape.gradient(value, parameters)
        first = beta_1 * first + (1 - beta_1) * gradient
        second = beta_2 * second + (1 - beta_2) * gradient**2
        done = tf.cast(i, tf.float32)
        unbiased = first / (1 - beta_1 ** (done + 1))
        scale = tf.sqrt(second / (1 - beta_2 ** (done + 1))) + 1e-8
        parameters = parameters + learning_rate * (1 - done / steps) * unbiased / scale
        return i + 1, parameters, first, second, _maximum_without_nan(best, value)

    zeros = tf.zeros_like(start)
    lowest = tf.fill(tf.shape(start)[:1], -math.inf)
    state = (tf.constant(0), start, zeros, zeros, lowest)
    _, parameters, _, _, best = tf.while_loop(
        lambda i, *_: i < steps, step, state, parallel_iterations=1, maximum_iterations=steps
    )
    return _maximum_without_nan(best, function(parameters))


def _maximum_without_nan(best, value):
    """The larger of two; `best` if `value` is NaN."""
    return tf.where(value > best, value, best)


def _elbo_of_normal(model, batch, parameters, sampler):
    """The ELBO `[B]` of a posterior Normal(m, exp(l)), parameters `[B, 2 D]` = m, l."""
    loc, log_scale = tf.split(parameters, 2, -1)
    q = tfd.Normal(loc, tf.exp(log_scale))
    z, log_q = sampler(q)
    latents = model.latents
    draw = Draw(q, latents.prior.distribution(latents.encoder), z, log_q)
    likelihood = decode(model, z, model.decoder.event_shape_of(batch))
    return elbo.elbo(Pass((draw,), likelihood, batch, sampler))


def _normal_posterior(draws):
    """The posterior of the only stochastic layer; `ValueError` unless it is a Normal."""
    kinds = [type(draw.posterior).__name__ for draw in draws]
    if len(draws) != 1 or not isinstance(draws[0].posterior, tfd.Normal):
        raise ValueError(
            "vae must have one stochastic layer with a Normal posterior for likelihood_regret, got "
            f"{', '.join(kinds)}: use another score, such as 'elbo'"
        )
    return draws[0].posterior
