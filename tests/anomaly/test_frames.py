"""Anomalies among the rows of data frames: columns of any kind, values fit never had, reasons."""

import dataclasses
import math
import pickle

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

import zoo
from zoo.anomaly import frames
from zoo.anomaly.scores import as_score
from zoo.tables import Columns
from zoo.tables.model import build

pd = pytest.importorskip("pandas", reason="tables need pandas: pip install '.[recipes]'")

ROWS = 60


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=ROWS),
            "city": pd.Series(rng.choice(["Rome", "Oslo"], ROWS)).mask(np.arange(ROWS) % 9 == 0),
            "visits": pd.Series(rng.integers(0, 9, ROWS) * 3 + 1).astype("Int64"),
            "since": pd.date_range("2024-03-01", periods=ROWS, tz="Europe/Paris")[::-1],
            "state": "ok",
            "nothing": pd.Series([None] * ROWS, dtype=object),
            "id": np.arange(ROWS),
        }
    )


@pytest.fixture(scope="module")
def fitted(table):
    """A detector of which one epoch ran eagerly."""

    def tiny(columns):
        vae = build(columns.classes, latent_dim=2, hidden=(4,))
        vae.compile(run_eagerly=True)
        return vae

    with pytest.MonkeyPatch.context() as patch, pytest.warns(UserWarning, match="'id' is left out"):
        patch.setattr(frames, "frame_vae", tiny)
        tf.config.run_functions_eagerly(True)
        detector = zoo.AnomalyDetector(score="elbo", epochs=1, contamination=0.2, random_state=0)
        detector.fit(table)
    tf.config.run_functions_eagerly(False)
    return detector


pytestmark = pytest.mark.filterwarnings("ignore:Even though the `tf.config")


def test_scores_are_those_of_the_encoded_rows(table, fitted):
    scores = fitted.score_samples(table)

    rows = Columns.of(table, standardized=True).encode(table)
    np.testing.assert_allclose(scores, fitted.vae_.elbo(rows, samples=16), rtol=1e-5)
    np.testing.assert_allclose(fitted.decision_scores_, -scores, rtol=1e-6)
    assert (fitted.predict(table) == -1).sum() == fitted.labels_.sum() == ROWS // 5
    assert fitted.feature_names_in_.tolist() == [*table] and fitted.n_features_in_ == 7
    shuffled = table[[*table][::-1]].assign(more=1)
    np.testing.assert_array_equal(fitted.score_samples(shuffled), scores)


@pytest.mark.parametrize(
    ("column", "value"),
    [("city", "Pau"), ("state", "off"), ("nothing", 3.5), ("size", None), ("state", None)],
)
def test_a_value_that_fit_never_had_counts_by_the_number_of_rows(table, fitted, column, value):
    new = table.iloc[:1].astype({column: object}).assign(**{column: [value]})

    scores = fitted.feature_scores(new).iloc[0]

    assert scores[column] == pytest.approx(-math.log(ROWS + 1))
    assert fitted.explain(new)[column].iloc[0] > 0.5 * math.log(ROWS + 1)
    known = fitted.vae_.elbo(fitted.columns_.encode(new), samples=16)
    assert fitted.score_samples(new)[0] == pytest.approx(known[0] - math.log(ROWS + 1), rel=1e-5)


def test_known_missing_values_are_not_unseen(table, fitted):
    new = table.iloc[:3].assign(city=None)

    assert not fitted.columns_.unseen(new, fitted.columns_.encode(new)).any(axis=None)


def test_numbers_are_standardised_of_any_size(table):
    columns = Columns.of(table[["size", "since"]], standardized=True)
    part = columns.part("size")

    scores = part.encode(pd.Series([table["size"].mean(), 1e300]))[:, 0]

    np.testing.assert_allclose(columns.encode(table).std(0), 1)
    np.testing.assert_allclose(scores, [0, 1e5], atol=1e-12)
    decoded = Columns.from_json(columns.to_json()).decode(columns.encode(table))
    pd.testing.assert_frame_equal(decoded, table[["size", "since"]], rtol=1e-9)
    huge = Columns.of(pd.DataFrame({"a": [1e300, -1e300, 5.0]}), standardized=True)
    assert np.isfinite(huge.encode(pd.DataFrame({"a": [1e300, 0.0]}))).all()


def test_reasons_are_the_nats_of_a_row_with_a_column_above_those_without(table, fitted):
    reasons = fitted.explain(table)

    assert [*reasons] == fitted.columns_.names and not reasons[["state", "nothing"]].any(axis=None)
    assert reasons.median().abs().max() < 1e-6
    rows = fitted.columns_.encode(table)
    without = rows.copy()
    without[:, 0] = np.nan
    gains = fitted.vae_.elbo(without) - fitted.vae_.elbo(rows)
    np.testing.assert_allclose(reasons["size"], gains - np.median(gains), atol=1e-4)
    far = fitted.explain(table.iloc[:2].assign(size=90.0))
    assert (far.idxmax(axis=1) == "size").all()


def test_probabilities_are_half_at_the_threshold_and_rise_with_the_score(table, fitted):
    probability = fitted.predict_proba(table)

    np.testing.assert_allclose(probability.sum(1), 1)
    order = np.argsort(fitted.decision_scores_)
    assert (np.diff(probability[order, 1]) >= -1e-12).all()
    assert ((probability[:, 1] > 0.5) == (fitted.predict(table) == -1)).all()
    by_hand = frames.outlier_probability([-9, 1, 3, 5, 1e308], center=1.0, threshold=3.0)
    far = special.erf(2 * special.erfinv(0.5))
    np.testing.assert_allclose(by_hand, [0, 0, 0.5, far, 1])
    np.testing.assert_allclose(frames.outlier_probability([1, 1, 2], 1, 1), [0, 0, 1])


def test_bad_rows_are_named_by_their_column(table, fitted):
    with pytest.raises(ValueError, match="must have the columns of fit, got none named 'city'"):
        fitted.predict(table.drop(columns="city"))
    with pytest.raises(TypeError, match="column 'size' of X must have dtype float64"):
        fitted.predict(table.assign(size="large"))
    with pytest.raises(TypeError, match=r"column 'state' of X must have dtype (object|str)"):
        fitted.predict(table.assign(state=1))
    with pytest.raises(ValueError, match="column 'size' of X must hold finite numbers, got inf"):
        zoo.AnomalyDetector().fit(table.assign(size=np.inf))
    with pytest.raises(ValueError, match="kinds must have names of columns, got 'town'"):
        zoo.AnomalyDetector(kinds={"town": "drop"}).fit(table)
    with pytest.raises(ValueError, match="kinds must be None unless vae=None and X is a data fram"):
        zoo.AnomalyDetector(kinds={"x0": "category"}).fit(np.eye(3))
    with pytest.raises(ValueError, match="X must have a column that varies, got none: 'state'"):
        zoo.AnomalyDetector().fit(table[["state", "id"]])


def test_pickles_and_files_score_the_same(table, fitted, tmp_path):
    fitted.save(tmp_path / "d.keras")
    expected = fitted.score_samples(table), fitted.predict_proba(table)

    loaded = zoo.AnomalyDetector.load(tmp_path / "d.keras")
    for copy in (pickle.loads(pickle.dumps(fitted)), loaded):
        np.testing.assert_allclose(copy.score_samples(table), expected[0], rtol=1e-5)
        np.testing.assert_allclose(copy.predict_proba(table), expected[1], atol=1e-5)
        pd.testing.assert_frame_equal(copy.explain(table), fitted.explain(table), atol=1e-3)
        assert copy.get_params() == fitted.get_params()
    assert not hasattr(loaded, "decision_scores_")


@pytest.mark.parametrize("score", ["tails", "neighbors"])
def test_a_file_holds_the_reference_of_a_fitted_score(table, fitted, tmp_path, score):
    other = pickle.loads(pickle.dumps(fitted))
    other.score, chosen = score, dataclasses.replace(as_score(score), seed=3)
    other.score_ = chosen.fit(other.vae_, other.columns_.encode(table))
    other.save(tmp_path / "d.keras")

    loaded = zoo.AnomalyDetector.load(tmp_path / "d.keras")

    np.testing.assert_array_equal(loaded.score_samples(table), other.score_samples(table))
    assert loaded.score_.score == chosen


def test_only_what_can_be_written_is_saved(fitted, tmp_path):
    other = pickle.loads(pickle.dumps(fitted))
    other.score_ = len

    with pytest.raises(TypeError, match=r"score must be .* for save, got builtin_function.*: use"):
        other.save(tmp_path / "d.keras")
    other.columns_ = None
    with pytest.raises(TypeError, match="X of fit must be a data frame for save"):
        other.save(tmp_path / "d.keras")
    with pytest.raises(TypeError, match="X of fit must be a data frame for explain"):
        other.explain(np.zeros((2, 2)))


@pytest.mark.parametrize("score", ["elbo", "kl", "reconstruction", "reconstruction_probability"])
def test_served_functions_score_and_explain_raw_columns(table, fitted, score):
    detector = pickle.loads(pickle.dumps(fitted))
    detector.score, detector.score_ = score, zoo.anomaly.SCORES[score]()
    new = table.assign(size=[9.0, np.nan, *table["size"][2:]], state=["off", *table["state"][1:]])
    inputs = {k: tf.constant(v) for k, v in zoo.tables.serving_inputs(detector, new).items()}
    functions = detector._signatures(detector._served_columns())
    results = {name: function(inputs) for name, (function, _) in functions.items()}
    if score == "elbo":  # as graphs too, which have other shapes than eager tensors
        for name, (function, specs) in functions.items():
            graph = tf.function(function, autograph=False).get_concrete_function(*specs)
            results[name] = graph(inputs)
    scored, reasons = results["score"], results["explain"]

    np.testing.assert_allclose(scored["score"], detector.score_samples(new), rtol=2e-5)
    np.testing.assert_array_equal(scored["prediction"], detector.predict(new))
    expected = detector.predict_proba(new)[:, 1]
    np.testing.assert_allclose(scored["probability"], expected, atol=1e-4)
    by_column = detector.explain(new).drop(columns="nothing")
    assert [*by_column] == [*inputs]
    for name in by_column:
        np.testing.assert_allclose(reasons[name], by_column[name], atol=2e-3, err_msg=name)


def test_only_scores_of_one_pass_are_exported(fitted, tmp_path):
    other = pickle.loads(pickle.dumps(fitted))
    other.score_ = zoo.anomaly.LikelihoodRegretScore()

    with pytest.raises(TypeError, match="for export, got LikelihoodRegretScore"):
        other.export(tmp_path)
    other.columns_ = None
    with pytest.raises(TypeError, match="X of fit must be a data frame for export"):
        other.export(tmp_path)


def test_frames_have_names(table, tmp_path):
    arrow = pytest.importorskip("pyarrow").table({"a": [1.0]})

    assert all(frames.is_frame(x) for x in (table, "x.csv", tmp_path, arrow))
    assert not any(frames.is_frame(x) for x in (pd.DataFrame([[1.0]]), [[1.0]], {"a": [1.0]}))
