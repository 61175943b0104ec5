"""Kinds of columns refuse what is no column."""

import numpy as np
import pytest

from zoo import tables

pd = pytest.importorskip("pandas", reason="tables need pandas: pip install '.[recipes]'")


@pytest.mark.parametrize("x", [None, 3, [1.0], np.zeros((2, 2)), np.array(["a"]), np.array(None)])
def test_numbers_must_be_an_array(x):
    with pytest.raises(TypeError, match=r"x must be an array \[N\] of numbers, got"):
        tables.is_sequence(x)
    with pytest.raises(TypeError, match=r"values must be an array \[N\] of numbers, got"):
        tables.number_kind("a", x)


@pytest.mark.parametrize("column", [None, "a", pd.DataFrame({"a": [1]}), np.array(1)])
def test_a_column_must_be_a_series(column):
    with pytest.raises(TypeError, match="column must be a series of a frame, got"):
        tables.holds_lists(column)


@pytest.mark.parametrize("arguments", [(None, 3), (2, "x"), (2, 3, "texts", 0.5)])
def test_counts_must_be_integers(arguments):
    with pytest.raises(TypeError, match=r"(count|present|max_categories) must be an integer, got"):
        tables.text_kind(*arguments)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "float32", "int64"])
def test_consecutive_integers_of_any_type_are_a_sequence(dtype):
    assert tables.is_sequence(np.arange(9).astype(dtype))
    assert not tables.is_sequence(np.arange(9)[::-1].astype(dtype))
