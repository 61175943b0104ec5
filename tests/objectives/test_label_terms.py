"""LabelKL and Classification against NumPy and Monte Carlo."""

import types

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import special, stats

from tests.objectives.labels import (
    LOC,
    LOGITS,
    SCALE,
    WEIGHTS,
    codes,
    kl_by_class,
    log_prob,
    log_prob_by_class,
    mixture,
)
from zoo.core.outputs import Draw, Pass
from zoo.core.samplers import RandomSampler
from zoo.objectives import KL, Classification, LabelKL
from zoo.priors.labels import LabelMixture

tfd = tfp.distributions


def passed(loc, scale, samples=1, seed=(1, 2), prior=None, posterior=None):
    """A pass with such posteriors, drawn from."""
    q = posterior or tfd.Normal(tf.convert_to_tensor(loc), tf.convert_to_tensor(scale))
    z, log_q = RandomSampler(tf.constant(seed), samples)(q)
    draw = Draw(q, prior or mixture(), z, log_q)
    sampler = types.SimpleNamespace(samples=samples)
    return Pass((draw,), None, tf.zeros([len(loc), 5]), sampler)


def test_the_kl_of_labelled_examples_is_exact():
    y = np.array([2, 0, 1, 1, 0, 2])
    expected = kl_by_class(*codes())[np.arange(6), y] - np.log(WEIGHTS[y])

    for seed in ((1, 2), (3, 4)):  # the draw does not matter
        got = LabelKL().per_example(None, y, passed(*codes(), seed=seed))
        np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_the_kl_of_unlabelled_examples_is_that_to_the_marginal():
    loc, scale = codes()
    unknown = np.full(6, -1)
    noise = np.random.default_rng(0).standard_normal((400_000, 1, 2))
    z = loc + scale * noise
    log_q = stats.norm.logpdf(z, loc, scale).sum(-1)
    expected = (log_q - log_prob(z)).mean(0)

    got = LabelKL().per_example(None, unknown, passed(loc, scale, samples=100_000))

    np.testing.assert_allclose(got, expected, atol=0.01)


def test_the_estimate_for_unlabelled_examples_has_less_noise_than_log_q_minus_log_p():
    apart = LabelMixture(tf.constant(LOGITS), tf.constant(3 * LOC), tf.constant(SCALE))
    loc, scale = codes(200)
    loc += 3 * LOC[np.arange(200) % 3]
    out = passed(loc, scale, prior=apart)
    exact = KL().per_example(None, None, passed(loc, scale, samples=20_000, prior=apart))

    ours = LabelKL().per_example(None, np.full(200, -1), out) - exact
    plain = KL().per_example(None, None, out) - exact

    assert np.square(ours).mean() < 0.5 * np.square(plain).mean()
    assert abs(np.mean(ours)) < 4 * np.std(ours) / np.sqrt(200)


def test_the_estimate_has_no_noise_if_z_determines_the_class():
    far = LabelMixture(tf.constant(LOGITS), tf.constant(40 * LOC), tf.constant(SCALE))
    loc, scale = 40 * LOC + 0.1, np.full((3, 2), 0.5, "float32")

    one, two = (
        LabelKL().per_example(None, y, passed(loc, scale, seed=seed, prior=far))
        for y, seed in ((np.full(3, -1), (1, 2)), (np.full(3, -1), (3, 4)))
    )
    known = LabelKL().per_example(None, np.arange(3), passed(loc, scale, prior=far))

    np.testing.assert_allclose(one, two, rtol=1e-6)
    np.testing.assert_allclose(one, known, rtol=1e-6)


@pytest.mark.parametrize("term", [LabelKL(), Classification()], ids=lambda t: t.name)
@pytest.mark.parametrize("samples", [1, 3])
def test_a_partly_labelled_batch_equals_both_kinds_apart(term, samples):
    y = np.array([2, -1, 1, -1, -1, 0])
    out = passed(*codes(), samples=samples)

    mixed = term.per_example(None, y, out)
    known = term.per_example(None, np.maximum(y, 0), out)
    unknown = term.per_example(None, np.full(6, -1), out)

    np.testing.assert_array_equal(mixed, np.where(y < 0, unknown, known))
    assert mixed.shape == (6,)


def test_classification_is_the_cross_entropy_of_bayes_rule():
    y = np.array([2, -1, 1, -1, -1, 0])
    out = passed(*codes(), samples=4)
    joint = log_prob_by_class(out.draws[0].z) + np.log(WEIGHTS)
    log_class = (joint - special.logsumexp(joint, -1, keepdims=True)).reshape(4, 6, 3).mean(0)

    got = Classification().per_example(None, y, out)

    expected = np.where(y < 0, 0.0, -log_class[np.arange(6), np.maximum(y, 0)])
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_the_kl_of_a_non_normal_posterior_is_estimated_at_its_draws():
    loc, scale = codes()
    q = tfd.Independent(tfd.StudentT(5.0, loc, scale), 1)
    out = passed(loc, scale, samples=2, posterior=q)
    draw, y = out.draws[0], np.array([2, -1, 1, -1, -1, 0])
    by_class = log_prob_by_class(draw.z)[np.arange(12), np.tile(np.maximum(y, 0), 2)]
    known = np.asarray(draw.log_q) - by_class - np.log(WEIGHTS[np.tile(np.maximum(y, 0), 2)])
    unknown = np.asarray(draw.log_q) - log_prob(draw.z)

    got = LabelKL().per_example(None, y, out)

    expected = np.where(np.tile(y, 2) < 0, unknown, known).reshape(2, 6).mean(0)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("term", [LabelKL(), Classification()], ids=lambda t: t.name)
def test_terms_take_any_batch_size_in_a_graph_and_under_xla(term, jit_compile):
    specs = [tf.TensorSpec([None, 2]), tf.TensorSpec([None, 2]), tf.TensorSpec([None], tf.int64)]

    @tf.function(jit_compile=jit_compile, input_signature=specs)
    def nats(loc, scale, y):
        q = tfd.Normal(loc, scale)
        draw = Draw(q, mixture(), loc, tf.zeros(tf.shape(loc)[:1]))
        sampler = types.SimpleNamespace(samples=1)
        return term.per_example(None, y, Pass((draw,), None, loc, sampler))

    loc, scale = codes()
    y = np.array([2, -1, 1, -1, -1, 0])
    for n in (6, 4):
        q = tfd.Normal(tf.constant(loc[:n]), tf.constant(scale[:n]))
        draw = Draw(q, mixture(), q.loc, tf.zeros([n]))
        out = Pass((draw,), None, q.loc, types.SimpleNamespace(samples=1))
        expected = term.per_example(None, y[:n], out)
        got = nats(tf.constant(loc[:n]), tf.constant(scale[:n]), tf.constant(y[:n]))
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)
