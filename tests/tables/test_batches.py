"""Parquet files in batches: the sample from which columns are read, training and scores."""

import numpy as np
import pytest

import zoo
from zoo.anomaly import frames
from zoo.tables import ParquetBatches, batches, imputer, reading
from zoo.tables.model import build

pd = pytest.importorskip("pandas", reason="tables need pandas: pip install '.[recipes]'")
pytest.importorskip("pyarrow", reason="Parquet files need pyarrow")

ROWS = 900
pytestmark = pytest.mark.filterwarnings("ignore:Even though the `tf.config", "ignore:columns of X")


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    x = pd.DataFrame(
        {
            "size": rng.normal(size=ROWS),
            "city": rng.choice(["Rome", "Oslo"], ROWS),
            "kind": pd.Categorical(rng.choice(["a", "b"], ROWS)),
            "count": pd.Series(rng.integers(0, 99, ROWS)).astype("Int64"),
            "row": np.arange(ROWS),
        }
    )
    x.loc[700, "city"], x.loc[650, "size"], x.loc[333, "count"] = "Pau", 99.0, pd.NA
    return x


@pytest.fixture(scope="module")
def path(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("batches") / "table.parquet"
    table.to_parquet(path, row_group_size=400)
    return path


@pytest.fixture
def streamed(monkeypatch, eager):
    """Read all Parquet files in batches of 256 rows; models run eagerly."""
    monkeypatch.setattr(batches, "MAX_ROWS", 10)
    monkeypatch.setattr(ParquetBatches.__init__, "__defaults__", (256,))


def test_frames_are_the_rows_of_the_file_in_order(table, path):
    parts = [*ParquetBatches(path, 256)]

    assert [len(part) for part in parts] == [256, 144, 256, 144, 100]
    assert len(ParquetBatches(path, 256)) == 5 and ParquetBatches(path).row_count == ROWS
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), table)
    shuffled = [*ParquetBatches(path).frames(np.random.default_rng(3))]
    assert [part["row"].iloc[0] for part in shuffled] != [0, 400, 800]


def test_a_sample_has_extremes_levels_and_missing_values(table, path):
    rows, sequences = ParquetBatches(path, 128).sample(size=30, seed=0)

    assert len(rows) == 30 and sequences == ["row"]
    assert rows["row"].is_monotonic_increasing and (rows.dtypes == table.dtypes).all()
    assert {*rows["city"]} == {"Rome", "Oslo", "Pau"} and rows["count"].isna().sum() == 1
    assert (rows["size"].min(), rows["size"].max()) == (table["size"].min(), 99.0)
    other, _ = ParquetBatches(path, 128).sample(size=30, seed=1)
    assert not other["row"].equals(rows["row"])


def test_a_small_sample_is_uniform_over_the_file(path):
    rows = pd.concat([ParquetBatches(path, 64).sample(90, seed)[0] for seed in range(20)])

    assert 0.6 < (rows["row"] < 450).mean() / 0.5 < 1.4
    assert abs(rows["row"].mean() - (ROWS - 1) / 2) < 30


def test_a_file_in_batches_trains_and_embeds(table, path, streamed, monkeypatch):
    options = dict(latent_dim=2, hidden=(4,), epochs=1, batch_size=512, random_state=0)
    embedder, same = (zoo.VAEEmbedder(**options).fit(path) for _ in range(2))

    assert embedder.columns_.left_out == {"row": reading.SEQUENCE}
    assert int(embedder.vae_.optimizer.iterations) == 2
    codes = embedder.transform(path)
    assert codes.shape == (ROWS, 2)
    monkeypatch.setattr(reading, "BATCH_ROWS", 256)
    np.testing.assert_allclose(codes, embedder.transform(table), atol=1e-6)
    np.testing.assert_allclose(codes, same.transform(table), atol=1e-6)


def test_a_detector_scores_a_file_in_batches(table, path, streamed, monkeypatch):
    monkeypatch.setattr(frames, "frame_vae", lambda c: build(c.classes, latent_dim=2, hidden=(4,)))
    detector = zoo.AnomalyDetector(
        score="elbo", epochs=1, batch_size=512, contamination=0.01, random_state=0
    )

    labels = detector.fit(path).predict(ParquetBatches(path))

    assert (labels == -1).sum() == detector.labels_.sum() == 9
    np.testing.assert_allclose(detector.decision_scores_, -detector.score_samples(table), rtol=1e-5)
    assert len(detector.explain(path)) == ROWS


def test_rows_are_imputed_in_parts_with_a_progress_bar(table, no_training, monkeypatch, capsys):
    monkeypatch.setattr(imputer, "MAX_VALUES", 1)
    new = table.drop(columns="row").mask(np.arange(ROWS)[:, None] % 4 == np.arange(4))
    fitted = zoo.VAEImputer(latent_dim=2, hidden=(4,), draws=3, random_state=0).fit(new)

    filled, (low, high) = fitted.transform(new), fitted.interval(new)

    assert not filled.isna().any(axis=None) and (filled.dtypes == new.dtypes).all()
    assert filled.index.equals(new.index) and (low["size"] <= high["size"]).all()
    assert not capsys.readouterr().out
    head = fitted.transform(new.iloc[:256])
    pd.testing.assert_frame_equal(filled.iloc[:256], head)
    fitted.set_params(verbose=1).transform(new)
    assert "900/900" in capsys.readouterr().out
    first, second = (s["size"][new["size"].isna()] for s in fitted.sample(new, 2))
    assert not first.equals(second) and first[:256:4].tolist() != first[256::4].tolist()


def test_unusable_files_raise(path, tmp_path):
    with pytest.raises(
        TypeError, match="real must fit in memory here, got ParquetBatches: iterate"
    ):
        zoo.evaluate_synthetic(ParquetBatches(path), path, path)
    with pytest.raises(FileNotFoundError, match=r"path must be a Parquet file, got .*x.parquet"):
        ParquetBatches(tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="rows must be"):
        ParquetBatches(tmp_path / "x.parquet", rows=0)
    with pytest.raises(FileNotFoundError, match="X must be a file"):
        zoo.VAEEmbedder().fit(tmp_path / "x.parquet")
