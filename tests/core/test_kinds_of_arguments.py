"""Arguments of the wrong kind, which Python or NumPy would refuse without naming them."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.core.inputs import TABLE
from tests.helpers import small

ENDLESS = tf.data.Dataset.from_tensors(TABLE).repeat()
NUMBERS = {
    "floor": [
        zoo.likelihoods.SeriesStudentT,
        zoo.likelihoods.NegativeBinomial,
        zoo.likelihoods.PerElementNormal,
        lambda floor: zoo.priors.MixturePrior(2, floor=floor),
        lambda floor: zoo.NormalPosterior(2, floor=floor),
        lambda floor: zoo.objectives.FreeBits(floor=floor),
    ],
    "initial_correlation": [
        lambda value: zoo.likelihoods.SeriesAutoregressive(initial_correlation=value)
    ],
    "weight": [lambda weight: zoo.objectives.KL(weight=weight)],
    "diagonal": [lambda diagonal: zoo.objectives.MeanCovariance(diagonal=diagonal)],
    "amount": [zoo.training.GaussianCorruption, zoo.training.SaltAndPepperCorruption],
}
EACH = [(name, build) for name, builds in NUMBERS.items() for build in builds]


@pytest.mark.parametrize("value", ["x", None, [0.5, 1], np.ones(3), True, 1j], ids=str)
@pytest.mark.parametrize(("name", "build"), EACH)
def test_numbers_of_another_kind_are_refused_by_name(name, build, value):
    with pytest.raises(ValueError, match=f"{name}.* must"):
        build(value)


@pytest.mark.parametrize("shape", [ENDLESS, iter([6]), "6"])
def test_a_shape_without_an_end_is_refused_at_once(shape):
    with pytest.raises(ValueError, match="event_shape must be"):
        small("dense_vae").decode(np.zeros((1, 2)), event_shape=shape)


def test_codes_without_rows_are_refused():
    with pytest.raises(ValueError, match="z must hold at least one code"):
        small("dense_vae").decode(np.zeros((0, 2)))


@pytest.mark.parametrize("t", ["x", np.nan])
def test_paths_name_what_they_cannot_take(t):
    for path in (zoo.linear_path, zoo.spherical_path):
        with pytest.raises(ValueError, match="t must be a finite number"):
            path(np.zeros((2, 3)), np.ones((2, 3)), t)
        with pytest.raises(TypeError, match="end must be an array of numbers"):
            path(np.zeros((2, 3)), "x", 0.5)


def test_a_path_must_return_codes():
    with pytest.raises(ValueError, match="path must return codes"):
        small("dense_vae").interpolate(TABLE, TABLE, path=lambda start, end, t: None)


def test_counts_have_a_largest_value():
    with pytest.raises(ValueError, match=r"n must be at most 2\*\*31 - 1, got 2147483648"):
        small("dense_vae").generate(2**31)
