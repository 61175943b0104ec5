"""Importance-weighted bounds: values and gradients of a linear model against NumPy."""

import types

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import special, stats

import zoo
from zoo.core.outputs import Draw, Pass
from zoo.core.samplers import RandomSampler
from zoo.objectives import ELBO, MMD, DoublyReparameterized, ImportanceWeighted, Rescaling

tfd = tfp.distributions

NOISE = 0.7  # of p(x|z) = Normal(z w, NOISE)
SEED = tf.constant([3, 4])


def linear(rows=6, seed=0):
    """x and the parameters of each row's q(z|x) and p(x|z), and of p(z); z in 2-D, x in 3-D.

    But for p(z) each row has its own, so that one gradient gives those of all rows.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((1, 3)) if rows > 100 else rng.standard_normal((rows, 3))

    def each(value):
        return tf.Variable(np.broadcast_to(value, (rows, *value.shape[1:])), dtype=tf.float32)

    free = types.SimpleNamespace(
        loc=each(rng.standard_normal((1, 2))),
        log_scale=each(rng.standard_normal((1, 2)) * 0.3),
        prior=tf.Variable(rng.standard_normal(2) * 0.5, dtype=tf.float32),
        w=each(rng.standard_normal((1, 2, 3))),
    )
    return np.broadcast_to(x, (rows, 3)).astype("float32"), free


def passed(objective, x, free, seed=SEED):
    q = tfd.Normal(free.loc + 0.0, tf.exp(free.log_scale))
    sampler = objective.sampler(seed)
    z, log_q = sampler(q)
    mean = tf.einsum("nd,ndx->nx", z, sampler.tile(free.w))
    likelihood = tfd.Independent(tfd.Normal(mean, NOISE), 1)
    prior = tfd.Independent(tfd.Normal(free.prior + 0.0, 1.0), 1)
    return Pass((Draw(q, prior, z, log_q),), likelihood, tf.constant(x), sampler)


def built(objective):
    objective.build((None, 2))
    return objective


def gradients(objective, x, free, weights=1.0):
    """name -> gradient of sum over rows of weight * loss, `[rows, ...]`."""
    names = vars(free)
    with tf.GradientTape() as tape:
        loss = objective.per_example(None, None, passed(objective, x, free))
        total = tf.reduce_sum(loss * weights)
    values = tape.gradient(total, [*names.values()])
    values = [np.asarray(tf.convert_to_tensor(g), "float64") for g in values]
    return dict(zip(names, values, strict=True))


def by_hand(x, free, samples):
    """Draws, their log-weights and normalised weights, in NumPy: `[K, rows, ...]`."""
    at = {name: np.asarray(v, "float64") for name, v in vars(free).items()}
    at = types.SimpleNamespace(**at, scale=np.exp(at["log_scale"]))
    q = tfd.Normal(free.loc + 0.0, tf.exp(free.log_scale))
    z = np.asarray(RandomSampler(SEED, samples)(q)[0], "float64").reshape(samples, *at.loc.shape)
    mean = np.einsum("knd,ndx->knx", z, at.w)
    log_w = stats.norm.logpdf(x, mean, NOISE).sum(-1)
    log_w += stats.norm.logpdf(z, at.prior, 1.0).sum(-1)
    log_w -= stats.norm.logpdf(z, at.loc, at.scale).sum(-1)
    return at, z, mean, log_w, special.softmax(log_w, 0)[..., None]


def logged(objective, name):
    return float(objective.trackers[name].result())


@pytest.mark.parametrize("kind", [ImportanceWeighted, DoublyReparameterized])
@pytest.mark.parametrize("samples", [1, 4])
def test_the_loss_is_minus_the_log_of_the_mean_weight(kind, samples):
    x, free = linear()
    log_w = by_hand(x, free, samples)[3]
    objective = built(kind(samples))

    loss = objective.per_example(None, None, passed(objective, x, free))

    expected = -special.logsumexp(log_w, 0) + np.log(samples)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    assert logged(objective, "iwae") == pytest.approx(-expected.mean(), rel=1e-5)


def test_elbo_nll_and_kl_are_logged_as_by_the_elbo():
    x, free = linear()
    at, _, mean, _, _ = by_hand(x, free, 4)
    objective = built(ImportanceWeighted(4))

    objective.per_example(None, None, passed(objective, x, free))

    nll = -stats.norm.logpdf(x, mean, NOISE).sum(-1).mean()
    kl = 0.5 * (at.scale**2 + (at.loc - at.prior) ** 2 - 1) - at.log_scale
    assert logged(objective, "nll") == pytest.approx(nll, rel=1e-5)
    assert logged(objective, "kl") == pytest.approx(kl.sum(-1).mean(), rel=1e-5)
    assert logged(objective, "elbo") == pytest.approx(-nll - kl.sum(-1).mean(), rel=1e-5)


def test_the_bound_of_one_draw_is_the_elbo_with_its_kl_at_the_draw():
    x, free = linear()
    one, elbo = built(ImportanceWeighted(1)), built(ELBO())
    out = passed(elbo, x, free)
    (draw,) = out.draws

    loss = one.per_example(None, None, passed(one, x, free))

    sampled = draw.log_q - draw.prior.log_prob(draw.z)
    np.testing.assert_allclose(loss, sampled - out.likelihood.log_prob(x), rtol=1e-5)


def test_the_bound_rises_with_the_draws_to_the_log_likelihood():
    x, free = linear(4000)

    def bound(samples):
        objective = built(ImportanceWeighted(samples))
        objective.per_example(None, None, passed(objective, x, free))
        return logged(objective, "iwae")

    bounds = [bound(samples) for samples in (1, 2, 5, 50)]

    w, m = np.asarray(free.w[0], "float64"), np.asarray(free.prior, "float64")
    exact = stats.multivariate_normal.logpdf(x[0], m @ w, w.T @ w + NOISE**2 * np.eye(3))
    assert (np.diff([*bounds, exact]) > 0).all()
    assert bounds[-1] == pytest.approx(exact, abs=0.1)


@pytest.mark.parametrize("weights", [1.0, np.array([0, 1, 2, 0.5, 0, 3], "float32")])
@pytest.mark.parametrize(("kind", "power"), [(ImportanceWeighted, 1), (DoublyReparameterized, 2)])
def test_gradients_equal_numpy(kind, power, weights):
    x, free = linear()
    at, z, mean, _, weight = by_hand(x, free, 4)
    residual = (x - mean) / NOISE**2
    by_z = np.einsum("knx,ndx->knd", residual, at.w) - (z - at.prior)
    noise = (z - at.loc) / at.scale
    by_z_and_q = by_z + noise / at.scale  # - d log q / dz
    own = kind is ImportanceWeighted  # what q's own parameters do to its density, beside z
    direct = own * -noise / at.scale, own * (1 - noise**2)
    expected = {
        "loc": (weight**power * by_z_and_q + weight * direct[0]).sum(0),
        "log_scale": (weight**power * by_z_and_q * noise * at.scale + weight * direct[1]).sum(0),
        "prior": (weight * (z - at.prior)).sum(0),
        "w": np.einsum("kn,knd,knx->ndx", weight[..., 0], z, residual),
    }

    got = gradients(built(kind(4)), x, free, weights)

    for name, gradient in expected.items():
        by_row = np.broadcast_to(weights, 6).reshape(6, *[1] * (gradient.ndim - 1)) * gradient
        by_row = by_row.sum(0) if name == "prior" else by_row
        np.testing.assert_allclose(got[name], -by_row, rtol=1e-4, atol=1e-5)


def test_the_doubly_reparameterized_gradient_has_the_same_mean_and_less_variance():
    x, free = linear(20_000)
    plain, better = (
        gradients(built(kind(5)), x, free) for kind in (ImportanceWeighted, DoublyReparameterized)
    )

    for name in ("loc", "log_scale"):
        difference = better[name] - plain[name]
        error = difference.std(0) / np.sqrt(len(x))
        assert (np.abs(difference.mean(0)) < 4 * error).all()
        assert (np.abs(plain[name].mean(0)) > 8 * error).any()  # the means differ from 0
        assert (better[name].var(0) < 0.8 * plain[name].var(0)).all()
    for name in ("prior", "w"):
        np.testing.assert_allclose(better[name], plain[name], rtol=1e-4, atol=1e-4)


def test_terms_get_gradients_through_draws_that_are_not_reweighted():
    x, free = linear()

    def of_the_term(kind):
        with_term, without = kind(4, (MMD(7.0),)), kind(4)
        a, b = (gradients(built(o), x, free)["loc"] for o in (with_term, without))
        return a - b

    expected = of_the_term(ImportanceWeighted)

    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(of_the_term(DoublyReparameterized), expected, rtol=1e-3, atol=1e-5)


def test_a_term_that_reads_the_likelihood_is_refused_by_the_doubly_reparameterized():
    x, free = linear()
    objective = built(DoublyReparameterized(2, (Rescaling({"image": 2.0}),)))

    with pytest.raises(
        ValueError, match="terms of DoublyReparameterized must not read the likelihood"
    ):
        objective.per_example(None, None, passed(objective, x, free))


def test_other_posteriors_than_one_normal_are_refused_by_the_doubly_reparameterized():
    x, free = linear()
    objective = built(DoublyReparameterized(2))
    sampler = objective.sampler(SEED)
    mixture = zoo.core.distributions.NormalMixture(
        tf.zeros([4, 2, 3]), tf.ones([4, 2, 3]), tf.ones([4, 2], tf.bool)
    )
    out = passed(objective, x, free)
    both = Pass(2 * out.draws, out.likelihood, out.target, out.sampler)

    with pytest.raises(ValueError, match=r"Normal posterior for .*, got NormalMixture: use Import"):
        sampler(mixture)
    with pytest.raises(ValueError, match=r"one stochastic layer .*, got several layers"):
        sampler.each(out.draws[0].posterior)
    with pytest.raises(ValueError, match=r"one stochastic layer .*, got 2 layers"):
        objective.per_example(None, None, both)
