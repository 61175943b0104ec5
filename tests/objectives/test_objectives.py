"""Terms that see the batch as a whole: by hand in NumPy, what they train, and through fit."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import special, stats

import zoo
from tests.helpers import assert_same, data, optimizer, run_python, small, values
from zoo.core.outputs import Draw, Pass
from zoo.core.samplers import RandomSampler
from zoo.objectives import (
    ELBO,
    KL,
    MMD,
    RBF,
    Adversarial,
    AggregateCovariance,
    Capacity,
    InverseMultiquadratic,
    MeanCovariance,
    TotalCorrelation,
)

tfd = tfp.distributions

STANDARD = tfd.Independent(tfd.Normal([0.0, 0.0, 0.0], 1.0), 1)


def passed(rows=6, samples=1, prior=STANDARD, seed=0, shift=0.0):
    """A pass with one stochastic layer of three dimensions."""
    rng = np.random.default_rng(seed)
    loc = tf.constant(rng.standard_normal((rows, 3)) + shift, tf.float32)
    return of(loc, tf.constant(rng.uniform(0.4, 0.8, (rows, 3)), tf.float32), samples, prior)


def of(loc, scale, samples=1, prior=STANDARD):
    q = tfd.Normal(loc + 0.0, scale + 0.0)
    sampler = RandomSampler(tf.constant([1, 2]), samples)
    z, log_q = sampler(q)
    return Pass((Draw(q, prior, z, log_q),), None, tf.zeros([loc.shape[0], 5]), sampler)


def twice(out):
    return dataclasses.replace(out, draws=2 * out.draws)


def values_of(term, out):
    found = np.asarray(term.per_example(None, None, out))
    assert found.shape == (out.target.shape[0],)
    return found


def parts(out):
    q = out.draws[0].posterior
    return (np.asarray(a, "float64") for a in (q.loc, q.scale, out.draws[0].z))


def gradient(term, loc, scale, samples=1):
    with tf.GradientTape() as tape:
        found = tf.reduce_mean(term.per_example(None, None, of(loc, scale, samples)))
    return tape.gradient(found, [loc, scale])


# Total correlation


@pytest.mark.parametrize("samples", [1, 3])
def test_total_correlation_by_hand(samples):
    out = passed(samples=samples)
    loc, scale, z = parts(out)
    log_p = stats.norm.logpdf(z[:, None], loc, scale)  # [S * B, B, D]
    joint = special.logsumexp(log_p.sum(-1), 1) - np.log(6)
    marginals = (special.logsumexp(log_p, 1) - np.log(6)).sum(-1)

    got = values_of(TotalCorrelation(), out)

    np.testing.assert_allclose(got, (joint - marginals).reshape(samples, 6).mean(0), rtol=1e-4)
    both = values_of(TotalCorrelation(), twice(out))
    np.testing.assert_allclose(both, 2 * got, rtol=1e-5)


def test_total_correlation_of_a_correlated_normal_is_that_of_its_correlation():
    rng, rho = np.random.default_rng(0), 0.8
    codes = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], 2000).astype("float32")
    prior = tfd.Independent(tfd.Normal([0.0, 0.0], 1.0), 1)
    out = of(tf.constant(codes), tf.fill([2000, 2], 0.2), prior=prior)

    exact = -0.5 * np.log(1 - (rho / 1.04) ** 2)  # the scale adds 0.04 to each variance
    assert values_of(TotalCorrelation(), out).mean() == pytest.approx(exact, abs=0.04)


def test_one_example_or_one_dimension_has_no_total_correlation():
    np.testing.assert_allclose(values_of(TotalCorrelation(), passed(1)), 0.0, atol=1e-5)
    prior = tfd.Independent(tfd.Normal([0.0], 1.0), 1)
    out = of(tf.constant([[0.3], [2.0]]), tf.constant([[0.5], [0.1]]), prior=prior)
    np.testing.assert_allclose(values_of(TotalCorrelation(), out), 0.0, atol=1e-6)


def test_minibatch_weighted_sampling_is_larger_by_a_constant():
    out, data_size = passed(), 5000
    loc, scale, z = parts(out)
    log_p = stats.norm.logpdf(z[:, None], loc, scale)
    weighted = special.logsumexp(log_p.sum(-1), 1) - np.log(6 * data_size)
    weighted -= (special.logsumexp(log_p, 1) - np.log(6 * data_size)).sum(-1)

    got = values_of(TotalCorrelation(), out)

    np.testing.assert_allclose(weighted - got, 2 * np.log(data_size), rtol=1e-4)


# Covariances


@pytest.mark.parametrize(
    ("kind", "own"), [(MeanCovariance, 0.0), (AggregateCovariance, 1.0)], ids=["means", "draws"]
)
def test_covariance_penalties_by_hand(kind, own):
    out = passed()
    loc, scale, _ = parts(out)
    covariance = np.cov(loc.T, bias=True) + own * np.diag((scale**2).mean(0))
    off = covariance - np.diag(np.diag(covariance))
    expected = (off**2).sum() + 4.0 * ((np.diag(covariance) - 1) ** 2).sum()

    np.testing.assert_allclose(values_of(kind(diagonal=4.0), out), expected, rtol=1e-5)
    np.testing.assert_allclose(values_of(kind(diagonal=4.0), twice(out)), 2 * expected, rtol=1e-5)


def test_uncorrelated_means_of_variance_one_cost_nothing():
    corners = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], "float32")
    out = of(tf.constant(corners + 5), tf.fill([8, 3], 0.5))

    np.testing.assert_allclose(values_of(MeanCovariance(), out), 0.0, atol=1e-8)
    np.testing.assert_allclose(values_of(AggregateCovariance(), out), 3 * 0.25**2, rtol=1e-5)


@pytest.mark.parametrize("term", [TotalCorrelation(), AggregateCovariance()])
def test_posteriors_that_are_not_normal_are_refused_by_name(term):
    out = passed()
    mixture = zoo.core.distributions.NormalMixture(
        tf.zeros([6, 2, 3]), tf.ones([6, 2, 3]), tf.ones([6, 2], tf.bool)
    )
    draw = dataclasses.replace(out.draws[0], posterior=mixture)

    with pytest.raises(ValueError, match=r"needs a Normal posterior, .* got NormalMixture"):
        term.per_example(None, None, dataclasses.replace(out, draws=(draw,)))


@pytest.mark.parametrize("diagonal", [-1.0, float("inf")])
def test_diagonal_must_be_a_weight(diagonal):
    with pytest.raises(ValueError, match="diagonal must be a finite number"):
        MeanCovariance(diagonal=diagonal)


# Maximum mean discrepancy


KERNELS = {
    "inverse multiquadratic": (InverseMultiquadratic, lambda d, h: 1 / (1 + d / h)),
    "rbf": (RBF, lambda d, h: np.exp(-d / h)),
}


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize(("kind", "by_hand"), KERNELS.values(), ids=[*KERNELS])
def test_mmd_by_hand(kind, by_hand, samples):
    scales = (0.5, 2.0)
    out = passed(samples=samples, shift=1.0)
    z = np.asarray(out.draws[0].z, "float64").reshape(samples, 6, 3)
    fresh = RandomSampler(tf.constant([1, 2]), samples)  # the same seeds once more
    fresh(out.draws[0].posterior)
    p = zoo.core.samplers.normal([samples * 6, 3], fresh.next_seed())
    p = np.asarray(p, "float64").reshape(samples, 6, 3)

    def k(a, b):
        return np.mean([by_hand(((a - b) ** 2).sum(), 6.0 * s) for s in scales])

    total = 0.0
    for s in range(samples):
        for i in range(6):
            for j in range(6):
                within = k(z[s, i], z[s, j]) + k(p[s, i], p[s, j]) if i != j else 0.0
                total += within / 30 - 2 * k(z[s, i], p[s, j]) / 36

    got = values_of(MMD(kernel=kind(scales)), out)
    np.testing.assert_allclose(got, total / samples, rtol=1e-4)


def test_mmd_has_the_mean_of_its_closed_form():
    m, s = 0.7, 0.5
    n, dimensions, h = 3000, 3, 6.0
    loc = tf.fill([n, dimensions], m)
    out = of(loc, tf.fill([n, dimensions], s))

    def k(mean, variance):
        """E[exp(-|a - b|^2 / h)] where a - b is Normal in each dimension."""
        each = np.exp(-(mean**2) / (h + 2 * variance)) / np.sqrt(1 + 2 * variance / h)
        return each**dimensions

    exact = k(0, 2 * s**2) + k(0, 2.0) - 2 * k(m, s**2 + 1)
    got = values_of(MMD(kernel=RBF((1.0,))), out)[0]
    assert got == pytest.approx(exact, abs=0.01)
    assert exact > 0.1


def test_mmd_of_the_prior_itself_is_zero_in_the_mean():
    def found(samples, seed):
        sampler = RandomSampler(tf.constant([7, seed]), samples)
        q = tfd.Normal(tf.zeros([8, 3]), tf.ones([8, 3]))
        z, log_q = sampler(q)
        out = Pass((Draw(q, STANDARD, z, log_q),), None, tf.zeros([8, 5]), sampler)
        return values_of(MMD(), out)[0]

    few = [found(1, seed) for seed in range(30)]

    assert abs(found(2000, 0)) < 4 * np.std(few) / np.sqrt(2000)
    assert min(few) < 0  # unbiased, so not a square


def test_mmd_takes_any_prior_that_can_be_drawn_from():
    keras.utils.set_random_seed(0)
    mixture = zoo.MixturePrior(3, 4)
    mixture.build(None)
    by_row = tfd.Normal(tf.fill([400, 3], 5.0), 0.1)

    for prior, near in ((mixture.distribution(), 0.0), (by_row, 5.0)):
        here = of(tf.fill([400, 3], near), tf.ones([400, 3]), prior=prior)
        there = of(tf.fill([400, 3], 5.0 - near), tf.ones([400, 3]), prior=prior)
        assert values_of(MMD(), here)[0] < 0.5 * values_of(MMD(), there)[0]


def test_mmd_of_one_example_is_finite():
    assert np.isfinite(values_of(MMD(), passed(1))).all()


@pytest.mark.parametrize("scales", [(0.0,), (1.0, -1.0), ("a",), ()])
def test_scales_of_a_kernel_must_be_positive(scales):
    with pytest.raises(ValueError, match="scales must"):
        RBF(scales)


@pytest.mark.parametrize(
    "term", [TotalCorrelation(), MeanCovariance(), AggregateCovariance(), MMD(), Capacity(1.0)]
)
def test_gradients_reach_what_makes_the_posterior(term):
    rng = np.random.default_rng(0)
    loc = tf.Variable(rng.standard_normal((6, 3)), dtype=tf.float32)
    scale = tf.Variable(rng.uniform(0.3, 1.0, (6, 3)), dtype=tf.float32)

    by_loc, by_scale = gradient(term, loc, scale, samples=2)

    assert np.abs(by_loc).min() > 0
    if isinstance(term, MeanCovariance):
        assert by_scale is None
    else:
        assert np.abs(by_scale).min() > 0


# Adversarial


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
def test_adversarial_values_by_hand(samples):
    term, out = critic(), passed(samples=samples)
    z = np.asarray(out.draws[0].z)
    fresh = RandomSampler(tf.constant([1, 2]), samples)
    fresh(out.draws[0].posterior)
    p = np.asarray(zoo.core.samplers.normal(z.shape, fresh.next_seed()))
    entropy = np.log1p(np.exp(-logits(term, z))) + np.log1p(np.exp(logits(term, p)))

    expected = logits(term, z).reshape(samples, 6).mean(0)
    np.testing.assert_allclose(values_of(term, out), expected, rtol=1e-4, atol=1e-6)
    own = term.own_loss(None, None, out)
    np.testing.assert_allclose(own, entropy.reshape(samples, 6).mean(0), rtol=1e-4)


def test_the_encoder_learns_from_the_value_and_the_critic_from_its_own_loss_alone():
    term = critic()
    rng = np.random.default_rng(0)
    loc = tf.Variable(rng.standard_normal((6, 3)), dtype=tf.float32)
    weights = [v.value for v in term.critic.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        out = of(loc, tf.ones([6, 3]))
        value = tf.reduce_mean(term.per_example(None, None, out))
        own = tf.reduce_mean(term.own_loss(None, None, out))

    assert np.abs(tape.gradient(value, loc)).min() > 0
    assert tape.gradient(value, weights) == [None] * 6
    assert tape.gradient(own, loc) is None
    assert all(np.abs(g).max() > 0 for g in tape.gradient(own, weights))


def test_a_trained_critic_tells_the_kl_in_nats():
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
            own = tf.reduce_mean(term.own_loss(None, None, out))
        rate.apply(tape.gradient(own, [v.value for v in variables]), variables)
        return tf.reduce_mean(term.per_example(None, None, out))

    @tf.function
    def last_of(steps):
        found = tf.TensorArray(tf.float32, steps)
        for i in tf.range(steps):
            found = found.write(i, step(i))
        return found.stack()[-100:]

    found = last_of(tf.constant(400))

    kl = 0.5 * (loc**2 + scale**2 - 1) - np.log(scale)
    assert np.mean(found) == pytest.approx(np.sum(kl), abs=0.1)


def test_several_stochastic_layers_have_no_adversary():
    with pytest.raises(ValueError, match="Adversarial needs one stochastic layer, got 2"):
        critic().per_example(None, None, twice(passed()))


# Through fit

X = data("dense_vae", 24)


def compiled(make, **options):
    keras.utils.set_random_seed(1)  # a critic's initial weights are chosen when it is made
    vae = small("dense_vae", objective=ELBO(make()))
    vae.compile(optimizer(), **{"jit_compile": False, "steps_per_execution": 1, **options})
    return vae


def trained(make, batch_size=12, **options):
    vae = compiled(make, **options)
    return vae, vae.fit(X, batch_size=batch_size, verbose=0).history


def test_an_adversary_of_weight_zero_trains_its_critic_and_nothing_else():
    def with_critic():
        return KL(), Adversarial(0.0)

    # One step: a term that draws moves on the seed of the next one's noise.
    (vae, _), (plain, _) = trained(with_critic, 24), trained(lambda: (KL(),), 24)
    fresh = compiled(with_critic)

    for part in ("latents", "decoder"):
        got, expected = (values(getattr(v, part).trainable_variables) for v in (vae, plain))
        assert_same(got, expected, rtol=1e-5, atol=1e-6)
    moved = zip(*(values(v.objective.trainable_variables) for v in (vae, fresh)), strict=True)
    assert all(np.abs(a - b).max() > 1e-4 for a, b in moved)


def aggregated(*kinds):
    """How far z of clusters are from the prior after training, as an MMD; and the error of x."""
    rng = np.random.default_rng(0)
    corner = np.array([[4, 4], [-4, 4], [4, -4], [-4, -4]])[rng.integers(0, 4, 1024)]
    x = (corner + 0.3 * rng.standard_normal((1024, 2))).astype("float32")
    keras.utils.set_random_seed(0)
    options = {"hidden": (32,), "likelihood": zoo.likelihoods.Normal(0.5)}
    objective = ELBO(tuple(kind() for kind in kinds))  # after the seed: a critic has weights
    vae = zoo.get("dense_vae", latent_dim=2, objective=objective, seed=0, **options)
    vae.compile(zoo.FusedAdam(5e-3), jit_compile=False)
    vae.fit(x, epochs=40, batch_size=64, verbose=0)
    prior = vae.latents.prior.distribution()
    q = vae.encode(x)
    out = of(tf.constant(q.loc), tf.constant(q.scale), prior=prior)
    return values_of(MMD(), out)[0], np.abs(vae.reconstruct(x) - x).mean()


def test_without_a_kl_mmd_and_adversary_bring_z_to_the_prior_and_keep_x():
    free, _ = aggregated()

    for term in (MMD, Adversarial):
        found, error = aggregated(term)
        assert found < 0.3 * free
        assert error < 0.5


TERMS = {
    "total_correlation": lambda: (KL(), TotalCorrelation(5.0)),
    "mean_covariance": lambda: (KL(), MeanCovariance()),
    "aggregate_covariance": lambda: (KL(), AggregateCovariance()),
    "mmd": lambda: (MMD(),),
    "adversarial": lambda: (Adversarial(hidden=(4,)),),
}


@pytest.mark.parametrize("name", TERMS)
def test_terms_train_under_xla_as_in_a_graph_and_are_logged_raw(name):
    vae, logs = trained(TERMS[name])
    fused, fused_logs = trained(TERMS[name], jit_compile=True)

    assert {"elbo", "nll", "kl", name, "active_units", "loss"} == {*logs}
    assert logs[name] == pytest.approx(fused_logs[name], rel=1e-3, abs=1e-5)
    got, expected = (values(v.trainable_variables) for v in (fused, vae))
    assert_same(got, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", TERMS)
def test_batches_may_be_of_any_size(name):
    vae = compiled(TERMS[name])

    def loss(x):
        return vae.objective.per_example(x, None, vae(x))

    traced = tf.function(loss, input_signature=[tf.TensorSpec([None, 6])])
    for rows in (1, 5):
        got = traced(X[:rows])
        assert np.isfinite(got).all()
        np.testing.assert_allclose(got, loss(X[:rows]), rtol=1e-4, atol=1e-5)


def test_terms_come_back_with_the_model_and_its_critic(tmp_path):
    others = [make()[-1] for make in TERMS.values()]
    vae, _ = trained(lambda: (Capacity(2.0), *others))
    vae.save(tmp_path / "vae.keras")

    again = keras.models.load_model(tmp_path / "vae.keras")

    assert_same(values(again.variables), values(vae.variables))
    assert again.evaluate(X, verbose=0) == vae.evaluate(X, verbose=0)


MIRRORED = """
    import sys
    import keras
    import numpy as np
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
    import zoo.objectives.base
    from tests import helpers
    from zoo.objectives import *

    zoo.objectives.base.RandomSampler = helpers.NoiselessSampler
    x = helpers.data("dense_vae", 19)  # of the last three one replica gets two, the other one

    def train(strategy):
        terms = (
            Capacity(3.0, 1.0),
            FreeBits(0.2, group_size=2, name="groups"),
            FreeBits(0.2, group_size=None, name="layer"),
            MeanCovariance(1.0),
            AggregateCovariance(1.0),
        )
        with strategy.scope():
            vae = helpers.small("dense_vae", objective=ELBO(terms))
            vae.compile(helpers.optimizer(), **helpers.how(strategy))
        logs = vae.fit(x, batch_size=8, verbose=0).history
        return [np.array([logs[k][0] for k in sorted(logs)]), *helpers.values(vae.variables)]

    one = train(tf.distribute.get_strategy())
    two = train(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    assert np.isfinite(two[0]).all()
"""


def test_what_is_of_the_whole_batch_is_the_same_on_two_replicas():
    run_python(MIRRORED, TF_ENABLE_ONEDNN_OPTS="0")
