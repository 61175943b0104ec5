"""R2 of reconstructions, compared with PCA."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

import zoo
from tests.evaluation.diagnoses import diagnosis
from tests.helpers import data, small
from zoo.evaluation.diagnosis import reconstruction, reconstruction_r2


@pytest.mark.parametrize("name", zoo.available())
def test_every_variant_of_numbers_is_compared_with_pca(name):
    result = reconstruction_r2(small(name), data(name, 100))

    numeric = zoo.card(name).data != "texts"
    assert [*result] == (["model", "PCA"] if numeric else [])
    assert all(value < 1 for value in result.values())


def test_r2_is_that_of_scikit_learn_on_the_other_half():
    x = np.random.default_rng(0).random((60, 6))
    order = np.random.default_rng(5).permutation(60)
    fitted, measured = x[order[:30]], x[order[30:]]
    pca = PCA(2, svd_solver="full").fit(fitted)

    errors = reconstruction._pca_errors(x, 2, seed=5)

    expected = measured - pca.inverse_transform(pca.transform(measured))
    np.testing.assert_allclose(errors[order[30:]], expected, atol=1e-10)


def test_r2_of_the_model_is_that_of_its_reconstructions():
    vae, x = small("dense_vae"), data("dense_vae", 40)

    result = reconstruction_r2(vae, x)

    error = np.square(x - vae.reconstruct(x)).sum() / np.square(x - x.mean(0)).sum()
    assert result["model"] == pytest.approx(1 - error, abs=1e-5)


def test_units_of_columns_do_not_change_r2():
    x = data("dense_vae", 60).astype("float64")
    units = np.array([1, 10, 1e-2, 1, 1e3, 1])
    a, b = (
        reconstruction_r2(small("dense_vae", likelihood=zoo.likelihoods.Tabular.from_data(t)), t)
        for t in (x, x * units)
    )

    assert a == pytest.approx(b, abs=1e-3)


def test_missing_values_are_left_out_and_few_examples_give_nothing():
    x = data("lstm_vae", 40)
    x[:5, 0] = np.nan

    assert reconstruction_r2(small("lstm_vae"), x)["PCA"] < 1
    assert reconstruction_r2(small("lstm_vae"), x[:24]) == {}


def test_advice_says_that_pca_reconstructs_better():
    worse = diagnosis(r2={"model": 0.5, "PCA": 0.8})
    better = diagnosis(r2={"model": 0.9, "PCA": 0.8})

    assert any("its R2 is 0.30 higher" in advice for advice in worse.advice)
    assert not any("PCA" in advice for advice in better.advice)
    assert "R2, PCA" in str(worse) and worse.to_dict()["r2"]["PCA"] == 0.8
