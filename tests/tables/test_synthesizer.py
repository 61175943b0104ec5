"""Synthetic tables: what is drawn, conditions, and the estimator's contract."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import zoo
from zoo.tables import synthesizer as synthesizer_module
from zoo.tables.conditions import codes_given
from zoo.tables.marginals import Marginals

pd = pytest.importorskip("pandas", reason="tables need pandas: pip install '.[recipes]'")

# Checks of scikit-learn that may fail or be skipped, and the reason.
EXPECTED_FAILURES = {
    "check_dtype_object": "a column with a dict is left out, with a warning",
    "check_array_api_input": "it runs only if SCIPY_ARRAY_API is set",
}
SMALL = dict(latent_dim=2, hidden=(8,), epochs=2, batch_size=32, random_state=0)


@pytest.fixture(scope="module")
def fitted(frame):
    with pytest.warns(UserWarning, match=r"'empty' is empty|'id' is left out \(consecutive"):
        return zoo.TableSynthesizer(**SMALL).fit(frame)


def test_rows_have_the_columns_order_and_dtypes_of_the_data(frame, fitted):
    drawn = fitted.sample(20, seed=1)

    expected = [name for name in frame if name not in ("id", "lists", "free text")]
    assert [*drawn] == expected and len(drawn) == 20
    assert (drawn.dtypes == frame[expected].dtypes).all()
    assert drawn["empty"].isna().all() and (drawn["constant"] == 7).all()
    pd.testing.assert_frame_equal(fitted.sample(20, seed=1), drawn)
    assert not fitted.sample(20, seed=2).equals(drawn)
    assert fitted.feature_names_in_.tolist() == [*frame] and fitted.n_features_in_ == len([*frame])


def test_columns_of_draws_have_the_distribution_of_the_data(frame, fitted):
    drawn = fitted.sample(4000, seed=3)

    for name in ("int", "skewed", "unix"):
        probabilities = np.linspace(0.1, 0.9, 9)
        real, new = (np.quantile(x[name], probabilities) for x in (frame, drawn))
        spread = frame[name].quantile(0.9) - frame[name].quantile(0.1)
        assert abs(real - new).max() < 0.12 * spread, name


@pytest.mark.parametrize(
    "conditions",
    [
        {"city": "Oslo"},
        {"int": 40, "bool": True},
        {"category": "Pau", "float": None},
        {"nullable": None},
        {"days": "2024-04-02"},
    ],
    ids=str,
)
def test_conditions_hold_in_all_rows(frame, fitted, conditions):
    conditions = dict(conditions)
    if "days" in conditions:
        conditions["days"] = pd.Timestamp(conditions["days"], tz="Europe/Paris")
    drawn = fitted.sample(6, conditions, seed=0)

    assert (drawn.dtypes == fitted.sample(1).dtypes).all()
    for name, value in conditions.items():
        assert drawn[name].isna().all() if value is None else (drawn[name] == value).all()
    assert drawn["unix"].nunique() > 1


def test_codes_given_a_row_are_those_of_the_posterior():
    vae = zoo.get(
        "dense_vae",
        likelihood=zoo.likelihoods.Tabular((0, 0)),
        latent_dim=1,
        hidden=(),
        input_shape=2,
        seed=0,
    )
    kernel = np.array([[1.0, 0.0, 0.5, 0.0]], "float32")  # loc and raw scale of each column
    vae.decoder.last.set_weights([kernel, np.zeros(4, "float32")])

    codes = codes_given(vae, 4000, np.array([1.0, np.nan]), seed=0)

    scale = float(vae.decode(np.zeros((1, 1), "float32")).numeric.scale[0, 0])
    precision = 1 + 1 / scale**2
    assert codes.mean() == pytest.approx(1 / scale**2 / precision, abs=0.04)
    assert codes.std() == pytest.approx(precision**-0.5, abs=0.04)


def test_marginals_map_draws_to_normal_scores_and_back():
    draws = np.stack([np.random.default_rng(0).exponential(size=3000), np.zeros(3000)], 1)
    marginals = Marginals.of(draws, (0, 2))

    scores = marginals.apply(draws)

    assert abs(scores[:, 0].mean()) < 0.01 and scores[:, 0].std() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(scores[:, 1], draws[:, 1])
    middle = np.argsort(draws[:, 0])[1500]
    assert marginals.invert(scores[middle])[0] == pytest.approx(draws[middle, 0], rel=0.01)
    assert np.isnan(marginals.invert(np.array([np.nan, 1.0]))[0])


def test_files_and_pickles_draw_the_same_rows(fitted, tmp_path):
    fitted.save(tmp_path / "s.keras")
    expected = fitted.sample(5, {"city": "Pau"}, seed=1)

    for copy in (
        zoo.TableSynthesizer.load(tmp_path / "s.keras"),
        pickle.loads(pickle.dumps(fitted)),
    ):
        pd.testing.assert_frame_equal(copy.sample(5, {"city": "Pau"}, seed=1), expected)
        assert copy.get_params() == fitted.get_params()
        assert copy.columns_.to_json() == fitted.columns_.to_json()


def test_a_file_of_another_model_raises(tmp_path):
    zoo.get("dense_vae", latent_dim=1, hidden=(), input_shape=2).save(tmp_path / "v.keras")

    with pytest.raises(
        ValueError, match=r"must be a file of TableSynthesizer.save, got one of VAE"
    ):
        zoo.TableSynthesizer.load(tmp_path / "v.keras")


@pytest.mark.parametrize(
    ("conditions", "error", "message"),
    [
        ({"city": "Olso"}, ValueError, r"conditions\['city'\] must be one of .*mean 'Oslo'"),
        ({"int": 300}, ValueError, r"conditions\['int'\] must lie in the range of fit, from 17 to"),
        ({"town": 1}, ValueError, r"names of columns that vary, got 'town'"),
        ({"id": 101}, ValueError, r"names of columns that vary, got 'id'"),
        ({"unix": None}, ValueError, r"conditions\['unix'\] must not be missing, got None"),
        ({"int": "x"}, TypeError, r"conditions\['int'\] must be a value of dtype int64, got 'x'"),
        (["city"], TypeError, r"conditions must be a dict of column -> value, got list"),
    ],
)
def test_an_impossible_condition_raises_by_its_column(fitted, conditions, error, message):
    with pytest.raises(error, match=message):
        fitted.sample(2, conditions)


def test_unusable_arguments_raise_before_training():
    x = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": ["x", "y", "x"]})
    for options, message in (
        ({"epochs": 0}, "epochs must be"),
        ({"components": 0}, "components must be"),
        ({"beta": -1}, "beta must be a number of at least 0, got -1"),
        ({"latent_dim": 1.5}, "latent_dim must be"),
        ({"kinds": {"a": "int"}}, r"kinds\['a'\] must be one of"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            zoo.TableSynthesizer(**options).fit(x)
    with pytest.raises(ValueError, match="X must have a column that varies, got none: 'a': const"):
        zoo.TableSynthesizer().fit(pd.DataFrame({"a": [1, 1]}))
    with pytest.raises(NotFittedError):
        zoo.TableSynthesizer().sample(1)
    with pytest.raises(ValueError, match="n must be"):
        clone(zoo.TableSynthesizer()).__class__(**SMALL).fit(x).sample(0)


def test_a_refused_fit_leaves_the_synthesizer_as_it_was(fitted, frame):
    before = dict(vars(fitted))

    with pytest.raises(ValueError, match="column 'unix' of X must hold finite numbers"):
        fitted.fit(frame.assign(unix=np.r_[np.inf, np.arange(59.0)]))

    assert vars(fitted) == before


@pytest.mark.filterwarnings("ignore:Even though the `tf.config", "ignore:columns of X")
def test_the_estimator_checks_of_scikit_learn_pass(untrained, monkeypatch):
    monkeypatch.setattr(synthesizer_module, "DRAWN", 50)
    failed, count = untrained(zoo.TableSynthesizer(**{**SMALL, "components": 2}))

    assert {*failed} <= {*EXPECTED_FAILURES}, failed
    assert count > 35
