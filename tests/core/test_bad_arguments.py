"""Bad arguments beside x, and bad options: errors that name them."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.core.inputs import TABLE, fit
from tests.helpers import small
from zoo.core import validation


def test_labels_of_another_length(dense):
    with pytest.raises(ValueError, match="y must have 8 rows, as many as x, got 3"):
        fit(dense, TABLE, np.zeros(3))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(3), "sample_weight must have 8 rows, as many as x, got 3"),
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
    with pytest.raises(ValueError, match="validation_split must be 0 where x is a dataset"):
        fit(dense, tf.data.Dataset.from_tensors(TABLE), validation_split=0.5)


def test_loss_in_compile_is_refused():
    with pytest.raises(ValueError, match=r"loss must be None.*objective.*got 'mse'"):
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
        validation.as_model_seed(seed)


def test_seeds_become_pythons_integers():
    assert (
        type(validation.as_seed(np.int64(3))) is type(validation.as_model_seed(np.uint8(3))) is int
    )
    assert validation.as_model_seed(None) is None


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


def test_resume_refuses_an_interval_of_zero_epochs(tmp_path):
    with pytest.raises(ValueError, match="every must be made of positive integers, got 0"):
        zoo.Resume(tmp_path, every=0)


def test_pairs_must_pair_up(dense):
    with pytest.raises(
        ValueError, match="start and end must hold equally many examples, got 8 and 3"
    ):
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


def test_methods_that_need_shapes_are_errors_before_building(tmp_path):
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
        ({"weights": "w.weights.h5"}, "weights must be an existing file or folder"),
        ({"input_shape": (0, 3)}, r"positive sizes of one example.* got \(0, 3\)"),
        ({"input_shape": (None, 3)}, "positive sizes of one example"),
        ({"input_shape": ()}, "positive sizes of one example"),
        ({"input_shape": 2**31}, "positive sizes of one example"),
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
