"""SavedModels of the estimators of tables: equal to Python's results for every kind of column."""

import json

import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.tables import Columns, serving, synthesizer
from zoo.tables import estimator as estimator_module
from zoo.tables.model import build
from zoo.tables.served_columns import MISSING_INTEGER
from zoo.tables.serving import ServedColumns

pd = pytest.importorskip("pandas", reason="tables need pandas: pip install '.[recipes]'")

pytestmark = pytest.mark.filterwarnings("ignore:Even though the `tf.config", "ignore:columns of X")
OPTIONS = dict(latent_dim=2, hidden=(4,), epochs=1, random_state=0)


NAMES = ["int", "float", "city", "times", "arrow int", "half"]


@pytest.fixture(scope="module")
def narrow(frame):
    """A table of few columns, since each makes a graph larger."""
    return frame[NAMES].iloc[:24].reset_index(drop=True)


@pytest.fixture
def untrained(monkeypatch):
    """Estimators have a model that was not trained."""

    def model(rows, classes, settings, input_noise=None, patience=0):
        return build(classes, latent_dim=2, hidden=(4,), input_shape=len(classes), seed=0)

    monkeypatch.setattr(estimator_module, "train", model)


def tensors(estimator, frame):
    return {k: tf.constant(v) for k, v in zoo.tables.serving_inputs(estimator, frame).items()}


def traced(estimator, signature):
    """Graph of a signature, which is not saved."""
    function, specs = estimator._signatures(estimator._served_columns())[signature]
    return tf.function(function, autograph=False).get_concrete_function(*specs)


def assert_equal_columns(values, served, expected, prefix="", rtol=1e-6):
    """Raw columns are those of a frame."""
    for name, column in served.by_input.items():
        raw, value = column.raw(expected[column.part.name]), np.asarray(values[prefix + name])
        if raw.dtype == object:
            np.testing.assert_array_equal(value.astype(str), raw.astype(str))
        else:
            np.testing.assert_allclose(value, raw, rtol=rtol, err_msg=prefix + name)


@pytest.mark.parametrize(("model_missing", "standardized"), [(True, False), (False, True)])
def test_preprocessing_is_that_of_python(frame, model_missing, standardized):
    table = frame.drop(columns="uint64")  # integers beyond int64
    columns = Columns.of(table, model_missing=model_missing, standardized=standardized)
    new = table.copy()
    new["int"] = np.r_[-5, 500, table["int"][2:]]
    new["skewed"] = np.r_[-1.0, 1e9, np.nan, table["skewed"][3:]]
    new["city"] = np.r_[["Pau", "Bari", None], table["city"][3:]]
    new["category"] = pd.Categorical([None, "Bari", *table["category"][2:]])
    new["days"] = table["days"].mask(np.arange(len(table)) < 9)
    served = ServedColumns(columns)

    rows = served.encode({k: tf.constant(v) for k, v in served.raw(new).items()})

    np.testing.assert_allclose(rows, columns.encode(new), rtol=1e-12, atol=1e-12)
    unseen = columns.unseen(new, columns.encode(new))
    assert unseen["int"].sum() == 0 and unseen["skewed"].sum() == 1
    all_served = ServedColumns(columns, constants=True)
    inputs = {k: tf.constant(v) for k, v in all_served.raw(new.assign(constant=8)).items()}
    for name, column in all_served.by_input.items():
        expected = True if name == "constant" else unseen[column.part.name]
        np.testing.assert_array_equal(all_served.unseen(inputs, rows)[name], expected)


def test_any_draw_decodes_as_in_python(frame):
    columns = Columns.of(frame.drop(columns="uint64"))
    rng = np.random.default_rng(1)
    numbers = 2 * rng.normal(size=(40, len(columns.classes)))
    classes = np.floor(rng.random(numbers.shape) * np.maximum(columns.classes, 1))
    rows = np.where(np.array(columns.classes) == 0, numbers, classes)
    served = ServedColumns(columns)

    assert_equal_columns(served.decode(rows), served, columns.decode(rows))


def test_inputs_are_those_of_an_estimator_fitted_to_a_frame(narrow):
    for estimator in (1j, zoo.VAEEmbedder()):
        with pytest.raises(TypeError, match=r"estimator must be .* fitted to a data frame, got"):
            zoo.tables.serving_inputs(estimator, narrow)


def test_an_embedder_is_served_with_its_columns(narrow, untrained, tmp_path):
    embedder = zoo.VAEEmbedder(**OPTIONS).fit(narrow)
    embedder.export(tmp_path)

    signatures = tf.saved_model.load(str(tmp_path)).signatures

    inputs = tensors(embedder, narrow)
    code = signatures["serving_default"](**inputs)["code"].numpy()
    np.testing.assert_allclose(code, embedder.transform(narrow), atol=1e-6)
    expected, served = embedder.inverse_transform(code), embedder._served_columns()
    assert_equal_columns(signatures["reconstruct"](**inputs), served, expected)
    assert_equal_columns(signatures["decode"](z=tf.constant(code)), served, expected)
    document = json.loads((tmp_path / "assets" / "columns.json").read_text())
    assert document["inputs"]["arrow_int"] == "arrow int"
    assert Columns.from_json(json.dumps(document)).classes == embedder.columns_.classes


def test_an_imputer_is_served(narrow, untrained):
    table = narrow.astype({"int": float})
    table.loc[::2, "float"] = np.nan
    table.loc[1::2, "int"] = np.nan  # every row has a gap, so that both draw for the same rows
    imputer = zoo.VAEImputer(**OPTIONS, draws=8).fit(table)
    inputs, served = tensors(imputer, table), imputer._served_columns()

    impute, interval = traced(imputer, "impute"), traced(imputer, "interval")
    assert_equal_columns(impute(inputs), served, imputer.transform(table))
    ends = interval(inputs, tf.constant(0.9, tf.float64))
    for prefix, end in zip(("low_", "high_"), imputer.interval(table), strict=True):
        assert_equal_columns(ends, served, end, prefix)
    complete = narrow.dropna()
    assert_equal_columns(impute(tensors(imputer, complete)), served, complete, rtol=0)


def test_a_synthesizer_is_served(narrow, untrained, monkeypatch):
    monkeypatch.setattr(synthesizer, "DRAWN", 50)
    fitted = zoo.TableSynthesizer(**OPTIONS, components=2).fit(narrow)

    rows = traced(fitted, "sample")(tf.constant(30), tf.constant(5))

    assert_equal_columns(rows, fitted._served_columns(), fitted.sample(30, seed=5))


def test_names_of_inputs_are_those_of_columns_in_plain_letters():
    names = ["a", "a b", "a_b", "1st", "größe", "_x"]

    assert serving.input_names(names) == ["a", "a_b", "a_b_", "x1st", "gr__e", "x_x"]


def test_rare_levels_are_drawn_by_their_frequencies():
    x = pd.DataFrame({"zip": np.r_[np.repeat(np.arange(199), 5), np.repeat([900, 901], [1, 3])]})
    served = ServedColumns(Columns.of(x.astype(str), {"zip": "category"}))

    drawn = served.decode(np.full((4000, 1), 199.0), tf.constant([0, 1]))["zip"].numpy()

    assert {*drawn} == {b"900", b"901"} and 0.7 < (drawn == b"901").mean() < 0.8


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [2**63 + 5, 2**63 + 9, 2**63] * 9,
            r"'a' must have integers and .* below 2\*\*63 for export",
        ),
        (["", None, "x"] * 9, "'a' must not have both missing values and the level ''"),
        ([True, "True", "x"] * 9, "'a' must have levels that differ as texts .* 'True' twice"),
    ],
)
def test_columns_that_cannot_be_served_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        ServedColumns(Columns.of(pd.DataFrame({"a": values})))


def test_missing_values_have_a_raw_value():
    x = pd.DataFrame({"n": pd.Series([5, None, 7] * 9, dtype="Int64"), "t": ["a", None, "b"] * 9})
    x["n"] = x["n"] * np.arange(27)

    raw = ServedColumns(Columns.of(x)).raw(x)

    assert raw["n"][1] == MISSING_INTEGER and raw["t"][1] == ""
