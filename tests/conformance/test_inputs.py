"""The checks of data, which are the same for every variant and every form of data."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.variants import each_variant
from tests.helpers import assert_same, data, values, without_mask
from zoo.core.nested import map_arrays, take_rows


def spoiled(x):
    """x with a value that no model takes: infinity, or a token id below 0."""

    def spoil(array):
        array = array.copy()
        array.flat[0] = np.inf if array.dtype.kind == "f" else -1
        return array

    return map_arrays(spoil, without_mask(x))


class Loader:
    """An iterable of batches."""

    def __init__(self, *batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)

    def __len__(self):
        return len(self.batches)


FORMS = {
    "array": lambda x: x,
    "dataset": lambda x: tf.data.Dataset.from_tensors(x),
    "loader": lambda x: Loader((x,)),
    "generator": lambda x: iter([(x,)]),
}
METHODS = ("fit", "evaluate", "predict", "encode", "score")
OF_A_BATCH = ("train_on_batch", "test_on_batch", "predict_on_batch", "posterior")


@each_variant
@pytest.mark.parametrize("form", FORMS)
def test_bad_values_are_refused_in_every_form_by_every_method(eager, name, form):
    vae, x = eager(name), spoiled(data(name, 3))
    if not vae.preprocessor.adapted:
        vae.adapt(data(name))
    before = values([*vae.variables, *vae.optimizer.variables])

    for method in (*METHODS, *(OF_A_BATCH if form == "array" else ())):
        with pytest.raises(ValueError, match=r"x.* must (be finite|lie in|hold token ids)"):
            getattr(vae, method)(FORMS[form](x))

    assert_same(values([*vae.variables, *vae.optimizer.variables]), before)


@each_variant
def test_a_loader_is_encoded_as_the_array_is(eager, name):
    vae, x = eager(name), without_mask(data(name, 6))
    loader = Loader((take_rows(x, slice(4)),), (take_rows(x, slice(4, None)),))

    codes = np.asarray(vae.encode(loader).loc)

    assert_same(codes, np.asarray(vae.encode(x).loc), rtol=1e-3, atol=1e-4)


@each_variant
def test_weights_are_honoured_alike_with_and_without_y(eager, name):
    vae, x = eager(name), without_mask(data(name, 4))
    weights = np.array([0.0, 2.0, 1.0, 0.5])

    def loss(*args, **kwargs):
        return vae.evaluate(*args, **kwargs, verbose=0, return_dict=True)["loss"]

    expected = loss(x, np.zeros(4), sample_weight=weights)
    assert loss(x, sample_weight=weights[:, None]) == pytest.approx(expected, rel=1e-5)
    assert loss(Loader((x, None, weights))) == pytest.approx(expected, rel=1e-5)
    assert loss(x) != pytest.approx(expected, rel=1e-3)
