"""Likelihood regret: what the ELBO of an example gains by a posterior of its own."""

import math

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import elbo as nats
from zoo.core.forward import forward_pass
from zoo.core.outputs import Draw, Pass
from zoo.core.samplers import CommonSampler, MeanSampler
from zoo.inference import batching

tfd = tfp.distributions


def likelihood_regret(model, x, batch_size=256, *, steps, learning_rate, samples, seed):
    """max over (m, s) of ELBO(x; Normal(m, s)) - ELBO(x; q(z|x)), `[N]` nats, at least 0.

    See `LikelihoodRegret`.

    Raises:
        ValueError: the model has several stochastic layers, or a posterior that is no Normal.
    """

    def regret(batch, unused):
        q = _normal(forward_pass(model, batch, MeanSampler()).draws)
        start = tf.concat([q.loc, tf.math.log(q.scale)], -1)

        def elbo(parameters):
            return _elbo(model, batch, parameters, CommonSampler(seed, samples))

        return ascend(elbo, start, steps, learning_rate) - elbo(start)

    name = ("likelihood_regret", steps, learning_rate, samples, seed)
    return batching.map_batches(model, name, regret, x, batch_size)


def ascend(function, start, steps, learning_rate):
    """The largest of the values `[B]` of `function` that Adam meets from start `[B, P]` on.

    Each row is searched for itself; the step's length falls to 0 in a line. Kingma and Ba, Adam, a
    method for stochastic optimization, 2015.

    Args:
        function: parameters `[B, P]` -> `[B]`, each row's value a function of that row alone.
    """
    fall, square = 0.9, 0.99  # the second shorter than usual: there are few steps

    def step(i, at, first, second, best):
        with tf.GradientTape() as tape:
            tape.watch(at)
            value = function(at)
        slope = tape.gradient(value, at)
        first = fall * first + (1 - fall) * slope
        second = square * second + (1 - square) * slope**2
        done = tf.cast(i, tf.float32)
        unbiased = first / (1 - fall ** (done + 1))
        size = tf.sqrt(second / (1 - square ** (done + 1))) + 1e-8
        at = at + learning_rate * (1 - done / steps) * unbiased / size
        return i + 1, at, first, second, _larger(best, value)

    nothing = tf.zeros_like(start)
    none = tf.fill(tf.shape(start)[:1], -math.inf)
    state = (tf.constant(0), start, nothing, nothing, none)
    _, at, _, _, best = tf.while_loop(
        lambda i, *_: i < steps, step, state, parallel_iterations=1, maximum_iterations=steps
    )
    return _larger(best, function(at))


def _larger(best, value):
    """The larger of two, where a value that is no number is none."""
    return tf.where(value > best, value, best)


def _elbo(model, batch, parameters, sampler):
    """The ELBO `[B]` of a posterior Normal(m, exp(l)), parameters `[B, 2 D]` = m, l."""
    loc, log_scale = tf.split(parameters, 2, -1)
    q = tfd.Normal(loc, tf.exp(log_scale))
    z, log_q = sampler(q)
    latents = model.latents
    draw = Draw(q, latents.prior.distribution(latents.encoder), z, log_q)
    likelihood = model.decode(z, model.decoder.event_shape_of(batch))
    return nats.elbo(Pass((draw,), likelihood, batch, sampler))


def _normal(draws):
    """The one posterior, which must be a Normal."""
    kinds = [type(draw.posterior).__name__ for draw in draws]
    if len(draws) != 1 or not isinstance(draws[0].posterior, tfd.Normal):
        raise ValueError(
            "likelihood_regret needs one stochastic layer whose posterior is a Normal, got "
            f"{', '.join(kinds)}"
        )
    return draws[0].posterior
