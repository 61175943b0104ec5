"""Preprocessors: a user's data to tensors and back, checked on the way."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, small, without_mask
from zoo import likelihoods
from zoo.likelihoods.preprocessing import Preprocessor, UnitInterval
from zoo.likelihoods.text.preprocessing import TextPreprocessor

EVENT = (4, 2)
X = np.random.default_rng(0).random((3, *EVENT)).astype("float32")
NUMERIC = {
    "bernoulli": likelihoods.Bernoulli(),
    "binarized": likelihoods.BinarizedBernoulli(),
    "logistic": likelihoods.DiscretizedLogisticLikelihood(levels=4),
    "normal": likelihoods.Normal(),
    "shared": likelihoods.SharedScaleNormal(),
    "per element": likelihoods.PerElementNormal(),
    "categorical": likelihoods.Categorical(3),
}
each_numeric = pytest.mark.parametrize("likelihood", NUMERIC.values(), ids=NUMERIC)


@pytest.mark.parametrize("name", zoo.available())
def test_a_model_owns_one_preprocessor_of_its_likelihood(name):
    vae = small(name)

    assert vae.preprocessor is vae.preprocessor
    assert vae.preprocessor.likelihood is vae.decoder.likelihood


@pytest.mark.parametrize("name", zoo.available())
def test_arrays_survive_the_way_in_and_out(name):
    vae, x = small(name), without_mask(data(name))

    array = vae.preprocessor.to_array(x)
    vae.preprocessor.validate(array)
    tensor = vae.preprocessor.to_tensor(tf.nest.map_structure(tf.constant, array))

    shape = vae.preprocessor.event_shape(array)
    flat = shape.values() if isinstance(shape, dict) else [shape]
    assert all(isinstance(size, int) for event in flat for size in event)
    for before, after in zip(tf.nest.flatten(array), tf.nest.flatten(tensor), strict=True):
        np.testing.assert_array_equal(np.asarray(before, after.dtype.as_numpy_dtype), after)


@pytest.mark.parametrize("name", zoo.available())
def test_encoder_inputs_have_the_stated_shape(name):
    vae = small(name)
    preprocessor = vae.preprocessor
    array = preprocessor.to_array(data(name))

    inputs = preprocessor.encoder_inputs(
        preprocessor.to_tensor(tf.nest.map_structure(tf.constant, array))
    )
    shape = preprocessor.encoder_inputs_shape(preprocessor.event_shape(array))

    if isinstance(shape, dict):
        assert {name: tuple(inputs[name].shape[1:]) for name in shape} == shape
    else:
        assert tuple(inputs.shape[1:]) == shape


@pytest.mark.parametrize("name", zoo.available())
def test_serving_inputs_are_what_to_tensor_takes(name):
    vae = small(name)
    preprocessor = vae.preprocessor

    specs = preprocessor.serving_inputs(vae.decoder.free_event_shape, None)

    assert "" in specs
    spec = specs[""]
    for part in spec.values() if isinstance(spec, dict) else [spec]:
        assert isinstance(part, tf.TensorSpec) and part.shape[0] is None


@each_numeric
def test_the_number_of_parameters_is_what_call_takes(likelihood):
    raw = tf.zeros([3, EVENT[0], likelihood.params_size(EVENT[1])])
    likelihood.build((None, *raw.shape[1:]))

    assert likelihood(raw).mean().shape == (3, *EVENT)
    assert likelihood(raw).sample(seed=tf.constant([1, 2])).shape == (3, *EVENT)


@each_numeric
def test_lists_become_arrays(likelihood):
    array = likelihood.preprocessor().to_array(X.tolist())

    assert isinstance(array, np.ndarray) and array.shape == X.shape


@each_numeric
def test_the_target_is_x_unless_it_is_drawn(likelihood):
    target = likelihood.target(tf.constant(X), lambda: tf.constant([1, 2]))

    if isinstance(likelihood, likelihoods.BinarizedBernoulli):
        assert {*np.unique(target)} == {0.0, 1.0}
    else:
        np.testing.assert_array_equal(target, X)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["normal", "bernoulli", "logistic"])
def test_values_that_are_not_finite_are_refused_with_their_place(name, value):
    x = X.copy()
    x[1, 2, 0] = value

    with pytest.raises(ValueError, match=r"x must be finite, got .* at index \(1, 2, 0\)"):
        NUMERIC[name].preprocessor().validate(x)


def test_large_magnitudes_are_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"at most 1e\+06, got 2e\+06: standardise it first"):
        Preprocessor(likelihoods.Normal()).validate(X - 2e6)


@pytest.mark.parametrize(("x", "hint"), [(X * 255, "8-bit images need x / 255"), (X - 1, "")])
def test_values_outside_of_the_unit_interval_name_who_needs_it(x, hint):
    preprocessor = UnitInterval(likelihoods.Bernoulli(), "a Bernoulli likelihood")

    with pytest.raises(ValueError, match=rf"in \[0, 1\] for a Bernoulli likelihood, got .*{hint}"):
        preprocessor.validate(x)


def test_subsets_are_for_several_modalities():
    with pytest.raises(ValueError, match="subsets must be None where x has a single modality"):
        Preprocessor(likelihoods.Normal()).serving_inputs(EVENT, [("a",)])


def test_a_vocabulary_that_was_given_needs_no_adaptation():
    text = likelihoods.Text(vocabulary=("a", "b"), max_length=4)
    preprocessor = text.preprocessor()

    assert preprocessor.adapted and text.token_count == 4
    assert preprocessor.to_array(["b a", "c"]).tolist() == [[3, 2, 0, 0], [1, 0, 0, 0]]
    assert preprocessor.from_array(np.array([[3, 2, 0, 0]])).tolist() == ["b a"]


def test_the_vocabulary_learned_by_one_preprocessor_is_known_to_another():
    text = likelihoods.Text(max_length=3)
    text.preprocessor().adapt([["the cat", "the dog"]])

    again = TextPreprocessor(text)

    assert again.adapted
    assert again.to_array(["the"]).tolist() == [[2, 0, 0]]
    assert again.vocabulary.words == text.vocabulary


def test_token_ids_need_no_vocabulary():
    preprocessor = likelihoods.Text(10, max_length=3).preprocessor()
    assert not preprocessor.adapted

    preprocessor.adapt([np.array([[2, 3, 0]])])

    assert preprocessor.adapted and preprocessor.vocabulary is None
    assert preprocessor.from_array(np.array([[2, 3, 0]])).tolist() == [[2, 3, 0]]


def test_moments_of_series_come_in_parts_and_pass_over_gaps():
    x = np.random.default_rng(0).normal(100.0, 3.0, (6, 5, 2)).astype("float32")
    x[0, 1:3] = np.nan
    at_once, in_parts = likelihoods.SeriesNormal(), likelihoods.SeriesNormal()

    at_once.preprocessor().adapt([x])
    in_parts.preprocessor().adapt([x[:1], x[1:4], x[4:]])

    np.testing.assert_allclose(at_once.channel_mean, np.nanmean(x, (0, 1)), rtol=1e-6)
    np.testing.assert_allclose(at_once.channel_std, np.nanstd(x, (0, 1)), rtol=1e-5)
    np.testing.assert_allclose(in_parts.channel_mean, at_once.channel_mean, rtol=1e-6)
    np.testing.assert_allclose(in_parts.channel_std, at_once.channel_std, rtol=1e-5)


class Counts(likelihoods.Likelihood):
    """A user's likelihood with data of its own kind."""

    def preprocessor(self):
        return CountPreprocessor(self)

    def call(self, raw):
        return likelihoods.Normal()(raw)


class CountPreprocessor(Preprocessor):
    """Whole numbers, seen by the encoder as their logarithms."""

    def validate(self, x, argument="x"):
        if (x < 0).any() or (x != np.round(x)).any():
            raise ValueError(f"{argument} must be counts, got {x.min()} to {x.max()}")

    def encoder_inputs(self, x):
        return tf.math.log1p(x)


def test_a_users_preprocessor_checks_and_transforms():
    vae = small("dense_vae", likelihood=Counts())
    x = np.random.default_rng(0).poisson(3.0, (8, 6)).astype("float32")

    vae.fit(x, epochs=1, verbose=0)

    assert np.isfinite(vae.elbo(x)).all()
    np.testing.assert_allclose(vae.preprocessor.encoder_inputs(x), np.log1p(x), rtol=1e-6)
    with pytest.raises(ValueError, match="x must be counts"):
        vae.fit(x + 0.5, verbose=0)
