"""Forms of x other than arrays: tables of pandas, lists of arrays, rare types."""

import decimal

import numpy as np
import pytest
import tensorflow as tf

from tests.core.inputs import TABLE, ready
from tests.helpers import small
from zoo.core.arrays import as_array

pd = pytest.importorskip("pandas")
FRAME = pd.DataFrame({"a": TABLE[:4, 0], "b": TABLE[:4, 1]})


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (pd.date_range("2020", periods=4), "datetime64.* seconds since the first date"),
        (["u"] * 4, "str|object"),
        (pd.Categorical(["u", "v"] * 2), "category"),
        ([decimal.Decimal(1)] * 4, "object"),
        ([1j] * 4, "complex128"),
    ],
)
def test_a_column_that_is_not_numbers_is_named(column, dtype):
    with pytest.raises(TypeError, match=f"got dtype ({dtype}).*in column 'c'|{dtype}"):
        as_array(FRAME.assign(c=column))
    with pytest.raises(TypeError, match=r"x must have numeric columns, got dtype .* column 'c'"):
        ready("dense_vae").encode(FRAME.assign(c=column))


def test_bool_and_nullable_columns_are_numbers():
    frame = FRAME.assign(c=[True, False] * 2, d=pd.array([1, None, 3, 4], "Int64"))
    got = as_array(frame)
    np.testing.assert_array_equal(got[:, 2], [1, 0, 1, 0])
    np.testing.assert_array_equal(got[:, 3], [1, np.nan, 3, 4])


@pytest.mark.parametrize("x", [[TABLE], (TABLE,), (TABLE, TABLE)], ids=["list", "one", "pair"])
def test_arrays_in_a_list_are_not_examples(x):
    vae = small("dense_vae", built=False)
    with pytest.raises(TypeError, match=r"x must be one array, got a (list|tuple) of arrays of sh"):
        vae.fit(x, verbose=0)
    assert not vae.built


@pytest.mark.parametrize("x", [dict, np.ndarray, tf.data.Dataset])
def test_a_class_is_not_data(dense, x):
    for method in (dense.encode, dense.score, lambda x: dense.fit(x, verbose=0)):
        with pytest.raises(TypeError, match="x must be an array or a dataset, got the class"):
            method(x)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ({"a": TABLE}, TypeError, "got a dict with the keys 'a': dicts are for multimodal"),
        ([[1.0], [1.0, 2.0]], ValueError, "rows that differ in length: pad or cut"),
        (np.array([[1, None]], object), TypeError, r"holds a NoneType at index \(0, 1\)"),
    ],
)
def test_what_is_no_array_is_refused(dense, x, error, message):
    for method in (dense.encode, dense.test_on_batch, lambda x: dense.fit(x, verbose=0)):
        with pytest.raises(error, match=message):
            method(x)


def test_sparse_matrices_are_refused(dense):
    sparse = pytest.importorskip("scipy.sparse").csr_matrix(TABLE)
    with pytest.raises(TypeError, match=r"dense array, got a sparse csr_matrix: pass x.toarray"):
        dense.encode(sparse)
    with pytest.raises(TypeError, match=r"got a SparseTensor: pass tf.sparse.to_dense\(x\)"):
        dense.encode(tf.sparse.from_dense(TABLE))


def test_long_doubles_are_doubles(dense):
    np.testing.assert_array_equal(
        dense.encode(TABLE.astype("longdouble")).loc, dense.encode(TABLE).loc
    )


def test_a_series_of_one_step_is_refused():
    vae = small("lstm_vae", built=False)
    with pytest.raises(ValueError, match=r"50 series of one step: x\[None\] is one series of 50"):
        vae.fit(np.ones((50, 1)), verbose=0)
    assert not vae.built
    assert not vae.preprocessor.adapted


def test_a_frame_is_not_a_series():
    with pytest.raises(TypeError, match=r"to_numpy\(\)\[None\] for one series of 4 steps and 2 ch"):
        small("lstm_vae", built=False).fit(FRAME, verbose=0)


@pytest.mark.parametrize(("scale", "message"), [(1e39, "at most 1e"), (np.inf, "finite or NaN")])
def test_series_beyond_float32_are_refused(scale, message):
    with pytest.raises(ValueError, match=message):
        small("lstm_vae", built=False).fit(scale * np.ones((2, 3, 1)), verbose=0)
