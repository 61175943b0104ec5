"""Labels and sample weights: the same in `fit`, `evaluate`, datasets and single batches."""

import numpy as np
import pytest
import tensorflow as tf

from tests.core.inputs import TABLE, ready
from zoo.core import targets

WEIGHTS = np.linspace(0.0, 2.0, 8)
BAD = {
    "too few": ([1.0] * 3, ValueError, "must have 8 rows, as many as (x|validation_data), got 3"),
    "a number": (np.float32(1), ValueError, r"8 rows.*got the single number 1.0: np.full"),
    "text": ("w", TypeError, "must hold numbers, a weight for each example, got str"),
    "texts": (["a"] * 8, TypeError, "must hold numbers"),
    "none": ([None] * 8, TypeError, "must hold numbers"),
    "a dict": ({"a": 1}, TypeError, "got dict"),
    "ragged": ([[1], [1, 2]] * 4, TypeError, "must hold numbers"),
    "negative": (-np.ones(8), ValueError, "finite numbers of at least 0"),
    "NaN": (np.full(8, np.nan), ValueError, "finite numbers of at least 0"),
    "two columns": (np.ones((8, 2)), ValueError, r"a vector .* got shape \(8, 2\)"),
}
METHODS = {
    "fit": lambda vae, w: vae.fit(TABLE, sample_weight=w, verbose=0),
    "evaluate": lambda vae, w: vae.evaluate(TABLE, sample_weight=w, verbose=0),
    "validation": lambda vae, w: vae.fit(TABLE, validation_data=(TABLE, None, w), verbose=0),
    "train_on_batch": lambda vae, w: vae.train_on_batch(TABLE, sample_weight=w),
    "test_on_batch": lambda vae, w: vae.test_on_batch(TABLE, sample_weight=w),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize(("weight", "error", "message"), BAD.values(), ids=BAD)
def test_bad_weights_are_refused_by_name(dense, method, weight, error, message):
    with pytest.raises(error, match=f"^sample_weight.* {message}"):
        method(dense, weight)


def dataset(weights, rows=4):
    return tf.data.Dataset.from_tensor_slices((TABLE, TABLE, weights)).batch(rows)


def loss(vae, *args, **kwargs):
    return vae.evaluate(*args, verbose=0, return_dict=True, **kwargs)["loss"]


def test_evaluate_honours_weights_with_and_without_y(dense):
    expected = loss(dense, TABLE, TABLE, sample_weight=WEIGHTS)

    assert expected != pytest.approx(loss(dense, TABLE), rel=1e-2)
    assert loss(dense, TABLE, sample_weight=WEIGHTS) == pytest.approx(expected, rel=1e-6)
    assert loss(dense, TABLE, sample_weight=WEIGHTS[:, None]) == pytest.approx(expected, rel=1e-6)
    for weights in (WEIGHTS, WEIGHTS[:, None]):
        assert loss(dense, dataset(weights, 8)) == pytest.approx(expected, rel=1e-6)
    on_batch = dense.test_on_batch(TABLE, sample_weight=WEIGHTS, return_dict=True)["loss"]
    assert on_batch == pytest.approx(expected, rel=1e-6)


def test_validation_data_honour_weights_without_y():
    vae = ready("dense_vae")
    history = vae.fit(
        TABLE, validation_data=(TABLE, None, WEIGHTS), validation_freq=2, epochs=2, verbose=0
    ).history

    expected = loss(vae, TABLE, TABLE, sample_weight=WEIGHTS)
    assert history["val_loss"] == [pytest.approx(expected, rel=1e-6)]


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_weights_of_a_later_batch_are_checked(value):
    weights = np.ones(8)
    weights[5] = value
    with pytest.raises(ValueError, match=r"^sample_weight \(batch 2\) must be a vector of finite"):
        ready("dense_vae").fit(dataset(weights), verbose=0)


@pytest.mark.parametrize("y", [1, "abc", ["a"] * 8, [[1], [1, 2]] * 4, np.zeros(3)], ids=str)
def test_bad_labels_are_refused_by_name(dense, y):
    for call in (dense.fit, dense.evaluate):
        with pytest.raises((TypeError, ValueError), match=r"^y must have 8 rows|^y must hold num"):
            call(TABLE, y, verbose=0)


@pytest.mark.parametrize(
    "y", [[0, 1, 2], [[0], [1], [2]], np.eye(3), {"a": [0]}], ids=["[N]", "[N, 1]", "hot", "dict"]
)
def test_class_weights_take_classes_and_one_hot_rows(y):
    if isinstance(y, dict):
        with pytest.raises(ValueError, match=r"one-hot .* got a dict"):
            targets.with_class_weight(y, None, {0: 2.0})
        return
    weights = targets.with_class_weight(np.asarray(y), np.array([1.0, 1.0, 3.0]), {0: 2.0, 2: 0.5})
    np.testing.assert_array_equal(weights, [2.0, 1.0, 1.5])


@pytest.mark.parametrize(
    "weight", [5, "balanced", {0: -1.0}, {0: np.nan}, {0.5: 1.0}, {"a": 1.0}, {7: 2.0}], ids=str
)
def test_bad_class_weights_are_refused(dense, weight):
    with pytest.raises((TypeError, ValueError), match=r"^class_weight must"):
        dense.fit(TABLE, np.zeros(8), class_weight=weight, verbose=0)


def test_class_weights_of_classes_that_one_batch_lacks_are_no_error():
    np.testing.assert_array_equal(targets.with_class_weight(np.zeros(2), None, {7: 2.0}), [1, 1])
