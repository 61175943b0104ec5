"""Fusions against closed forms; missing modalities have no influence."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from zoo.core.distributions import NormalMixture, as_normal, kl, kl_is_exact
from zoo.core.outputs import Draw
from zoo.core.samplers import CommonSampler, MeanSampler, RandomSampler
from zoo.latents import fusion as fusions

tfd = tfp.distributions

ALL = [
    fusions.ProductOfExperts,
    fusions.MixtureOfExperts,
    fusions.MixtureOfProducts,
    fusions.Concatenation,
]
FOR_MISSING = ALL[:3]


def experts(rows=4, modalities=3, size=2, seed=0):
    rng = np.random.default_rng(seed)
    loc = rng.standard_normal((rows, modalities, size)).astype("float32")
    scale = rng.uniform(0.2, 2.0, (rows, modalities, size)).astype("float32")
    return tf.constant(loc), tf.constant(scale)


def everyone(rows=4, modalities=3):
    return tf.ones([rows, modalities], tf.bool)


def built(fusion, loc):
    layer = fusion()
    layer.build(tuple(loc.shape))
    return layer


def test_product_of_experts_adds_precisions_and_the_priors():
    loc, scale = experts()

    q = fusions.ProductOfExperts()(loc, scale, everyone())

    precision = 1 + (1 / scale.numpy() ** 2).sum(1)
    np.testing.assert_allclose(q.scale, precision**-0.5, rtol=1e-5)
    expected = (loc / scale**2).numpy().sum(1) / precision
    np.testing.assert_allclose(q.loc, expected, rtol=1e-4, atol=1e-5)


def test_product_density_is_proportional_to_the_product_of_densities():
    loc, scale = experts(1, 3, 1)
    grid = tf.linspace(-4.0, 4.0, 2001)[:, None]

    q = fusions.ProductOfExperts()(loc, scale, everyone(1))

    log_product = tfd.Normal(0.0, 1.0).log_prob(grid)
    log_product += tf.reduce_sum(tfd.Normal(loc[0], scale[0]).log_prob(grid[:, None])[..., 0], 1)[
        :, None
    ]
    normalised = log_product - tf.reduce_logsumexp(log_product) - np.log(8.0 / 2000)
    np.testing.assert_allclose(q.log_prob(grid), normalised, atol=2e-3)


@pytest.mark.parametrize("scale", [1e-4, 1e-20, 1e18])
def test_product_of_extreme_experts_is_finite_with_its_gradients(scale):
    loc = tf.constant([[[3.0], [-3.0]]])
    scale = tf.fill([1, 2, 1], scale)

    with tf.GradientTape() as tape:
        tape.watch([loc, scale])
        q = fusions.ProductOfExperts()(loc, scale, everyone(1, 2))
        loss = tf.reduce_sum(q.loc + tf.math.log(q.scale))

    for value in (q.loc, q.scale, *tape.gradient(loss, [loc, scale])):
        assert np.isfinite(value).all()
    assert (q.scale.numpy() > 0).all()


def test_mixture_of_experts_is_the_mean_of_their_densities():
    loc, scale = experts()
    z = tf.random.stateless_normal([5, 4, 2], [1, 2])

    q = fusions.MixtureOfExperts()(loc, scale, everyone())

    parts = tfd.MultivariateNormalDiag(loc, scale).prob(z[:, :, None])
    np.testing.assert_allclose(q.log_prob(z), np.log(parts.numpy().mean(-1)), rtol=1e-4, atol=1e-5)


def test_mixture_of_products_has_a_component_for_each_subset():
    loc, scale = experts(1, 2, 1)
    z = tf.constant([[0.3]])

    q = fusions.MixtureOfProducts()(loc, scale, everyone(1, 2))

    subsets = ([True, False], [False, True], [True, True])
    parts = [tfd.Normal(*fusions.product(loc, scale, tf.constant([s]))).prob(z) for s in subsets]
    assert q.locs.shape[1] == 3
    assert float(q.log_prob(z)[0]) == pytest.approx(np.log(np.mean(parts)), rel=1e-4)


def test_mixture_of_products_refuses_too_many_modalities():
    with pytest.raises(ValueError, match=r"modalities must be at most 8 .*, got 9"):
        fusions.MixtureOfProducts().build((None, 9, 2))


@pytest.mark.parametrize("fusion", FOR_MISSING)
def test_missing_experts_have_exactly_no_influence(fusion):
    loc, scale = experts()
    present = tf.constant(np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 1]], bool))
    z = tf.random.stateless_normal([4, 2], [3, 4])

    def values_and_gradients(loc, scale):
        with tf.GradientTape() as tape:
            tape.watch([loc, scale])
            q = fusion()(loc, scale, present)
            normal = as_normal(q)
            nats = tf.reduce_sum(q.log_prob(z))
            loss = nats + tf.reduce_sum(normal.loc * 2 + normal.scale)
        return [normal.loc, normal.scale, nats, *tape.gradient(loss, [loc, scale])]

    garbage = tf.where(present[..., None], 0.0, 7.0)
    clean = values_and_gradients(loc, scale)
    dirty = values_and_gradients(loc - garbage, scale + garbage)

    for a, b in zip(clean, dirty, strict=True):
        np.testing.assert_array_equal(a, b)
    for gradient in clean[3:]:
        assert (gradient.numpy()[~present.numpy()] == 0).all()
        assert (gradient.numpy()[present.numpy()] != 0).any()


@pytest.mark.parametrize("fusion", FOR_MISSING)
def test_a_single_expert_gives_itself_or_its_product_with_the_prior(fusion):
    loc, scale = experts(1, 3, 2)
    present = tf.constant([[False, True, False]])

    q = as_normal(fusion()(loc, scale, present))

    expected = tfd.Normal(loc[:, 1], scale[:, 1])
    if fusion is not fusions.MixtureOfExperts:
        expected = tfd.Normal(*fusions.product(loc, scale, present))
    np.testing.assert_allclose(q.loc, expected.loc, rtol=1e-5)
    np.testing.assert_allclose(q.scale, expected.scale, rtol=1e-5)


def test_concatenation_has_gradients_for_all_experts():
    loc, scale = experts()
    layer = built(fusions.Concatenation, loc)

    with tf.GradientTape() as tape:
        tape.watch([loc, scale])
        q = layer(loc, scale, everyone())
        loss = tf.reduce_sum(q.loc + q.scale)

    assert type(q) is tfd.Normal
    assert q.loc.shape == (4, 2)
    for gradient in tape.gradient(loss, [loc, scale]):
        assert (np.abs(gradient).max((0, 2)) > 0).all()


@pytest.mark.parametrize("fusion", ALL)
def test_fusions_are_the_same_eagerly_in_a_graph_and_under_xla(fusion):
    loc, scale = experts()
    layer = built(fusion, loc)

    def parameters(loc, scale):
        q = as_normal(layer(loc, scale, everyone()))
        return q.loc, q.scale

    for jit in (False, True):
        got = tf.function(parameters, jit_compile=jit)(loc, scale)
        for a, b in zip(got, parameters(loc, scale), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def mixture(present):
    count = len(present[0])
    loc = tf.tile(tf.constant([[[10.0 * k] for k in range(count)]]), [len(present), 1, 1])
    return NormalMixture(loc, tf.fill(loc.shape, 0.01), tf.constant(present))


@pytest.mark.parametrize("samples", [1, 2, 3, 6])
def test_draws_of_a_mixture_are_stratified_over_present_components(samples):
    rows = 60
    present = [[True, True, True]] * rows
    q = mixture(present)

    z, log_q = RandomSampler(tf.constant([1, 2]), samples)(q)

    components = np.round(np.reshape(z, [samples, rows]) / 10).astype(int)
    total = np.bincount(components.ravel(), minlength=3)
    assert total.max() - total.min() <= samples
    each = np.stack([(components == k).sum(0) for k in range(3)])
    assert each.max() - each.min() <= 1
    np.testing.assert_allclose(
        log_q, tf.reshape(q.log_prob(tf.reshape(z, [samples, rows, 1])), [-1])
    )


def test_draws_fall_on_present_components_only():
    present = [[True, False, True], [False, True, False]] * 20
    q = mixture(present)

    for sampler in (RandomSampler(tf.constant([1, 2]), 4), CommonSampler(0, 4)):
        z, _ = sampler(q)
        components = np.round(np.reshape(z, [4, 40]) / 10).astype(int)
        assert np.array(present)[np.arange(40), components].all()
        assert {*components[:, 0]} == {0, 2}


def test_each_draw_alone_is_an_unbiased_draw_of_the_mixture():
    q = mixture([[True, False, True, True]])

    @tf.function
    def draws():
        def draw(i):
            return RandomSampler(tf.stack([0, i]), 1)(q)[0][0, 0]

        return tf.map_fn(draw, tf.range(300), fn_output_signature=tf.float32)

    z = draws()

    frequencies = np.bincount(np.round(np.array(z) / 10).astype(int), minlength=4) / 300

    np.testing.assert_allclose(frequencies, [1 / 3, 0, 1 / 3, 1 / 3], atol=0.09)


def test_a_mixture_has_its_constructor_arguments_as_tfp_parameters():
    loc, scale = experts(4, 2, 1)
    q = NormalMixture(loc, scale, everyone(4, 2))

    first = q[:1]

    assert q.parameters.keys() == {"loc", "scale", "present", "name"}
    assert (first.batch_shape, first.event_shape) == ((1,), (1,))
    z = tf.constant([[0.3]])
    np.testing.assert_allclose(first.log_prob(z), q.log_prob(z)[:1], rtol=1e-5)


def test_mean_sampler_takes_the_mixtures_mean():
    q = mixture([[True, True, False]])

    z, log_q = MeanSampler()(q)

    np.testing.assert_allclose(z, [[5.0]])
    np.testing.assert_allclose(log_q, q.log_prob(z))


def test_as_normal_matches_mean_and_variance():
    q = mixture([[True, False, True]])

    normal = as_normal(q)

    np.testing.assert_allclose(normal.loc, [[10.0]])
    np.testing.assert_allclose(normal.scale, [[np.sqrt(100 + 1e-4)]], rtol=1e-5)
    assert as_normal(normal) is normal


def test_kl_of_a_mixture_is_estimated_at_its_draws_and_unbiased():
    loc, scale = experts(1, 2, 1)
    q = NormalMixture(loc, scale, everyone(1, 2))
    prior = zoo.StandardNormal(1).distribution()
    z, log_q = RandomSampler(tf.constant([5, 6]), 40_000)(q)
    draw = Draw(q, prior, z, log_q)

    grid = tf.linspace(-12.0, 12.0, 20_001)[:, None]
    p = q.prob(grid[:, None])[:, 0]
    exact = tf.reduce_sum(p * (tf.math.log(p + 1e-30) - prior.log_prob(grid))) * 24 / 20_000

    assert not kl_is_exact(draw)
    assert float(tf.reduce_mean(kl(draw))) == pytest.approx(float(exact), abs=0.02)


def test_fusions_are_resolved_by_name_and_restored_from_config():
    for name, fusion in fusions.IDENTIFIERS.items():
        vae = zoo.get("multimodal_vae", fusion=name)
        assert type(vae.latents.encoder.fusion) is fusion
        assert type(fusion.from_config(fusion().get_config())) is fusion
    with pytest.raises(ValueError, match="got 'produkt'; did you mean 'product'"):
        zoo.get("multimodal_vae", fusion="produkt")
