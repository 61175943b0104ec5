"""Bad input: an error that names the argument, what came and what was expected, before any step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, data, optimizer, small, values
from zoo.core import validation

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


def batches(*xs):
    return tf.data.Dataset.from_tensor_slices(np.stack(xs))


@pytest.mark.parametrize("eager", [True, False])
def test_nan_in_a_later_batch_of_a_dataset_stops_training(eager):
    vae = ready("dense_vae")
    vae.compile(optimizer(), run_eagerly=eager, jit_compile=False, steps_per_execution=1)

    with pytest.raises(
        ValueError, match=r"^x \(batch 2\) must be finite, got nan at index \(3, 2\)"
    ):
        vae.fit(batches(TABLE, spoiled(np.nan)), verbose=0)

    assert np.isfinite(vae.elbo(TABLE)).all()


def test_later_batches_are_checked_where_steps_are_taken_together(dense):
    vae = small("dense_vae")
    vae.compile(optimizer(), jit_compile=False, steps_per_execution=3)

    with pytest.raises(ValueError, match=r"^x \(batch 3\) spans .*x / 255"):
        vae.fit(batches(TABLE, TABLE, TABLE * 255), verbose=0)


def test_later_batches_of_labelled_and_of_validation_data_are_checked(dense):
    labelled = batches(TABLE, TABLE * 255).map(lambda x: (x, x[:, 0]))

    with pytest.raises(ValueError, match=r"^x \(batch 2\) spans"):
        ready("dense_vae").fit(labelled, verbose=0)
    with pytest.raises(ValueError, match=r"^validation_data \(batch 2\) spans"):
        ready("dense_vae").fit(TABLE, validation_data=labelled, verbose=0)


def test_errors_that_are_not_the_datasets_check_stay_as_they_are(dense):
    def fails(x):
        tf.debugging.assert_less(x, 0.9, "of my own")
        return x

    x = np.stack([TABLE * 0, TABLE * 0 + 1])

    with pytest.raises(tf.errors.InvalidArgumentError, match="of my own"):
        ready("dense_vae").fit(tf.data.Dataset.from_tensor_slices(x).map(fails), verbose=0)


INFERENCE = [name for name in METHODS if name not in ("fit", "evaluate", "predict", "interpolate")]


@pytest.mark.parametrize("method", INFERENCE)
def test_each_batch_of_a_dataset_is_checked_at_inference(dense, method):
    for bad, message in ((spoiled(np.nan), "must be finite"), (TABLE * 255, "x / 255")):
        with pytest.raises(ValueError, match=rf"^x \(batch 2\) .*{message}"):
            METHODS[method](dense, batches(TABLE, bad))


@pytest.mark.parametrize("method", ["fit", "encode"])
def test_a_dataset_that_is_not_batched(dense, conv, method):
    for vae, x in ((dense, TABLE), (conv, IMAGES)):
        with pytest.raises(ValueError, match=r"dataset must give batches: dataset.batch\(n\)"):
            METHODS[method](vae, tf.data.Dataset.from_tensor_slices(x))


def test_unbatched_images_are_not_taken_for_grey_ones_alone():
    vae = small("conv_vae", built=False)

    with pytest.raises(ValueError, match=r"x\[..., None\].*dataset.batch\(n\)"):
        vae.fit(tf.data.Dataset.from_tensor_slices(IMAGES), verbose=0)


@pytest.mark.parametrize(
    "beside", [{"y": TABLE}, {"sample_weight": np.ones(8)}, {"batch_size": 4}], ids=str
)
def test_what_a_dataset_gives_itself_is_refused_beside_it(dense, beside):
    (name,) = beside

    with pytest.raises(ValueError, match=f"^{name} must be None where x is a dataset"):
        dense.fit(tf.data.Dataset.from_tensors(TABLE), verbose=0, **beside)


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

    with pytest.raises(ValueError, match=r"x must be finite or NaN, got inf at index \(3, 2\)"):
        fit(vae, spoiled(np.inf))
    with pytest.raises(ValueError, match="x must be finite or NaN, got inf"):
        zoo.likelihoods.Tabular.from_data(spoiled(np.inf))


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


@pytest.mark.parametrize("name", ["steps_per_epoch", "validation_batch_size"])
def test_bad_counts_of_fit(dense, name):
    with pytest.raises(ValueError, match=f"{name} must be a positive integer, got -1"):
        fit(dense, TABLE, **{name: -1})


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


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_codes_must_be_finite(dense, value):
    with pytest.raises(ValueError, match=rf"z must be finite, got {value} at index \(0, 1\)"):
        dense.decode(np.array([[0.0, value]]))


@pytest.mark.parametrize("seed", [None, -1, 2**33, 0.5, True])
def test_bad_seeds(dense, seed):
    calls = [
        lambda: dense.elbo(TABLE, seed=seed),
        lambda: dense.log_likelihood(TABLE, samples=2, seed=seed),
        lambda: dense.reconstruct(TABLE, samples=2, seed=seed),
    ]
    if seed is not None:
        calls.append(lambda: dense.generate(2, seed=seed))
    for call in calls:
        with pytest.raises(ValueError, match="seed must be an integer from 0 to 2"):
            call()


@pytest.mark.parametrize("seed", [-1, 0.5, "1"])
def test_bad_seeds_of_a_model(seed):
    with pytest.raises(ValueError, match="seed must be None or an integer of at least 0, got"):
        validation.model_seed(seed)


def test_seeds_become_pythons_integers():
    assert type(validation.seed(np.int64(3))) is type(validation.model_seed(np.uint8(3))) is int
    assert validation.model_seed(None) is None


@pytest.mark.parametrize("size", [0, -1, 2.5])
def test_bad_batch_sizes_at_inference(dense, size):
    for call in (
        lambda: dense.encode(TABLE, batch_size=size),
        lambda: dense.log_likelihood(TABLE, samples=2, batch_size=size),
        lambda: dense.generate(3, batch_size=size),
    ):
        with pytest.raises(ValueError, match="batch_size must be a positive integer, got"):
            call()


@pytest.mark.parametrize("dimensions", [0, [], [0.5], "a"])
def test_dimensions_that_are_no_list_of_integers(dense, dimensions):
    with pytest.raises(ValueError, match="dimensions must be a list of integers, got"):
        dense.traverse(dimensions=dimensions)


@pytest.mark.parametrize("path", ["sphericl", None, 3])
def test_unknown_paths(dense, path):
    with pytest.raises(ValueError, match="path must be one of 'linear', 'spherical' or a function"):
        dense.interpolate(TABLE, TABLE, path=path)


def test_resume_wants_a_positive_number_of_epochs(tmp_path):
    with pytest.raises(ValueError, match="every must be made of positive integers, got 0"):
        zoo.Resume(tmp_path, every=0)


def test_pairs_must_pair_up(dense):
    with pytest.raises(ValueError, match="start and end must pair up, got 8 and 3"):
        dense.interpolate(TABLE, TABLE[:3])


def test_dimensions_out_of_range(dense):
    with pytest.raises(ValueError, match=r"dimensions must lie in 0 .. 1, got \[2\]"):
        dense.traverse(dimensions=[2])


@pytest.mark.parametrize("dimensions", [(0,), (1, 1), (0, 1, 0)])
def test_a_plane_has_two_dimensions(dense, dimensions):
    with pytest.raises(ValueError, match="dimensions must be two different ones, got"):
        dense.manifold(dimensions=dimensions)


@pytest.mark.parametrize("n", [0, -3, 1.5])
def test_counts_must_be_positive_integers(dense, n):
    for call in (
        lambda: dense.generate(n),
        lambda: dense.elbo(TABLE, samples=n),
        lambda: dense.log_likelihood(TABLE, samples=n),
        lambda: dense.reconstruct(TABLE, samples=n),
        lambda: dense.traverse(steps=n),
        lambda: dense.manifold(steps=n),
    ):
        with pytest.raises(ValueError, match="must be a positive integer, got"):
            call()


def test_methods_that_need_shapes_say_so(tmp_path):
    vae = small("dense_vae", built=False)

    for call in (
        lambda: vae.generate(3),
        lambda: vae.decode(np.zeros((1, 2))),
        lambda: vae.traverse(),
        lambda: vae.manifold(),
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
        ({"beta": -1.0}, "weight must be a finite number of at least 0, got -1.0"),
        ({"beta": np.inf}, "weight must be a finite number of at least 0, got inf"),
        ({"beta": None}, "weight must be a finite number of at least 0, got None"),
        ({"likelihood": "bernouli"}, "did you mean 'bernoulli'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.get("dense_vae", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": ()}, r"widths must hold at least one number, got \(\)"),
        ({"stem_strides": 3}, r"stem_strides must be one of \(1, 2\), got 3"),
    ],
)
@pytest.mark.parametrize("part", [zoo.encoders.ConvEncoder, zoo.decoders.ConvDecoder])
def test_bad_options_of_convolutions(part, options, message):
    with pytest.raises(ValueError, match=message):
        part(**options)


def test_a_likelihood_must_be_something():
    with pytest.raises(TypeError, match=r"likelihood must be one of .* or an object, got None"):
        zoo.get("conv_vae", likelihood=None)


def test_numpys_integers_are_integers():
    size = np.array([9, 8, 1])

    vae = zoo.get(
        "conv_vae",
        latent_dim=np.int64(3),
        widths=np.array([4, 8]),
        blocks=np.int8(1),
        input_shape=size,
    )

    assert vae.decoder.event_shape == (9, 8, 1)
    config = vae.latents.encoder.get_config()
    assert [type(config[name]) for name in ("latent_dim", "blocks", "stem_strides")] == [int] * 3


def test_bad_type_of_a_component():
    with pytest.raises(TypeError, match=r"likelihood must be one of .* or an object, got int"):
        zoo.get("dense_vae", likelihood=3)


# Unusual input with a right result


def test_a_list_of_validation_data_is_x():
    vae = ready("dense_vae")

    listed, array = (
        vae.evaluate(x, verbose=0, return_dict=True)["loss"] for x in (list(TABLE), TABLE)
    )
    history = vae.fit(TABLE, validation_data=list(TABLE[:3]), verbose=0).history

    assert listed == array
    assert history["val_loss"] == [vae.evaluate(TABLE[:3], verbose=0, return_dict=True)["loss"]]


def test_checked_datasets_train_as_arrays_do():
    x = np.concatenate([TABLE, TABLE[:3]])
    vaes = [ready("dense_vae") for _ in "ab"]

    vaes[0].fit(x, batch_size=4, shuffle=False, verbose=0)
    vaes[1].fit(tf.data.Dataset.from_tensor_slices((x, x)).batch(4), verbose=0)

    assert_same(*(values(vae.trainable_variables) for vae in vaes), atol=1e-6)


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

    assert np.isfinite(vae.run(x, zoo.core.samplers.MeanSampler()).likelihood.log_prob(x)).all()
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
