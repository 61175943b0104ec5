"""Numbers of traced functions: independent of seeds, few for many numbers of rows."""

import numpy as np
import pytest

import zoo
from tests.helpers import data, small
from zoo.training.array_data import whole_batches
from zoo.training.multi_step import rounded_up

SIZES = (20, 37, 33, 41)


@pytest.fixture(scope="module")
def vae():
    return small("dense_vae", likelihood="normal", run_eagerly=False)


def traces(vae):
    """Name of a compiled function -> how often it was traced."""
    counts = {name: f.experimental_get_tracing_count() for name, f in vae._functions.items()}
    if vae.predict_function is not None:
        counts["predict"] = vae.predict_function.experimental_get_tracing_count()
    return counts


def test_fit_is_traced_once_for_all_numbers_of_rows(vae, caplog):
    vae.compile(jit_compile=True)
    for rows in SIZES:
        vae.fit(data("dense_vae", rows), batch_size=8, verbose=0)

    counts = traces(vae)
    assert counts.pop(("train", True)) == 1
    assert counts.pop(("train", False)) <= 2  # the last, smaller batch: one size, then any
    assert "retracing" not in caplog.text


def test_short_training_is_traced_once_with_its_smaller_last_batch(caplog):
    vae = small("dense_vae", run_eagerly=False)

    for rows in (5, *SIZES, 7):  # also fewer rows than a batch has
        vae.fit(data("dense_vae", rows), batch_size=8, epochs=2, verbose=0)

    assert traces(vae) == {("train", False): 1}
    assert "retracing" not in caplog.text


QUERIES = {
    "predict": lambda vae, x, seed: vae.predict(x, batch_size=8, verbose=0),
    "score": lambda vae, x, seed: vae.score(x, seed=seed),
    "bound": lambda vae, x, seed: vae.log_likelihood(x, samples=2, seed=seed),
    "draws": lambda vae, x, seed: vae.reconstruct(x, samples=2, seed=seed, draw=True),
    "generate": lambda vae, x, seed: vae.generate(len(x), seed=seed),
    "sample": lambda vae, x, seed: vae.sample(len(x), seed=seed),
    "features": lambda vae, x, seed: zoo.anomaly.feature_scores(vae, x, seed=seed),
    "predictive": lambda vae, x, seed: zoo.predictive(vae, x, samples=2, seed=seed),
    "impute": lambda vae, x, seed: zoo.impute(vae, x, x > 0.5, draws=1, steps=2, seed=seed),
    "regret": lambda vae, x, seed: zoo.anomaly.LikelihoodRegretScore(2, seed=seed)(vae, x),
    "tails": lambda vae, x, seed: zoo.anomaly.TailScore(seed=seed).fit(vae, x)(vae, x),
    "diagnose": lambda vae, x, seed: zoo.diagnose(vae, x, seed=seed, importance_samples=2),
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_has_at_most_two_traces_for_all_seeds_and_sizes(vae, caplog, query):
    vae._functions, vae.predict_function = {}, None

    for seed, rows in enumerate(SIZES):
        QUERIES[query](vae, data("dense_vae", rows), seed)

    counts = traces(vae)
    assert counts and max(counts.values()) <= 2, counts
    assert "retracing" not in caplog.text


def test_predict_in_whole_batches_gives_each_row_its_result(vae):
    x = data("dense_vae", 11)

    got = vae.predict(x, batch_size=4, verbose=0)

    assert got["reconstruction"].shape == (11, 6)
    np.testing.assert_allclose(got["loc"], vae.encode(x).loc, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("rows", "batch_size", "padded", "size"),
    [(11, 4, 12, 4), (8, 4, 8, 4), (3, 32, 4, 4), (1, None, 1, 1), (40, None, 64, 32)],
)
def test_batches_are_filled_up(rows, batch_size, padded, size):
    x, got = whole_batches(np.arange(rows), batch_size)

    assert (len(x), got) == (padded, size)
    assert x[:rows].tolist() == [*range(rows)]


@pytest.mark.parametrize(
    ("rows", "row_bytes", "expected"),
    [(1, 8, 256), (256, 8, 256), (257, 8, 512), (60_000, 784, 61_440), (9, 1 << 25, 9)],
)
def test_rows_are_rounded_up_by_little(rows, row_bytes, expected):
    assert rounded_up(rows, row_bytes) == expected
