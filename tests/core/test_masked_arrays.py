"""NumPy's masked arrays: a masked value is missing where NaN is, and an error elsewhere."""

import numpy as np
import pytest

import zoo
from tests.helpers import data, small
from zoo.core.arrays import as_array, unmasked

X = np.ma.masked_less(data("dense_vae"), 0.1)
FILLED = X.filled(np.nan)


@pytest.fixture(scope="module")
def vae():
    return small("dense_vae")


@pytest.fixture(scope="module")
def table():
    return small("dense_vae", likelihood=zoo.likelihoods.Tabular.from_data(X))


REFUSED = {
    "x": lambda vae: vae.elbo(X),
    "x[0]": lambda vae: vae.elbo([*X]),
    "x ": lambda vae: vae.fit(X, verbose=0),
    "x  ": lambda vae: vae.evaluate(X, verbose=0),
    "x   ": lambda vae: vae.predict(X, verbose=0),
    "start": lambda vae: vae.interpolate(X, X),
    "validation_data": lambda vae: vae.fit(X.data, validation_data=(X,), verbose=0),
    "sample_weight": lambda vae: vae.fit(X.data, sample_weight=X[:, 0], verbose=0),
    "y": lambda vae: vae.fit(X.data, X[:, 0], verbose=0),
}


@pytest.mark.parametrize("argument", REFUSED)
def test_masked_values_are_refused_by_name_where_nothing_may_be_missing(vae, argument):
    message = rf"^{argument.strip().replace('[', '.').replace(']', '.')} must not have missing"
    if argument == "x[0]":
        message = r"^x\[\d+\] must not have missing"
    with pytest.raises(ValueError, match=message):
        REFUSED[argument](vae)


def test_a_modality_and_token_ids_refuse_them_too():
    modalities, texts = data("multimodal_vae"), data("transformer_vae")
    with pytest.raises(ValueError, match=r"x\['vector'\] must not have missing"):
        small("multimodal_vae").elbo({**modalities, "vector": X})
    with pytest.raises(ValueError, match="x must not have missing"):
        small("transformer_vae").elbo(np.ma.masked_equal(texts, texts[0, 0]))


def test_masked_values_of_a_table_are_missing(table):
    np.testing.assert_array_equal(table.elbo(X), table.elbo(FILLED))
    np.testing.assert_allclose(table.decoder.likelihood.means, np.nanmean(FILLED, 0), rtol=1e-6)
    imputed = zoo.impute(table, X, draws=1, steps=2)[0]
    np.testing.assert_array_equal(imputed[~X.mask], X.compressed())


def test_masked_values_of_series_are_missing():
    vae = small("lstm_vae")
    x = np.ma.masked_less(data("lstm_vae"), 0.1)

    np.testing.assert_array_equal(vae.elbo(x), vae.elbo(x.filled(np.nan)))
    np.testing.assert_array_equal(vae.elbo([*x]), vae.elbo(x))


def test_an_array_without_masked_values_is_its_data():
    assert unmasked(np.ma.array([1, 2]), missing_allowed=False).tolist() == [1, 2]
    assert np.isnan(unmasked(np.ma.array([1, 2], mask=[True, False]))[0])


def test_masked_floats_are_nan_in_an_array_and_other_masked_values_are_refused():
    masked = np.ma.masked_greater([[0.5, 2.0]], 1.0)

    np.testing.assert_array_equal(as_array(masked), [[0.5, np.nan]])
    for x in (masked.astype(int), masked > 0, [masked[0]]):
        with pytest.raises(ValueError, match=r"codes.* must not have missing values, got an array"):
            as_array(x, "codes")
    with pytest.raises(ValueError, match=r"x must be finite, got nan at index \(0, 1\)"):
        zoo.binarize(masked)


def test_masked_factors_are_refused():
    pytest.importorskip("sklearn", reason="the metrics need scikit-learn")
    codes, factors = np.eye(6)[:, :2], np.ma.array(np.arange(12).reshape(6, 2), mask=True)

    with pytest.raises(ValueError, match="factors must not have missing values"):
        zoo.evaluation.disentanglement.score_codes(codes, factors)


def test_coverage_leaves_missing_values_out():
    x = np.array([[0.0], [9.0], [np.nan]])

    assert zoo.coverage(x, np.zeros((4, 3, 1)), [0.5]) == {0.5: 0.5}
    assert zoo.coverage(x, np.zeros((4, 3, 1), bool), [0.5]) == {0.5: 0.5}
    assert zoo.coverage(np.ma.masked_greater(x, 1.0), np.zeros((4, 3, 1)), [0.5]) == {0.5: 1.0}
    with pytest.raises(ValueError, match="x must have a value that is included"):
        zoo.coverage(x[2:], np.zeros((4, 1, 1)))
    with pytest.raises(ValueError, match="draws must not be NaN where x is included"):
        zoo.coverage(x, np.full((4, 3, 1), np.nan))
