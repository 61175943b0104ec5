"""Lists whose rows differ in length below the first axis, of which NumPy cannot make an array."""

import numpy as np
import pytest

import zoo
from tests.helpers import small
from zoo.evaluation.inputs import label_vector
from zoo.evaluation.retrieval.inputs import metric_points

NESTED = [[[1], [1, 2]], [1]]


@pytest.mark.parametrize(
    ("call", "name"),
    {
        "texts": (lambda: small("transformer_vae").encode(NESTED), r"x\[0\]"),
        "series": (lambda: small("lstm_vae").encode(NESTED[::-1]), r"x\[1\]"),
        "modality": (lambda: zoo.get("multimodal_vae").fit({"a": NESTED}), r"x\['a'\]\[0\]"),
        "missing": (lambda: zoo.impute(small("dense_vae"), np.ones((2, 6)), NESTED), "missing"),
        "labels": (lambda: label_vector(NESTED, "labels"), "labels"),
        "codes": (lambda: metric_points(NESTED, NESTED, "cosine"), "query_codes"),
    }.values(),
)
def test_rows_that_differ_in_length_below_the_first_axis_are_refused_by_name(call, name):
    with pytest.raises(ValueError, match=f"^{name} must have rows of one shape, got a list"):
        call()


def test_codes_must_be_numbers():
    with pytest.raises(TypeError, match="gallery_codes must have codes of numbers, got dtype <U1"):
        metric_points(np.ones((2, 3)), np.full((2, 3), "a"), "cosine")
