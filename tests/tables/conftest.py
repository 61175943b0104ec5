"""A table with every kind of column."""

import datetime
import decimal

import numpy as np
import pytest
import tensorflow as tf

import zoo

ROWS = 60


@pytest.fixture(scope="session")
def frame():
    """A data frame with columns of many dtypes, some with missing values."""
    pd = pytest.importorskip("pandas", reason="tables need pandas: pip install '.[recipes]'")
    pa = pytest.importorskip("pyarrow", reason="arrow dtypes need pyarrow")
    rng = np.random.default_rng(0)
    gaps = rng.random(ROWS) < 0.2
    days = pd.date_range("2024-03-01", periods=ROWS, freq="1D")[rng.permutation(ROWS)]
    hours = pd.date_range("2024-03-01", periods=ROWS, freq="37h")[rng.permutation(ROWS)]
    ages = rng.integers(17, 90, ROWS)
    dates = [datetime.date(2024, 1, 1 + i % 28) for i in rng.permutation(ROWS)]
    cities = rng.choice(["Rome", "Oslo", "Pau"], ROWS)
    return pd.DataFrame(
        {
            "int": ages,
            "uint8": ages.astype("uint8"),
            "uint64": ages.astype("uint64") + np.uint64(2**63),
            "nullable": pd.Series(ages).astype("Int32").mask(gaps),
            "float": pd.Series(rng.normal(size=ROWS).round(2)).mask(gaps),
            "float32": rng.normal(size=ROWS).astype("float32"),
            "Float64": pd.Series(rng.normal(size=ROWS)).astype("Float64").mask(gaps),
            "unix": 1.7e9 + rng.random(ROWS) * 1e4,
            "skewed": np.exp(3 * rng.normal(size=ROWS)),
            "arrow int": pd.Series(ages).astype("int64[pyarrow]").mask(gaps),
            "arrow time": pd.Series(hours).astype("timestamp[ms][pyarrow]"),
            "arrow date": pd.Series(dates).astype(pd.ArrowDtype(pa.date32())),
            "decimal": pd.Series([decimal.Decimal(int(a)) / 4 for a in ages], dtype=object),
            "arrow decimal": pd.Series(
                [decimal.Decimal(int(a)) for a in ages], dtype=pd.ArrowDtype(pa.decimal128(8, 2))
            ),
            "days": pd.Series(days).dt.tz_localize("Europe/Paris"),
            "times": pd.Series(hours).dt.tz_localize("America/New_York").mask(gaps),
            "duration": pd.Series(hours - hours[0]).mask(gaps),
            "period": pd.Series(hours.to_period("D")),
            "date": pd.Series(dates, dtype=object).where(~gaps, None),
            "bool": rng.random(ROWS) < 0.5,
            "boolean": pd.Series(rng.random(ROWS) < 0.5).astype("boolean").mask(gaps),
            "city": pd.Series(cities).mask(gaps),
            "text": pd.Series(cities).astype("string").mask(gaps),
            "category": pd.Categorical(cities, ["Pau", "Rome", "Oslo", "Bari"], ordered=True),
            "bins": pd.cut(pd.Series(ages), 3),
            "arrow text": pd.Series(cities).astype(pd.ArrowDtype(pa.string())),
            "objects": pd.Series([int(a) for a in ages], dtype=object).where(~gaps, pd.NA),
            "sparse": pd.Series(np.where(gaps, 1.5, 0.0)).astype("Sparse[float64]"),
            "constant": 7,
            "half": pd.Series(np.where(gaps, np.nan, 1.5)),
            "empty": pd.Series([None] * ROWS, dtype=object),
            "id": np.arange(ROWS) + 100,
            "lists": pd.Series([[1, 2]] * ROWS),
            "free text": [f"note {i}" for i in range(ROWS)],
        }
    )


@pytest.fixture
def eager():
    """Run eagerly, which is faster for a few steps."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def no_training(monkeypatch, eager):
    """Models of estimators run eagerly and are not trained."""
    from zoo.tables import estimator as module

    def build(rows, classes, settings, input_noise=None, patience=0):
        vae = zoo.get(
            "dense_vae",
            likelihood=zoo.likelihoods.Tabular(classes),
            latent_dim=settings.latent_dim,
            hidden=settings.hidden,
            input_noise=input_noise,
            input_shape=rows.shape[1],
            seed=0,
        )
        vae.compile(run_eagerly=True)
        vae.elbo(rows[:1])  # checks the rows
        return vae

    monkeypatch.setattr(module, "train", build)


@pytest.fixture
def untrained(no_training):
    """untrained(estimator) is (check that did not pass -> error, number of checks) of scikit-learn.

    The models are not trained, because the checks fit forty of them.
    """
    from sklearn.utils.estimator_checks import check_estimator

    def check(estimator):
        results = check_estimator(estimator, on_skip=None, on_fail=None)
        others = {r["check_name"]: r["exception"] for r in results if r["status"] != "passed"}
        return others, len(results)

    return check
