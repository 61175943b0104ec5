"""Bad values, shapes and types of x: errors before any step that name the argument."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.core.inputs import IMAGES, TABLE, each_method, fit, ready, spoiled
from tests.helpers import small
from zoo.core import inputs

BAD_TABLES = {
    "nan": (spoiled(np.nan), r"must be finite, got nan at index \(3, 2\) \(1 of 48"),
    "infinity": (spoiled(np.inf), r"must be finite, got inf at index \(3, 2\)"),
    "8-bit images": (TABLE * 255, r"must lie in \[0, 1\] for a Bernoulli.*x / 255"),
    "negative": (TABLE - 0.5, r"must lie in \[0, 1\] .* -0.\d+ to 0.\d+"),
    "huge": (spoiled(1e30), r"must lie in \[0, 1\] .* to 1e\+30"),
    "one example without a batch": (TABLE[0], r"must have a batch dimension.*x\[None\]"),
    "a scalar": (np.float32(1), r"must have a batch dimension.*got shape \(\)"),
    "no example": (TABLE[:0], r"at least one example, got shape \(0, 6\)"),
    "other columns": (TABLE[:, :5], r"examples of shape \(6,\), .* got \(5,\)"),
    "another rank": (TABLE[..., None], r"examples of shape \(6,\), .* got \(6, 1\)"),
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


def test_another_image_size_at_inference(conv):
    with pytest.raises(ValueError, match=r"examples of shape \(9, 10, 2\), .* got \(9, 9, 2\)"):
        conv.encode(IMAGES[:, :, :9])


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((7, 8, 1), r"at least 8x8, got .* \(7, 8, 1\)"),
        ((28, 28), r"for grey images pass x\[..., None\]"),
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


@pytest.mark.parametrize("likelihood", ["normal", "shared_scale_normal", "per_element_normal"])
def test_values_too_large_to_learn_from(likelihood):
    vae = ready("dense_vae", likelihood=likelihood)

    with pytest.raises(ValueError, match=r"magnitudes of at most 1e\+06, got 1e\+30: standardise"):
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

    with pytest.raises(ValueError, match="x must have 2 columns, got 6"):
        vae.fit(TABLE, verbose=0)


def test_infinity_in_a_table():
    vae = ready("dense_vae", likelihood=zoo.likelihoods.Tabular((0,) * 6))

    with pytest.raises(ValueError, match=r"x must be finite or NaN, got inf at index \(3, 2\)"):
        fit(vae, spoiled(np.inf))
    with pytest.raises(ValueError, match="x must be finite or NaN, got inf"):
        zoo.likelihoods.Tabular.from_data(spoiled(np.inf))


def test_values_beyond_0_and_1_by_a_rounding_error_are_taken():
    vae, rounded = ready("dense_vae"), TABLE.astype("float64")
    rounded[0, :2] = 1 + 1e-7, -1e-8  # as scalers and resized images have them

    np.testing.assert_allclose(vae.elbo(rounded), vae.elbo(np.clip(rounded, 0, 1)), rtol=1e-5)
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\].* to 1.00001"):
        vae.elbo(rounded + 1e-5)


def test_durations_are_not_numbers():
    x = np.ones((8, 6), "timedelta64[s]")

    with pytest.raises(TypeError, match=r"x must be numeric, got an array of dtype timedelta64"):
        small("dense_vae").posterior(x)


def test_an_input_shape_of_more_values_than_an_array_has_is_refused():
    with pytest.raises(ValueError, match="input_shape must be positive sizes"):
        zoo.get("dense_vae", input_shape=(2**16, 2**16))


@pytest.mark.parametrize("x", [np.array("-0."), np.array(1.0), tf.constant(1.0), 3])
def test_what_has_no_rows_is_refused(x):
    with pytest.raises(TypeError, match="x must be an array or a dataset, got"):
        inputs.require_rows(x)
