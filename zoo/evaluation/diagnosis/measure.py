"""Measurement of the numbers of a diagnosis, batch by batch."""

import contextlib

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import elbo, inputs, validation
from zoo.core.distributions import joint_normal, kl_per_dimension
from zoo.core.forward import decode, forward_pass
from zoo.core.functions import compiled
from zoo.core.samplers import CommonSampler, RandomSampler
from zoo.evaluation.diagnosis.reconstruction import reconstruction_r2
from zoo.evaluation.diagnosis.result import Diagnosis
from zoo.evaluation.diagnosis.running_moments import RunningMoments
from zoo.evaluation.diagnosis.trivial import trivial_log_probs
from zoo.evaluation.diagnosis.verdict import MIN_ACTIVE_VARIANCE
from zoo.inference import batching
from zoo.inference.batching import first
from zoo.model import VAE

tfd = tfp.distributions


def diagnose(
    model: VAE,
    x: np.ndarray | dict | tf.data.Dataset,
    *,
    importance_samples: int = 100,
    bounded: int = 512,
    pairs: int = 2000,
    seed: int = 0,
    batch_size: int = 256,
    verbose: int = 0,
) -> Diagnosis:
    """Measure how a trained VAE uses its latent space: a `Diagnosis` with a verdict and advice.

    Makes two passes over x, in memory that does not grow with the number of examples.

    Args:
        model: a `VAE`.
        x: held-out data: an array, or a dataset of x or of tuples that begin with x.
        importance_samples: draws for each example, for the bound on log p(x).
        bounded: maximum number of examples, the first ones, for which this bound is computed; it is
            the slowest part.
        pairs: maximum number of examples, the first ones, from which the mutual information is
            estimated; the estimate is at most log(pairs) nats.
        seed: seed of all draws.
        batch_size: examples at a time.
        verbose: 1 shows a progress bar.

    Raises:
        ValueError: x does not fit the model, or has fewer than two examples.
    """
    inputs.require_vae(model)
    validation.check_counts(importance_samples=importance_samples, bounded=bounded, pairs=pairs)
    validation.check_counts(batch_size=batch_size)
    validation.check_flags(verbose=verbose)
    seed = validation.as_seed(seed)
    moments = _moments(model, x, pairs, seed, batch_size, verbose)
    if moments.examples < 2:
        raise ValueError("x must hold at least two examples, got one")
    subset = first(x, bounded)
    bounds = model.log_likelihood(subset, importance_samples, seed, batch_size)
    elbos = model.elbo(subset, seed=seed, batch_size=batch_size)
    return Diagnosis(
        model=model.name,
        examples=moments.examples,
        bounded=len(bounds),
        importance_samples=importance_samples,
        log_likelihood=float(bounds.mean()),
        gap=float(bounds.mean() - elbos.mean()),
        trivial=trivial_log_probs(model, subset, seed),
        r2=reconstruction_r2(model, subset, seed, batch_size),
        **_averages(moments),
        **_dimensions(moments),
    )


def _averages(moments):
    """Fields of a `Diagnosis` that are means over all examples."""
    means, information = moments.means, moments.mutual_information()
    by_level = np.atleast_1d(means["kl_by_level"])
    return {
        "elbo": float(-means["nll"] - means["kl"]),
        "nll": float(means["nll"]),
        "kl": float(means["kl"]),
        "decoder_use": float(means["nll_with_other_z"] - means["nll_with_own_z"]),
        "mutual_information": information,
        # In a ladder, both terms are those of the top level, which stands last.
        "aggregate_kl": None if information is None else float(by_level[-1] - information),
        "kl_by_level": by_level,
    }


def _dimensions(moments):
    """Fields of a `Diagnosis` that have a number for each dimension, and histograms."""
    return {
        "kl_by_dimension": moments.means.get("kl_by_dimension"),
        "active": moments.std("posterior_mean") ** 2 > MIN_ACTIVE_VARIANCE,
        "loc_mean": moments.means["loc"],
        "loc_std": moments.std("loc"),
        "scale_mean": moments.means["scale"],
        "loc_histogram": moments.histogram("loc"),
        "scale_histogram": moments.histogram("scale"),
    }


def _moments(model, x, pairs, seed, batch_size, verbose):
    """Measure every example in one pass: the `RunningMoments` of all quantities."""
    moments, bar = RunningMoments(pairs), None

    def quantities(batch, seed):
        return {**_elbo_terms(model, batch), **_latent_quantities(model, batch, seed)}

    program = compiled(model, "diagnose", quantities)
    for i, batch in enumerate(batching.batches(model, x, batch_size)):
        # The seed is a tensor, because a Python integer would compile the function anew.
        measured = program(batch, tf.constant([seed, i]))
        moments.update(keras.tree.map_structure(np.asarray, measured))
        if verbose:
            bar = bar or keras.utils.Progbar(None, unit_name="batch")
            bar.update(i + 1)
    return moments


def _elbo_terms(model, batch):
    """The terms of `VAE.score` and the KL of each level, for each example, in nats."""
    out = forward_pass(model, batch, CommonSampler())
    levels = tf.stack(elbo.kl_by_level(out)[::-1], -1)
    return {"nll": elbo.nll(out), "kl": tf.reduce_sum(levels, -1), "kl_by_level": levels}


def _latent_quantities(model, batch, seed):
    """Posterior parameters, and the NLL with the example's own z and with that of another."""
    out = forward_pass(model, batch, RandomSampler(seed))
    q, z = joint_normal(out.draws), tf.concat([draw.z for draw in out.draws], -1)
    shape = model.decoder.event_shape_of(out.target)

    top = out.draws[0]
    quantities = {
        "loc": q.loc,
        "scale": q.scale,
        "posterior_mean": tf.concat(elbo.posterior_means(out), -1),
        "nll_with_own_z": elbo.nll(out),
        "nll_with_other_z": -decode(model, tf.roll(z, 1, 0), shape).log_prob(out.target),
    }
    if type(top.posterior) is tfd.Normal:
        posterior = top.posterior
        quantities |= {"top_z": top.z, "top_loc": posterior.loc, "top_scale": posterior.scale}
    with contextlib.suppress(NotImplementedError):  # no closed form; the report leaves it out
        kls = [kl_per_dimension(draw) for draw in out.draws]
        quantities["kl_by_dimension"] = tf.concat(kls, -1)
    return quantities
