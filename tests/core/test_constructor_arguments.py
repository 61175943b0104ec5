"""Checks and conversions of constructor arguments."""

import numpy as np
import pytest

from zoo.core.argument_values import as_tuple, fraction, positive, positive_tuples
from zoo.core.identifiers import resolve
from zoo.encoders import DenseEncoder
from zoo.likelihoods import Bernoulli


def test_lists_become_tuples():
    assert DenseEncoder(2, hidden=[3, 4]).hidden == (3, 4)
    assert as_tuple([1, 2]) == (1, 2)
    assert as_tuple(3) == (3,)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, (1, 0), "3", None])
def test_positive_names_the_argument(value):
    with pytest.raises(ValueError, match="width must be made of positive integers, got"):
        positive(width=value)


def test_positive_returns_integers_of_python():
    (width,), (sizes,) = positive(width=np.int64(3)), positive_tuples(sizes=(np.int8(1), 2))

    assert (width, sizes) == (3, (1, 2))
    assert {type(width), *map(type, sizes)} == {int}


def test_as_tuple_converts_numbers_of_numpy():
    for value in (np.array([3, 4]), [np.int64(3), 4]):
        assert [type(v) for v in as_tuple(value)] == [int, int]
    assert as_tuple(np.int64(3)) == (3,)


def test_resolve_creates_an_object_of_a_class():
    likelihood = resolve(Bernoulli, {}, "likelihood")

    assert type(likelihood) is Bernoulli
    with pytest.raises(TypeError, match=r"must be one of .* or an object, got type"):
        resolve(int, {}, "likelihood")
    with pytest.raises(TypeError, match="or an object, got None"):
        resolve(None, {}, "likelihood", required=True)
    assert resolve(None, {}, "input_noise") is None


@pytest.mark.parametrize("value", [1, 1.5, -0.1, float("nan")])
def test_fraction_names_the_argument(value):
    with pytest.raises(ValueError, match=r"^rate must be a fraction in \[0, 1\), got"):
        fraction(rate=value)


def test_fractions_pass_the_check():
    assert fraction(rate=0, dropout=0.999) is None
