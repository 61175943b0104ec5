"""Examples as one array or as a dict of arrays."""

import numpy as np
import pytest
import tensorflow as tf

from zoo.core.nested import map_arrays, row_count, take_rows

pd = pytest.importorskip("pandas")
ARRAY = np.arange(12).reshape(4, 3)
FORMS = {
    "array": ARRAY,
    "tensor": tf.constant(ARRAY),
    "list": ARRAY.tolist(),
    "tuple": tuple(map(tuple, ARRAY.tolist())),
    "ragged": tf.ragged.constant(ARRAY.tolist()),
    "series": pd.Series(ARRAY.tolist(), index=[2.0, 0.0, 1.0, 3.0]),
    "frame": pd.DataFrame(ARRAY, index=[2.0, 0.0, 1.0, 3.0]),
    "dict": {"a": ARRAY, "b": ARRAY[:, 0]},
}
each_form = pytest.mark.parametrize("x", FORMS.values(), ids=FORMS)


def plain(x):
    """x as nested lists."""
    if isinstance(x, dict):
        return {name: plain(value) for name, value in x.items()}
    if isinstance(x, tf.RaggedTensor):
        return x.to_list()
    return np.asarray(x).tolist()


def expected(x, rows):
    """Rows of x by plain indexing."""
    if isinstance(x, dict):
        return {name: expected(value, rows) for name, value in x.items()}
    return [plain(x)[i] for i in rows]


@each_form
def test_rows_are_counted(x):
    assert row_count(x) == 4


@each_form
def test_a_slice_takes_rows(x):
    assert plain(take_rows(x, slice(1, 3))) == expected(x, [1, 2])


@each_form
def test_positions_take_rows_in_their_order(x):
    assert plain(take_rows(x, np.array([3, 0, 0]))) == expected(x, [3, 0, 0])


def test_rows_of_an_array_of_another_library_are_taken():
    class Array:
        def __len__(self):
            return 4

        def __array__(self, dtype=None, copy=None):
            return ARRAY

    assert plain(take_rows(Array(), np.array([3, 0]))) == expected(ARRAY, [3, 0])


def test_a_function_is_mapped_over_the_arrays_of_a_dict():
    assert map_arrays(np.sum, ARRAY) == ARRAY.sum()
    assert map_arrays(np.sum, {"a": {"b": ARRAY}}) == {"a": {"b": ARRAY.sum()}}
