"""Bad input: an error that names the argument, what came and what was expected, before any step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, optimizer, small

TABLE, IMAGES = data("dense_vae", 8), data("conv_vae", 8)


@pytest.fixture(scope="module")
def dense():
    return ready("dense_vae")


@pytest.fixture(scope="module")
def conv():
    return ready("conv_vae")


def ready(name, **options):
    vae = small(name, **options)
    vae.compile(optimizer(), run_eagerly=True)
    return vae


def fit(vae, x, *args, **kwargs):
    """`fit`, which must refuse its input before the first step."""
    try:
        return vae.fit(x, *args, verbose=0, **kwargs)
    finally:
        assert int(vae.optimizer.iterations.numpy()) == 0


def spoiled(value):
    x = TABLE.copy()
    x[3, 2] = value
    return x


METHODS = {
    "fit": fit,
    "evaluate": lambda vae, x: vae.evaluate(x, verbose=0),
    "predict": lambda vae, x: vae.predict(x, verbose=0),
    "encode": lambda vae, x: vae.encode(x),
    "reconstruct": lambda vae, x: vae.reconstruct(x),
    "elbo": lambda vae, x: vae.elbo(x),
    "log_likelihood": lambda vae, x: vae.log_likelihood(x, samples=2),
    "interpolate": lambda vae, x: vae.interpolate(x, x),
}
each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)

BAD_TABLES = {
    "nan": (spoiled(np.nan), r"must be finite, got nan at index \(3, 2\) \(1 of 48"),
    "infinity": (spoiled(np.inf), r"must be finite, got inf at index \(3, 2\)"),
    "8-bit images": (TABLE * 255, r"expected \[0, 1\] for a Bernoulli.*x / 255"),
    "negative": (TABLE - 0.5, r"spans \[-0.\d+, 0.\d+\], expected \[0, 1\]"),
    "huge": (spoiled(1e30), r"spans \[0.\d+, 1e\+30\], expected \[0, 1\]"),
    "one example without a batch": (TABLE[0], r"must have a batch dimension.*x\[None\]"),
    "a scalar": (np.float32(1), r"must have a batch dimension.*got shape \(\)"),
    "no example": (TABLE[:0], r"at least one example, got shape \(0, 6\)"),
    "other columns": (TABLE[:, :5], r"examples of shape \(5,\), expected \(6,\)"),
    "another rank": (TABLE[..., None], r"examples of shape \(6, 1\), expected \(6,\)"),
}
BAD_TYPES = {
    "text": (np.array([["a", "b"]]), "must be numeric, got an array of dtype <U1"),
    "objects": (np.array([[object()]]), "must be numeric, got an array of dtype object"),
    "complex": (TABLE + 1j, "must be real, got an array of dtype complex"),
    "a string": ("x.npy", "must be an array or a dataset, got str"),
    "nothing": (None, "must be an array or a dataset, got NoneType"),
}


@each_method
@pytest.mark.parametrize(("x", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_values_and_shapes(dense, method, x, message):
    with pytest.raises(ValueError, match=message):
        method(dense, x)


@each_method
@pytest.mark.parametrize(("x", "message"), BAD_TYPES.values(), ids=BAD_TYPES)
def test_bad_types(dense, method, x, message):
    with pytest.raises(TypeError, match=message):
        method(dense, x)


@pytest.mark.parametrize(("x", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_validation_data_is_named(dense, x, message):
    with pytest.raises(ValueError, match="validation_data .*" + message):
        fit(dense, TABLE, validation_data=(x,))


def test_bad_first_batch_of_a_dataset(dense):
    with pytest.raises(ValueError, match=r"x \(its first batch\) must be finite"):
        fit(dense, tf.data.Dataset.from_tensors(spoiled(np.nan)))


def test_empty_dataset(dense):
    empty = tf.data.Dataset.from_tensors(TABLE).take(0)

    with pytest.raises(ValueError, match="x must hold at least one batch, got an empty dataset"):
        fit(dense, empty)
    with pytest.raises(ValueError, match="x must hold at least one example, got an empty dataset"):
        dense.encode(empty)


def test_nan_in_a_later_batch_of_a_dataset_stops_training(dense):
    batches = np.stack([TABLE, spoiled(np.nan)])
    vae = ready("dense_vae")

    with pytest.raises(FloatingPointError, match="by step 2"):
        vae.fit(tf.data.Dataset.from_tensor_slices(batches), verbose=0)

    assert np.isfinite(vae.elbo(TABLE)).all()


# Images


def test_another_image_size_at_inference(conv):
    with pytest.raises(ValueError, match=r"examples of shape \(9, 9, 2\), expected \(9, 10, 2\)"):
        conv.encode(IMAGES[:, :, :9])


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((7, 8, 1), r"at least 8x8, got \(7, 8, 1\)"),
        ((28, 28), r"grey images need x\[..., None\]"),
        ((28,), r"images \[N, height, width, channels\], got examples of shape \(28,\)"),
    ],
)
def test_impossible_image_shapes(shape, message):
    vae = small("conv_vae", built=False)

    with pytest.raises(ValueError, match=message):
        vae.fit(np.zeros((4, *shape), "float32"), verbose=0)
    with pytest.raises(ValueError, match=message):
        small("conv_vae", input_shape=shape)


def test_integer_images_are_refused_under_bernoulli(conv):
    with pytest.raises(ValueError, match="x / 255"):
        fit(conv, (IMAGES * 255).astype("uint8"))


# Other likelihoods


@pytest.mark.parametrize("likelihood", ["normal", "shared_scale_normal", "per_element_normal"])
def test_values_too_large_to_learn_from(likelihood):
    vae = ready("dense_vae", likelihood=likelihood)

    with pytest.raises(ValueError, match=r"values up to 1e\+30 in magnitude.*standardise"):
        fit(vae, spoiled(1e30))
    with pytest.raises(ValueError, match="must be finite"):
        fit(vae, spoiled(np.nan))


@pytest.mark.parametrize("value", [3, -1, 0.5])
def test_classes_out_of_range(value):
    vae = ready("dense_vae", likelihood=zoo.likelihoods.Categorical(3))
    x = np.zeros((4, 6))
    x[0, 0] = value

    with pytest.raises(ValueError, match=r"x must hold classes 0 \.\. 2, got values from"):
        fit(vae, x)


def test_wrong_number_of_table_columns():
    vae = ready("dense_vae", likelihood=zoo.likelihoods.Tabular((0, 0)), built=False)

    with pytest.raises(ValueError, match="x has 6 columns, expected 2"):
        vae.fit(TABLE, verbose=0)


def test_infinity_in_a_table():
    vae = ready("dense_vae", likelihood=zoo.likelihoods.Tabular((0,) * 6))

    with pytest.raises(ValueError, match=r"x\[:, 2\] holds values up to inf"):
        fit(vae, spoiled(np.inf))


# Beside x


def test_labels_of_another_length(dense):
    with pytest.raises(ValueError, match="y has 3 rows, expected 8, as many as x"):
        fit(dense, TABLE, np.zeros(3))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(3), "sample_weight has 3 rows, expected 8"),
        (-np.ones(8), "sample_weight must be a vector of finite numbers of at least 0"),
        (np.full(8, np.nan), "sample_weight must be a vector of finite numbers"),
        (np.ones((8, 2)), r"sample_weight must be a vector .* got shape \(8, 2\)"),
    ],
)
def test_bad_sample_weights(dense, weight, message):
    with pytest.raises(ValueError, match=message):
        fit(dense, TABLE, sample_weight=weight)


def test_class_weight_needs_labels(dense):
    with pytest.raises(ValueError, match="class_weight needs labels y, got y=None"):
        fit(dense, TABLE, class_weight={0: 1.0})


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True])
def test_bad_batch_size(dense, batch_size):
    with pytest.raises(ValueError, match="batch_size must be a positive integer, got"):
        fit(dense, TABLE, batch_size=batch_size)


def test_validation_split_that_leaves_nothing(dense):
    with pytest.raises(ValueError, match="leaves 0 of 1 examples to train on"):
        fit(dense, TABLE[:1], validation_split=0.5)
    with pytest.raises(ValueError, match="validation_split needs arrays, got a dataset"):
        fit(dense, tf.data.Dataset.from_tensors(TABLE), validation_split=0.5)


def test_loss_in_compile_is_refused():
    with pytest.raises(ValueError, match=r"loss='mse' has no meaning here.*objective"):
        small("dense_vae").compile(loss="mse")


@pytest.mark.parametrize("z", [np.zeros((2, 3)), np.zeros(2), np.zeros((2, 2, 2))])
def test_wrong_shape_of_z(dense, z):
    with pytest.raises(ValueError, match=r"z must have shape \[N, 2\], got"):
        dense.decode(z)


def test_pairs_must_pair_up(dense):
    with pytest.raises(ValueError, match="start and end must pair up, got 8 and 3"):
        dense.interpolate(TABLE, TABLE[:3])


def test_dimensions_out_of_range(dense):
    with pytest.raises(ValueError, match=r"dimensions must lie in 0 .. 1, got \[2\]"):
        dense.traverse(dimensions=[2])


@pytest.mark.parametrize("n", [0, -3, 1.5])
def test_counts_must_be_positive_integers(dense, n):
    for call in (
        lambda: dense.generate(n),
        lambda: dense.elbo(TABLE, samples=n),
        lambda: dense.log_likelihood(TABLE, samples=n),
        lambda: dense.reconstruct(TABLE, samples=n),
        lambda: dense.traverse(steps=n),
    ):
        with pytest.raises(ValueError, match="must be a positive integer, got"):
            call()


def test_methods_that_need_shapes_say_so(tmp_path):
    vae = small("dense_vae", built=False)

    for call in (
        lambda: vae.generate(3),
        lambda: vae.decode(np.zeros((1, 2))),
        lambda: vae.traverse(),
        lambda: vae.export(tmp_path / "model"),
    ):
        with pytest.raises(ValueError, match="no shapes yet: call fit or encode first"):
            call()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "w.weights.h5"}, "weights= needs input_shape="),
        ({"input_shape": (0, 3)}, r"positive sizes of one example.* got \(0, 3\)"),
        ({"input_shape": (None, 3)}, "positive sizes of one example"),
        ({"input_shape": ()}, "positive sizes of one example"),
        ({"latent_dim": 0}, "latent_dim must be made of positive integers, got 0"),
        ({"hidden": (8, -1)}, r"hidden must be made of positive integers, got \(8, -1\)"),
        ({"beta": -1.0}, "weight must be a number of at least 0, got -1.0"),
        ({"likelihood": "bernouli"}, "did you mean 'bernoulli'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.get("dense_vae", **options)


def test_bad_type_of_a_component():
    with pytest.raises(TypeError, match=r"likelihood must be a name \(.*\) or an object, got int"):
        zoo.get("dense_vae", likelihood=3)


# Unusual input with a right result


def test_one_example_trains():
    history = ready("dense_vae").fit(TABLE[:1], verbose=0).history

    assert np.isfinite(history["loss"]).all()


def test_one_image_trains_through_batch_normalization():
    vae = ready("conv_vae")

    vae.fit(IMAGES[:1], epochs=2, verbose=0)

    assert np.isfinite(vae.elbo(IMAGES[:1])).all()


def test_batch_larger_than_the_data_is_one_batch():
    vae = ready("dense_vae")

    vae.fit(TABLE, batch_size=1000, verbose=0)

    assert int(vae.optimizer.iterations.numpy()) == 1


@pytest.mark.parametrize("dtype", ["float64", "float16", "bool", "uint8", "int64"])
def test_any_real_dtype_trains(dtype):
    vae = ready("dense_vae")

    vae.fit(np.round(TABLE).astype(dtype), verbose=0)

    assert int(vae.optimizer.iterations.numpy()) == 1


def test_lists_are_arrays():
    assert ready("dense_vae").elbo(TABLE.tolist()).shape == (8,)


def test_values_up_to_the_limit_train_with_a_finite_loss():
    vae = ready("dense_vae", likelihood="per_element_normal")

    history = vae.fit(spoiled(1e6), epochs=2, verbose=0).history

    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize("shape", [(8, 8, 1), (11, 8, 3), (9, 13, 5)])
@pytest.mark.parametrize("stem_strides", [1, 2])
def test_any_image_size_and_channel_count(shape, stem_strides):
    vae = small("conv_vae", input_shape=shape, stem_strides=stem_strides)
    x = np.random.default_rng(0).random((2, *shape), "float32")

    assert np.isfinite(vae.run(x, zoo.sampling.MeanSampler()).likelihood.log_prob(x)).all()
    assert vae.decoder(tf.zeros([2, 2])).mean().shape == (2, *shape)


def test_keras_metrics_of_ones_own_need_no_loss():
    vae = small("dense_vae")
    vae.compile(optimizer(), run_eagerly=True, metrics=[])

    logs = {"loss", "elbo", "nll", "kl", "active_units"}
    assert {*vae.fit(TABLE, verbose=0).history} == logs


def test_generators_train():
    vae = ready("dense_vae")

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return (TABLE[4 * index : 4 * index + 4],)

    vae.fit(Batches(), verbose=0)

    assert int(vae.optimizer.iterations.numpy()) == 2
