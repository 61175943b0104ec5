"""Likelihood heads against closed forms."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import zoo
from tests.helpers import data, small
from zoo import likelihoods
from zoo.likelihoods import (
    Categorical,
    DiscretizedLogisticLikelihood,
    Normal,
    PerElementNormal,
    SharedScaleNormal,
    Tabular,
)

RNG = np.random.default_rng(0)
SERIES = {name for name in likelihoods.IDENTIFIERS if name.startswith("series_")}  # test_series.py
NUMERIC_HEADS = sorted({*likelihoods.IDENTIFIERS} - SERIES - {"categorical", "text"})


def head(likelihood, event):
    """p(x|z) for random raw outputs, and these outputs."""
    raw = RNG.standard_normal((3, *event[:-1], likelihood.params_size(event[-1]))).astype("float32")
    likelihood.build(raw.shape)
    return likelihood(tf.constant(raw)), raw


@pytest.mark.parametrize("identifier", NUMERIC_HEADS)
@pytest.mark.parametrize("event", [(5,), (4, 3, 2)])
def test_log_prob_is_one_number_for_each_example(identifier, event):
    p, _ = head(likelihoods.IDENTIFIERS[identifier](), event)

    assert p.log_prob(np.zeros((3, *event), "float32")).shape == (3,)
    assert p.mean().shape == p.sample(seed=1).shape == (3, *event)
    assert p.mean().dtype == tf.float32


def test_bernoulli_equals_its_formula():
    p, raw = head(likelihoods.Bernoulli(), (4,))
    x = RNG.random((3, 4)).astype("float32")

    expected = x * special.log_expit(raw) + (1 - x) * special.log_expit(-raw)

    np.testing.assert_allclose(p.log_prob(x), expected.sum(-1), rtol=1e-5)
    np.testing.assert_allclose(p.mean(), special.expit(raw), rtol=1e-5)


def test_normal_equals_its_formula():
    p, raw = head(Normal(0.3), (4,))
    x = np.zeros((3, 4), "float32")

    np.testing.assert_allclose(p.log_prob(x), stats.norm(raw, 0.3).logpdf(x).sum(-1), rtol=1e-4)


@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0])
def test_shared_scale_starts_at_its_argument(scale):
    p, raw = head(SharedScaleNormal(scale), (4,))
    x = np.zeros((3, 4), "float32")

    np.testing.assert_allclose(p.log_prob(x), stats.norm(raw, scale).logpdf(x).sum(-1), rtol=1e-3)


def test_shared_scale_is_learned():
    likelihood = SharedScaleNormal(1.0)
    likelihood.build((None, 4))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(likelihood(tf.zeros([3, 4])).log_prob(tf.zeros([3, 4])))

    assert float(tape.gradient(loss, likelihood.raw_scale.value)) < 0


def test_shared_scale_follows_the_errors_within_a_hundred_steps():
    likelihood, adam = SharedScaleNormal(1.0), zoo.FusedAdam(3e-3)
    likelihood.build((None, 4))
    for _ in range(100):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_sum(likelihood(tf.zeros([3, 4])).log_prob(tf.fill([3, 4], 0.1)))
        gradients = tape.gradient(loss, [v.value for v in likelihood.trainable_variables])
        adam.apply_gradients(zip(gradients, likelihood.trainable_variables, strict=True))

    scale = likelihood(tf.zeros([3, 4])).stddev().numpy()
    assert 0.05 < scale.max() < 0.2


def test_a_saved_shared_scale_of_an_earlier_version_keeps_its_rate():
    config = SharedScaleNormal(0.5).get_config()
    del config["scale_rate"]

    assert SharedScaleNormal.from_config(config).scale_rate == 1.0


def test_per_element_scale_equals_its_formula():
    p, raw = head(PerElementNormal(floor=0.01), (4,))
    x = np.zeros((3, 4), "float32")
    loc, scale = raw[:, :4], 0.01 + np.logaddexp(0, raw[:, 4:])

    np.testing.assert_allclose(p.log_prob(x), stats.norm(loc, scale).logpdf(x).sum(-1), rtol=1e-4)


def test_discretized_logistic_can_be_certain_of_black_and_white_at_any_scale():
    raw = tf.constant([[[-60.0, 60.0, 0.0, 0.0]]])  # locations, then scales of about 0.13

    p = DiscretizedLogisticLikelihood()(raw)

    np.testing.assert_allclose(p.log_prob(tf.constant([[[0.0, 1.0]]])), 0.0, atol=1e-5)
    np.testing.assert_array_equal(p.mean(), [[[0.0, 1.0]]])


def test_discretized_logistic_gives_at_most_probability_one():
    p, _ = head(DiscretizedLogisticLikelihood(), (4, 4, 1))
    x = np.round(RNG.random((3, 4, 4, 1)) * 255) / 255

    log_prob = np.asarray(p.log_prob(x.astype("float32")))

    assert (log_prob < 0).all()
    assert (zoo.bits_per_dimension(-log_prob, (4, 4, 1)) > 0).all()


def test_binarize_draws_each_pixel_with_its_probability():
    x = np.full((100, 200), 0.3, "float32")

    drawn = np.asarray(zoo.binarize(x, seed=1))

    assert {*np.unique(drawn)} == {0.0, 1.0}
    assert abs(drawn.mean() - 0.3) < 4 * np.sqrt(0.21 / drawn.size)
    np.testing.assert_array_equal(drawn, zoo.binarize(x, seed=1))
    assert (drawn != np.asarray(zoo.binarize(x, seed=2))).any()


def test_dynamic_binarisation_is_fresh_in_training_and_fixed_in_evaluation():
    vae = small("dense_vae", likelihood="binarized_bernoulli")
    x = tf.constant(data("dense_vae"))

    first, second = (np.asarray(vae(x, training=True).target) for _ in "ab")
    fixed, again = (np.asarray(vae(x, training=False).target) for _ in "ab")

    assert {*np.unique(first)} == {0.0, 1.0}
    assert (first != second).any()
    np.testing.assert_array_equal(fixed, again)


def test_categorical_equals_its_formula():
    p, raw = head(Categorical(3), (5, 2))
    x = RNG.integers(0, 3, (3, 5, 2))
    logits = special.log_softmax(raw.reshape(3, 5, 2, 3), -1)

    expected = np.take_along_axis(logits, x[..., None], -1).sum((1, 2, 3))

    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-5)
    np.testing.assert_array_equal(p.mean(), logits.argmax(-1))
    assert p.sample(seed=1).shape == (3, 5, 2)


def test_categorical_shows_the_encoder_one_hot():
    features = Categorical(3).preprocessor().encoder_inputs(tf.constant([[0.0, 2.0]]))

    np.testing.assert_array_equal(features, [[1, 0, 0, 0, 0, 1]])
    assert Categorical(3).preprocessor().encoder_inputs_shape((5, 2)) == (5, 6)


def test_categorical_vae_trains_on_classes():
    vae = small("dense_vae", likelihood=Categorical(4))
    vae.compile(run_eagerly=True)
    x = RNG.integers(0, 4, (8, 6))

    assert np.isfinite(vae.fit(x, verbose=0).history["loss"]).all()
    assert {*np.unique(vae.reconstruct(x))} <= {0.0, 1.0, 2.0, 3.0}


def test_numpys_integers_count_classes_and_seed_draws():
    likelihood, x = Tabular(np.array([0, 3])), np.full((2, 3), 0.5)

    assert Categorical(np.int64(3)).classes == 3
    assert [type(n) for n in likelihood.categories] == [int, int]
    np.testing.assert_array_equal(zoo.binarize(x, np.int64(3)), zoo.binarize(x, 3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normal(0.0), "scale must be a positive number, got 0.0"),
        (lambda: Normal(float("inf")), "scale must be a positive number, got inf"),
        (lambda: SharedScaleNormal(1e-5), "initial_scale must lie between floor and ceiling"),
        (lambda: SharedScaleNormal(scale_rate=0.0), "scale_rate must be a positive number"),
        (lambda: PerElementNormal(floor=0), "floor must lie between 0 and ceiling"),
        (lambda: Categorical(1), "classes must be an integer of at least 2, got 1"),
        (lambda: Tabular((0, -1)), "categories must be a number of classes for each column"),
        (lambda: Tabular((0, 2.5)), "categories must be a number of classes for each column"),
        (lambda: DiscretizedLogisticLikelihood(1), "levels must be an integer of at least 2"),
        (lambda: Tabular((0, 0), means=(1.0,)), "means must have one number for each of 2"),
    ],
)
def test_impossible_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
