"""Running moments: batches of any size, large offsets, histograms, stored codes."""

import numpy as np
import pytest
import tensorflow_probability as tfp
from scipy import stats

from zoo.core.elbo import mutual_information
from zoo.evaluation.diagnosis.running_moments import HISTOGRAM_EDGES, RunningMoments

RNG = np.random.default_rng(3)


def updated(*batches, pairs=100):
    """Moments of batches of means; every scale is 0.5 unless a batch is a dict."""
    moments = RunningMoments(pairs)
    for batch in batches:
        batch = batch if isinstance(batch, dict) else {"loc": np.asarray(batch)}
        moments.update({"scale": np.full(batch["loc"].shape, 0.5), **batch})
    return moments


@pytest.mark.parametrize("sizes", [(40,), (1,) * 40, (39, 1), (1, 39), (7, 20, 13)])
def test_moments_do_not_depend_on_the_batches(sizes):
    x = RNG.normal(size=(40, 2)) * [1.0, 1e-3] + [0.0, 1e4]

    moments = updated(*np.split(x, np.cumsum(sizes)[:-1]))

    assert moments.examples == 40
    np.testing.assert_allclose(moments.means["loc"], x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(moments.std("loc"), x.std(0), rtol=1e-7)


def test_one_example_has_std_zero():
    moments = updated([[3.0, -2.0]])

    np.testing.assert_array_equal(moments.means["loc"], [3.0, -2.0])
    np.testing.assert_array_equal(moments.std("loc"), [0.0, 0.0])


def test_quantities_of_any_rank_are_averaged_over_examples():
    nll, levels = RNG.normal(size=9).astype("float32"), RNG.normal(size=(9, 2, 3))
    batches = [
        {"loc": np.zeros((len(rows), 1)), "nll": nll[rows], "levels": levels[rows]}
        for rows in (np.arange(4), np.arange(4, 9))
    ]

    means = updated(*batches).means

    assert means["nll"] == pytest.approx(nll.astype("float64").mean(), rel=1e-12)
    np.testing.assert_allclose(means["levels"], levels.mean(0))


def test_means_are_a_copy():
    moments = updated([[1.0]])
    moments.means.clear()

    assert moments.means["loc"] == [1.0]


def test_float32_batches_are_summed_in_float64():
    x = (1e4 + RNG.normal(size=(1000, 1))).astype("float32")

    moments = updated(*np.split(x, 50))

    assert moments.std("loc")[0] == pytest.approx(x.astype("float64").std(), rel=1e-9)


def test_histogram_counts_are_those_of_all_values_by_edge():
    x = RNG.normal(size=(30, 4))

    counts, edges = updated(x[:11], x[11:]).histogram("loc")

    np.testing.assert_array_equal(counts, np.histogram(x, HISTOGRAM_EDGES["loc"])[0])
    assert edges[0] == -5 and edges[-1] == 5 and len(counts) == 80


def test_values_beyond_the_edges_count_in_the_outermost_bins_and_nan_in_none():
    counts, _ = updated([[-1e9, 7.0], [1e30, np.nan]]).histogram("loc")

    assert counts[0] == 1 and counts[-1] == 2 and counts.sum() == 3


def test_scales_are_counted_by_their_decimal_logarithm():
    scale = np.array([[1e-9, 0.011], [1.01, 1e3]])

    counts, edges = updated({"loc": np.zeros((2, 2)), "scale": scale}).histogram("scale")

    filled = np.flatnonzero(counts)
    assert filled[0] == 0 and filled[-1] == len(counts) - 1
    for position, value in zip(filled[1:3], (0.011, 1.01), strict=True):
        assert edges[position] <= np.log10(value) < edges[position + 1]


def codes(n):
    loc, scale = RNG.normal(size=(n, 2)), RNG.uniform(0.2, 0.6, (n, 2))
    z = loc + scale * RNG.normal(size=(n, 2))
    values = {"top_z": z, "top_loc": loc, "top_scale": scale}
    return {name: value.astype("float32") for name, value in values.items()}


@pytest.mark.parametrize(("pairs", "stored"), [(3, 3), (10, 10), (12, 12), (99, 20)])
def test_mutual_information_is_that_of_the_first_examples(pairs, stored):
    every = codes(20)
    batches = [
        {"loc": every["top_loc"][rows], **{name: a[rows] for name, a in every.items()}}
        for rows in (slice(0, 10), slice(10, 20))
    ]

    information = updated(*batches, pairs=pairs).mutual_information()

    z, loc, scale = (every[name][:stored] for name in ("top_z", "top_loc", "top_scale"))
    # log q(z_i|x_i) - log (1/N) sum_j q(z_i|x_j)
    log_q = stats.norm(loc, scale).logpdf(z[:, None]).sum(-1)
    expected = np.mean(np.diag(log_q) - np.log(np.exp(log_q).mean(1)))
    assert information == pytest.approx(expected, rel=1e-4)
    direct = mutual_information(tfp.distributions.Normal(loc, scale), z)
    assert information == pytest.approx(float(direct), rel=1e-6)
    assert information <= np.log(stored)


def test_without_normal_posteriors_there_is_no_mutual_information():
    assert updated([[1.0]], [[2.0]]).mutual_information() is None


def test_stored_codes_have_no_moments():
    moments = updated({"loc": np.zeros((5, 2)), **codes(5)})

    assert {*moments.means} == {"loc", "scale"}
