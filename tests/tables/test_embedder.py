"""Codes of tables and other data as features for other estimators."""

import pickle

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import zoo
from tests.helpers import small

pd = pytest.importorskip("pandas", reason="tables need pandas: pip install '.[recipes]'")

# Checks of scikit-learn that may fail or be skipped, and the reason.
EXPECTED_FAILURES = {
    "check_dtype_object": "a column with a dict is left out, with a warning",
    "check_array_api_input": "it runs only if SCIPY_ARRAY_API is set",
    "check_methods_subset_invariance": "float32: a batch of one is summed in another order",
    "check_methods_sample_order_invariance": "float32: rows are summed in another order",
    "check_transformer_preserve_dtypes": "codes are float32",
}
SMALL = dict(latent_dim=3, hidden=(8,), epochs=2, batch_size=32, random_state=0)


@pytest.fixture(scope="module")
def fitted(frame):
    with pytest.warns(UserWarning, match=r"'empty' is empty"):
        return zoo.VAEEmbedder(**SMALL).fit(frame)


def test_codes_are_means_of_the_posterior_and_decode_to_the_columns(frame, fitted):
    codes = fitted.transform(frame)

    rows = fitted.columns_.encode(frame)
    np.testing.assert_array_equal(codes, fitted.vae_.encode(rows).loc)
    decoded = fitted.inverse_transform(codes)
    expected = frame.drop(columns=["id", "lists", "free text"])
    assert (decoded.dtypes == expected.dtypes).all() and len(decoded) == len(frame)
    assert not decoded.drop(columns="empty").isna().any(axis=None)
    assert fitted.get_feature_names_out().tolist() == [f"vaeembedder{i}" for i in range(3)]
    assert fitted.score(frame) == pytest.approx(fitted.vae_.elbo(rows).mean(), rel=1e-5)


def test_files_and_pickles_give_the_same_codes(frame, fitted, tmp_path):
    fitted.save(tmp_path / "e.keras")

    for copy in (zoo.VAEEmbedder.load(tmp_path / "e.keras"), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(copy.transform(frame), fitted.transform(frame))
        assert copy.get_feature_names_out().tolist() == fitted.get_feature_names_out().tolist()


@pytest.mark.filterwarnings("ignore:Even though the `tf.config")
def test_a_search_over_a_pipeline_runs(no_training):
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"a": rng.normal(size=60), "b": rng.choice(["x", "y"], 60)})
    y = (x["a"] > 0).to_numpy()
    pipeline = make_pipeline(zoo.VAEEmbedder(**SMALL), LogisticRegression())

    search = GridSearchCV(pipeline, {"vaeembedder__latent_dim": [1, 2]}, cv=2).fit(x, y)

    assert search.best_params_["vaeembedder__latent_dim"] in (1, 2)
    assert search.predict(x).shape == (60,)


@pytest.mark.filterwarnings("ignore:Even though the `tf.config")
def test_images_are_embedded_by_a_model_of_images(eager):
    images = np.random.default_rng(0).random((6, 8, 8, 1)).astype("float32")
    embedder = zoo.VAEEmbedder(
        lambda x: zoo.get("conv_vae", latent_dim=2, widths=(2, 2), blocks=1), epochs=1
    )

    codes = embedder.fit_transform(images)

    assert codes.shape == (6, 2) and embedder.get_feature_names_out().tolist()[1] == "vaeembedder1"
    assert embedder.inverse_transform(codes).shape == images.shape
    with pytest.raises(ValueError, match=r"use embedder.vae_.save\(path\)"):
        embedder.save("x.keras")


def test_a_trained_model_is_not_changed():
    vae = small("dense_vae", latent_dim=2, seed=0)
    x = np.random.default_rng(0).random((5, 6)).astype("float32")
    before = vae.get_weights()

    codes = zoo.VAEEmbedder(vae).fit(x).transform(x)

    np.testing.assert_array_equal(codes, vae.encode(x).loc)
    for weight, same in zip(before, vae.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)


def test_unusable_arguments_raise(frame, fitted):
    with pytest.raises(TypeError, match=r"vae must be a VAE, the name of a variant, .* got int"):
        zoo.VAEEmbedder(3).fit(np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"X must be codes of shape \[N, 3\], got \(2, 5\)"):
        fitted.inverse_transform(np.ones((2, 5)))
    with pytest.raises(ValueError, match="X must have the columns of fit, got none named 'int'"):
        fitted.transform(frame.drop(columns="int"))


@pytest.mark.filterwarnings("ignore:Even though the `tf.config", "ignore:columns of X")
def test_the_estimator_checks_of_scikit_learn_pass(untrained):
    failed, count = untrained(zoo.VAEEmbedder(**SMALL))

    assert {*failed} <= {*EXPECTED_FAILURES}, failed
    assert count > 40
