"""Arguments of the wrong kind, which Python or NumPy would refuse without naming them."""

import fractions

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.core.inputs import TABLE
from tests.helpers import small
from zoo.core.inputs import require_encoder

ENDLESS = tf.data.Dataset.from_tensors(TABLE).repeat()
HALF = fractions.Fraction(1, 2)


class Three:
    """A class, made of one to three arguments, which is no function of numbers."""

    def __init__(self, start, end=None, t=None):
        pass


NUMBERS = {
    "floor": [
        zoo.likelihoods.SeriesStudentT,
        zoo.likelihoods.NegativeBinomial,
        zoo.likelihoods.PerElementNormal,
        lambda floor: zoo.priors.MixturePrior(2, floor=floor),
        lambda floor: zoo.NormalPosterior(2, floor=floor),
        lambda floor: zoo.objectives.FreeBits(floor=floor),
    ],
    "initial_correlation": [
        lambda value: zoo.likelihoods.SeriesAutoregressive(initial_correlation=value)
    ],
    "weight": [lambda weight: zoo.objectives.KL(weight=weight)],
    "diagonal": [lambda diagonal: zoo.objectives.MeanCovariance(diagonal=diagonal)],
    "amount": [zoo.training.GaussianCorruption, zoo.training.SaltAndPepperCorruption],
}
EACH = [(name, build) for name, builds in NUMBERS.items() for build in builds]


@pytest.mark.parametrize("value", ["x", None, [0.5, 1], np.ones(3), True, 1j, HALF], ids=str)
@pytest.mark.parametrize(("name", "build"), EACH)
def test_numbers_of_another_kind_are_refused_by_name(name, build, value):
    with pytest.raises(ValueError, match=f"{name}.* must"):
        build(value)


BOUNDED = {
    "weight": zoo.objectives.KL,
    "capacity": zoo.objectives.Capacity,
    "init_std": lambda init_std: zoo.priors.MixturePrior(2, init_std=init_std),
    "amount": zoo.training.GaussianCorruption,
    "scale": zoo.likelihoods.Normal,
}


@pytest.mark.parametrize("value", [1e39, 10**400], ids=["float", "integer"])
@pytest.mark.parametrize(("name", "build"), BOUNDED.items())
def test_numbers_beyond_float32_are_refused_by_name(name, build, value):
    with pytest.raises(ValueError, match=f"{name} must be"):
        build(value)


@pytest.mark.parametrize("shape", [ENDLESS, iter([6]), "6", {6}, {6: 1}])
def test_a_shape_without_an_end_is_refused_at_once(shape):
    with pytest.raises(ValueError, match="event_shape must be"):
        small("dense_vae").decode(np.zeros((1, 2)), event_shape=shape)


def test_the_shape_of_x_may_be_a_tensor_but_not_a_matrix():
    vae = small("lstm_vae")

    x = vae.decode(np.zeros((1, 2)), event_shape=tf.constant([4, 2]))

    assert x.mean().shape == (1, 4, 2)
    for shape in (tf.zeros((3, 2), "int64"), tf.constant(3), tf.constant([-4, 2]), (None, 2)):
        with pytest.raises(ValueError, match="event_shape must be"):
            vae.decode(np.zeros((1, 2)), event_shape=shape)


def test_shapes_of_modalities_are_those_of_the_model():
    vae = small("multimodal_vae")
    with pytest.raises(ValueError, match=r"event_shape must have keys of image, .*, got 'sound'"):
        vae.generate(1, event_shape={"sound": (3,)})


def test_functions_must_take_the_arguments_that_they_get():
    pytest.importorskip("sklearn", reason="the metrics and the detector need scikit-learn")
    codes = np.random.default_rng(0).normal(size=(60, 3))
    factors = np.arange(120).reshape(60, 2) % 3

    with pytest.raises(TypeError, match="schedule must be a function from step to value"):
        zoo.callbacks.Anneal(Three)
    for function in (int, lambda: 0, object, 5):
        with pytest.raises(TypeError, match="schedule must be a function from step to value"):
            zoo.callbacks.Anneal(function)
        with pytest.raises(TypeError, match="predictor must be a function of a seed"):
            zoo.evaluation.disentanglement.dci(codes, factors, function)
        with pytest.raises(TypeError, match="score must be a name"):
            zoo.AnomalyDetector(score=function).fit(TABLE)


def test_codes_without_rows_are_refused():
    with pytest.raises(ValueError, match="z must hold at least one code"):
        small("dense_vae").decode(np.zeros((0, 2)))


@pytest.mark.parametrize("value", [(), (3,), [3], HALF, np.array(3, object), None], ids=str)
@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("width", zoo.layers.ResidualDense),
        ("latent_dim", zoo.encoders.DenseEncoder),
        ("components", lambda components: zoo.priors.MixturePrior(2, components)),
    ],
)
def test_a_single_size_must_be_one_positive_integer(name, build, value):
    with pytest.raises(ValueError, match=f"{name} must be made of positive integers"):
        build(value)


@pytest.mark.parametrize("value", [np.ones(3), 0, ()], ids=str)
def test_the_last_layer_of_a_convolutional_encoder_has_one_size(value):
    with pytest.raises(ValueError, match="hidden must be made of positive integers"):
        zoo.encoders.ConvEncoder(2, hidden=value)


@pytest.mark.parametrize("config", [{1: np.zeros(3)}, {"a": 1}, {"class_name": "x"}], ids=str)
def test_a_dict_that_is_not_the_config_of_a_component_is_refused(config):
    with pytest.raises(ValueError, match="flow must be the config of an object"):
        zoo.priors.FlowPrior(2, flow=config)


def test_a_text_is_not_an_encoder():
    with pytest.raises(TypeError, match=r"vae must be a zoo\.VAE, got str"):
        require_encoder("x")


KERAS = {
    "kernel_regularizer": [
        zoo.encoders.DenseEncoder,
        zoo.layers.ResidualDense,
        lambda latent_dim, **options: small("lstm_vae", **options),
    ],
    "kernel_initializer": [
        lambda filters, **options: zoo.layers.UpsampleConv2D(filters, (3, 3), **options)
    ],
    "optimizer": [lambda _, **options: small("dense_vae").compile(**options)],
}


@pytest.mark.parametrize("value", [np.ndarray, {"x": [1]}, b"x", 5], ids=str)
@pytest.mark.parametrize(("name", "build"), [(n, b) for n, bs in KERAS.items() for b in bs])
def test_what_keras_cannot_make_an_object_of_is_refused_by_name(name, build, value):
    with pytest.raises(ValueError, match=f"{name} must be an? {name.split('_')[-1]} of Keras"):
        build(2, **{name: value})


def test_objects_of_keras_are_taken_as_they_are():
    regularizer = keras.regularizers.L2(0.1)

    assert zoo.encoders.DenseEncoder(2, kernel_regularizer=regularizer).kernel_regularizer is (
        regularizer
    )


def test_a_lone_surrogate_in_the_name_of_a_term_is_refused():
    with pytest.raises(ValueError, match="name must be valid Unicode"):
        zoo.objectives.FreeBits(name="\ud800")


@pytest.mark.parametrize("t", ["x", np.nan])
def test_paths_name_what_they_cannot_take(t):
    for path in (zoo.linear_path, zoo.spherical_path):
        with pytest.raises(ValueError, match="t must be a finite number"):
            path(np.zeros((2, 3)), np.ones((2, 3)), t)
        with pytest.raises(TypeError, match="end must be an array of numbers"):
            path(np.zeros((2, 3)), "x", 0.5)


def test_a_path_must_return_codes():
    with pytest.raises(ValueError, match="path must return codes"):
        small("dense_vae").interpolate(TABLE, TABLE, path=lambda start, end, t: None)


@pytest.mark.parametrize("path", [len, lambda start, end: start, int, Three])
def test_a_path_must_take_three_arguments(path):
    with pytest.raises(ValueError, match=r"path must be .* a function \(start, end, t\)"):
        small("dense_vae").interpolate(TABLE, TABLE, path=path)


def test_counts_have_a_largest_value():
    with pytest.raises(ValueError, match=r"n must be at most 2\*\*31 - 1, got 2147483648"):
        small("dense_vae").generate(2**31)
