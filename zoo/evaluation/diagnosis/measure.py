"""The numbers of a diagnosis, of data of any length."""

import contextlib

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import elbo, validation
from zoo.core.distributions import joint_normal, kl_per_dimension
from zoo.core.samplers import CommonSampler, RandomSampler
from zoo.evaluation.diagnosis.result import Diagnosis
from zoo.evaluation.diagnosis.running_moments import Moments
from zoo.evaluation.diagnosis.verdict import ACTIVE
from zoo.inference import batching
from zoo.inference.batching import first

tfd = tfp.distributions


def diagnose(
    model,
    x,
    *,
    importance_samples=100,
    bounded=512,
    pairs=2000,
    seed=0,
    batch_size=256,
    verbose=0,
):
    """How a trained VAE uses its latent space: a `Diagnosis`, with a verdict and what to try.

    Two passes over x, and memory that does not grow with it.

    Args:
        model: a `VAE`.
        x: data that the model has not seen: array, or dataset of x or of tuples that begin with x.
        importance_samples: draws for each example, for the bound on log p(x).
        bounded: the first so many examples are what that bound is computed on, which takes longest.
        pairs: the first so many examples are what the mutual information is estimated from, at most
            log(pairs) nats.
        seed: of all draws.
        batch_size: examples at a time.
        verbose: 1 shows how far it is.

    Raises:
        ValueError: x is not what the model was built for, is empty or a single example.
    """
    validation.count(importance_samples=importance_samples, bounded=bounded, pairs=pairs)
    validation.count(batch_size=batch_size)
    seed = validation.seed(seed)
    moments = _measured(model, x, pairs, seed, batch_size, verbose)
    if moments.examples < 2:
        raise ValueError("x must hold at least two examples, got one")
    few = first(x, bounded)
    bound = model.log_likelihood(few, importance_samples, seed, batch_size)
    below = model.elbo(few, seed=seed, batch_size=batch_size)
    return Diagnosis(
        model=model.name,
        examples=moments.examples,
        bounded=len(bound),
        importance_samples=importance_samples,
        log_likelihood=float(bound.mean()),
        gap=float(bound.mean() - below.mean()),
        **_averages(moments),
        **_dimensions(moments),
    )


def _averages(moments):
    """The numbers of a `Diagnosis` that are means over all examples."""
    means, information = moments.means, moments.mutual_information()
    by_level = np.atleast_1d(means["kl_by_level"])
    return {
        "elbo": float(-means["nll"] - means["kl"]),
        "nll": float(means["nll"]),
        "kl": float(means["kl"]),
        "decoder_use": float(means["without"] - means["with"]),
        "mutual_information": information,
        # Of a ladder both are the top's.
        "aggregate_kl": None if information is None else float(by_level[-1] - information),
        "kl_by_level": by_level,
    }


def _dimensions(moments):
    """What a `Diagnosis` says of single dimensions."""
    return {
        "kl_by_dimension": moments.means.get("kl_by_dimension"),
        "active": moments.deviation("centre") ** 2 > ACTIVE,
        "loc_mean": moments.means["loc"],
        "loc_deviation": moments.deviation("loc"),
        "scale_mean": moments.means["scale"],
        "loc_histogram": moments.histogram("loc"),
        "scale_histogram": moments.histogram("scale"),
    }


def _measured(model, x, pairs, seed, batch_size, verbose):
    """One pass: the `Moments` of all that is measured of each example."""
    moments, bar = Moments(pairs), None

    def quantities(batch, seed):
        return {**_scores(model, batch), **_codes(model, batch, seed)}

    compiled = model.compiled_function("diagnose", quantities)
    for number, batch in enumerate(batching.batches(model, x, batch_size)):
        found = compiled(batch, tf.constant([seed, number]))  # integers would be compiled in
        moments.update(keras.tree.map_structure(np.asarray, found))
        if verbose:
            bar = bar or keras.utils.Progbar(None, unit_name="batch")
            bar.update(number + 1)
    if not moments.examples:
        raise ValueError("x must hold at least one example, got an empty dataset")
    return moments


def _scores(model, batch):
    """What `VAE.score` has, with the KL of each level: of each example, nats."""
    out = model.run(batch, CommonSampler())
    levels = tf.stack(elbo.kl_by_level(out)[::-1], -1)
    return {"nll": elbo.nll(out), "kl": tf.reduce_sum(levels, -1), "kl_by_level": levels}


def _codes(model, batch, seed):
    """Where the codes lie, and what the decoder makes of them and of another example's."""
    out = model.run(batch, RandomSampler(seed))
    q, z = joint_normal(out.draws), tf.concat([draw.z for draw in out.draws], -1)
    shape = model.decoded_shape(out.target)

    top = out.draws[0]
    found = {
        "loc": q.loc,
        "scale": q.scale,
        "centre": tf.concat(elbo.posterior_means(out), -1),
        "with": elbo.nll(out),
        "without": -model.decode(tf.roll(z, 1, 0), shape).log_prob(out.target),
    }
    if type(top.posterior) is tfd.Normal:
        found |= {"top_z": top.z, "top_loc": top.posterior.loc, "top_scale": top.posterior.scale}
    with contextlib.suppress(NotImplementedError):  # no closed form: the report says so
        found["kl_by_dimension"] = tf.concat([kl_per_dimension(draw) for draw in out.draws], -1)
    return found
