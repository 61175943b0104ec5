"""Inference on top of the promises: paths, traversals, memory."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, small
from zoo.inference import scoring


@pytest.fixture(scope="module")
def vae():
    return small("dense_vae", likelihood="normal")


X = data("dense_vae")


def test_linear_path_is_straight():
    path = [zoo.linear_path(np.zeros(2), np.array([2.0, 4.0]), t) for t in (0, 0.5, 1)]

    np.testing.assert_allclose(path, [[0, 0], [1, 2], [2, 4]])


def test_spherical_path_keeps_the_norm():
    start, end = np.array([[3.0, 0, 0]]), np.array([[0, 3.0, 0]])

    path = np.array([zoo.spherical_path(start, end, t)[0] for t in np.linspace(0, 1, 5)])

    np.testing.assert_allclose(path[[0, -1]], [start[0], end[0]], atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 3.0)
    np.testing.assert_allclose(path[2], [3 / np.sqrt(2), 3 / np.sqrt(2), 0])


@pytest.mark.parametrize("end", [[1.0, 0.0], [2.0, 0.0], [0.0, 0.0], [-1.0, 0.0]])
def test_spherical_path_between_parallel_codes_is_finite(end):
    start, end = np.array([[1.0, 0.0]]), np.array([end])

    path = [zoo.spherical_path(start, end, t) for t in (0.0, 0.5, 1.0)]

    assert np.isfinite(path).all()
    np.testing.assert_allclose(path[0], start, atol=1e-6)
    np.testing.assert_allclose(path[-1], end, atol=1e-6)


def test_spherical_path_between_antiparallel_codes_is_the_straight_line():
    start, end = np.array([[1.0, 0.0]]), np.array([[-1.0, 0.0]])  # no great circle is the one

    path = [zoo.spherical_path(start, end, t) for t in (0.25, 0.5)]

    np.testing.assert_allclose(path, [[[0.5, 0.0]], [[0.0, 0.0]]], atol=1e-12)


def test_spherical_path_at_an_angle_of_sixty_degrees():
    start, end = np.array([[2.0, 0.0]]), np.array([[1.0, np.sqrt(3.0)]])

    third = zoo.spherical_path(start, end, 1 / 3)[0]

    at = np.pi / 9
    np.testing.assert_allclose(third, [2 * np.cos(at), 2 * np.sin(at)], atol=1e-12)


def test_interpolation_begins_and_ends_with_reconstructions(vae):
    path = vae.interpolate(X[:3], X[3:6], steps=4)

    np.testing.assert_allclose(path[:, 0], vae.reconstruct(X[:3]), atol=1e-5)
    np.testing.assert_allclose(path[:, -1], vae.reconstruct(X[3:6]), atol=1e-5)


def test_paths_have_names(vae):
    for name, path in (("linear", zoo.linear_path), ("spherical", zoo.spherical_path)):
        np.testing.assert_array_equal(
            vae.interpolate(X[:2], X[2:4], steps=3, path=name),
            vae.interpolate(X[:2], X[2:4], steps=3, path=path),
        )


def test_traversal_varies_one_dimension_around_an_example(vae):
    moved = vae.traverse(X[0], dimensions=[1], low=-2.0, high=2.0, steps=5)
    code = np.tile(np.asarray(vae.encode(X[:1]).loc), (5, 1))
    code[:, 1] = np.linspace(-2, 2, 5)

    np.testing.assert_allclose(moved[0], vae.decode(code).mean(), atol=1e-5)


def test_traversal_without_an_example_starts_at_the_priors_origin(vae):
    moved = vae.traverse(steps=3)

    assert moved.shape == (2, 3, 6)
    np.testing.assert_allclose(moved[0, 1], vae.decode(np.zeros((1, 2))).mean()[0], atol=1e-5)


def test_a_manifold_has_the_quantiles_of_two_dimensions(vae):
    values = zoo.normal_quantiles(3)
    plane = vae.manifold(dimensions=(1, 0), steps=3)

    assert plane.shape == (3, 3, 6)
    z = np.array([[values[2], values[0]]])  # the first named is dimension 1
    np.testing.assert_allclose(plane[0, 2], vae.decode(z).mean()[0], atol=1e-5)
    np.testing.assert_allclose(plane[1, 1], vae.traverse(steps=3)[0, 1], atol=1e-5)


def test_a_manifold_around_an_example_keeps_its_other_dimensions():
    vae = small("dense_vae", likelihood="normal", latent_dim=3)
    code = np.asarray(vae.encode(X[:1]).loc)[0]

    plane = vae.manifold(X[0], (0, 2), steps=1)

    z = np.array([[0.0, code[1], 0.0]])
    np.testing.assert_allclose(plane[0, 0], vae.decode(z).mean()[0], atol=1e-5)


def test_generated_examples_do_not_depend_on_how_many_are_asked_for(vae):
    np.testing.assert_allclose(
        vae.generate(300, seed=1), vae.generate(300, seed=1, batch_size=7), atol=1e-5
    )


def test_generating_without_a_seed_differs_each_time(vae):
    assert (vae.generate(3) != vae.generate(3)).any()


def test_log_likelihood_decodes_a_bounded_number_of_rows(vae, monkeypatch):
    rows, run = [], scoring.forward_pass

    def spy(vae, batch, sampler, training=False):
        rows.append(int(batch.shape[0] or 0) * sampler.samples)
        return run(vae, batch, sampler, training)

    monkeypatch.setattr(scoring, "forward_pass", spy)
    vae.log_likelihood(X, samples=23, rows=10, batch_size=5, seed=99)

    assert rows
    assert max(rows) <= 10


def test_datasets_of_tuples_are_taken_by_their_first_part(vae):
    dataset = tf.data.Dataset.from_tensor_slices((X, np.arange(len(X)))).batch(6)

    np.testing.assert_allclose(vae.encode(dataset).loc, vae.encode(X).loc, atol=1e-6)


def test_scores_add_up(vae):
    score = vae.score(X)

    np.testing.assert_allclose(score["elbo"], -score["nll"] - score["kl"], rtol=1e-5)
    np.testing.assert_array_equal(score["elbo"], vae.elbo(X))


def test_compiled_functions_are_made_once_for_each_compile():
    vae = small("dense_vae", run_eagerly=False)
    vae.encode(X)
    compiled = vae._functions["encode"]

    vae.encode(X[:5])

    assert vae._functions["encode"] is compiled


def test_another_seed_reuses_the_compiled_program():
    vae = small("dense_vae")
    vae.compile(jit_compile=False)  # graphs are traced the same with XLA
    for seed in range(3):
        vae.log_likelihood(data("dense_vae"), samples=3, seed=seed)
        vae.reconstruct(data("dense_vae"), samples=2, seed=seed)
        vae.score(data("dense_vae"), seed=seed)
        zoo.anomaly.feature_scores(vae, data("dense_vae"), seed=seed)
        score = zoo.anomaly.LikelihoodRegretScore(steps=2, seed=seed)
        score(vae, data("dense_vae"))
        vae.generate(2, seed=seed)
        vae.sample(2, seed=seed)

    counts = {n: f.experimental_get_tracing_count() for n, f in vae._functions.items()}
    assert set(counts.values()) == {1}, counts


QUERIES = {
    "encode": lambda vae, x: vae.encode(x, batch_size=4),
    "score": lambda vae, x: vae.score(x, batch_size=4),
    "reconstruct": lambda vae, x: vae.reconstruct(x, batch_size=4),
    "draws": lambda vae, x: vae.reconstruct(x, samples=2, batch_size=4),
    "log_likelihood": lambda vae, x: vae.log_likelihood(x, samples=2, batch_size=4),
    "diagnose": lambda vae, x: zoo.diagnose(vae, x, batch_size=4, importance_samples=2),
    "impute": lambda vae, x: zoo.impute(vae, x, x > 0, draws=2, steps=4, batch_size=4),
    "predictive": lambda vae, x: zoo.predictive(vae, x, batch_size=4),
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_traced_once_for_all_batches(query):
    vae = small("dense_vae", likelihood="normal", run_eagerly=False)

    QUERIES[query](vae, X)

    traces = {name: f.experimental_get_tracing_count() for name, f in vae._functions.items()}
    assert traces and set(traces.values()) == {1}, traces
