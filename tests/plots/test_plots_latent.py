"""Figures of latent space: projections, planes, things that move, how sure a model is."""

import gc
import sys
import types

import numpy as np
import pytest

import zoo
from tests.plots.test_plots import drawn

plots = pytest.importorskip("zoo.plots", reason="needs matplotlib and scikit-learn")

CODES = np.concatenate([np.zeros((15, 4)), np.full((15, 4), 9.0)])
CODES = CODES + np.random.default_rng(0).normal(size=(30, 4))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def points(figure):
    return np.concatenate([np.asarray(c.get_offsets()) for c in figure.axes[0].collections])


def labels(ticks):
    return [label.get_text() for label in ticks]


def test_tsne_keeps_two_groups_apart_and_is_seeded(tmp_path):
    made = [plots.latent_scatter(CODES, np.arange(30) < 15, projection="tsne") for _ in range(2)]

    axes = drawn(made[0], tmp_path).axes[0]
    assert axes.get_xlabel().startswith("t-SNE 1 (no unit") and "no unit" in axes.get_ylabel()
    np.testing.assert_array_equal(points(made[0]), points(made[1]))
    one, other = (np.asarray(found.get_offsets()) for found in axes.collections)
    middles = np.linalg.norm(one.mean(0) - other.mean(0))
    assert middles > max(
        np.linalg.norm(group - group.mean(0), axis=1).max() for group in (one, other)
    )


def test_an_embedding_from_elsewhere_is_drawn_as_it_is(rng):
    embedded = rng.normal(size=(6000, 2))

    figure = plots.latent_scatter(np.zeros((6000, 9)), projection=embedded)

    assert points(figure).shape == (plots.MAX_POINTS, 2)
    assert {*map(tuple, points(figure))} <= {*map(tuple, embedded)}
    assert figure.axes[0].get_xlabel() == "first axis of the embedding"


@pytest.mark.parametrize("made", ["tnse", np.zeros((29, 2)), np.zeros((30, 3)), None, 3])
def test_no_such_projection(made):
    with pytest.raises(
        ValueError, match=r"'pca', 'tsne', 'umap' or points of shape \(30, 2\), got"
    ):
        plots.latent_scatter(CODES, projection=made)


def test_an_embedding_with_holes():
    with pytest.raises(ValueError, match="projection must be finite points, got NaN"):
        plots.latent_scatter(CODES, projection=np.full((30, 2), np.nan))


@pytest.mark.parametrize("name", ["tsne", "umap"])
def test_too_few_codes_to_have_neighbours(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", types.SimpleNamespace(UMAP=None))
    for codes in (CODES[:4], np.ones((30, 4))):
        with pytest.raises(ValueError, match=f"projection='{name}' needs 5 different codes, got"):
            plots.latent_scatter(codes, projection=name)


def test_umap_is_asked_for_by_name_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ImportError, match="needs umap-learn: pip install umap-learn"):
        plots.latent_scatter(CODES, projection="umap")


def test_umap_gets_the_seed_and_no_more_neighbours_than_there_are(monkeypatch):
    asked = []

    class UMAP:
        def __init__(self, **options):
            asked.append(options)

        def fit_transform(self, codes):
            return codes[:, 2:]

    monkeypatch.setitem(sys.modules, "umap", types.SimpleNamespace(UMAP=UMAP))
    figure = plots.latent_scatter(CODES[:8], seed=3, projection="umap")

    assert asked == [{"n_neighbors": 7, "random_state": 3, "n_jobs": 1}]
    assert {*map(tuple, points(figure))} == {*map(tuple, CODES[:8, 2:])}
    assert figure.axes[0].get_xlabel().startswith("UMAP 1 (no unit")


def test_the_first_dimension_of_a_manifold_goes_right_and_the_second_up(tmp_path):
    values = np.array([-1.0, 0.0, 2.0])
    # Each image is as bright as its place says: 0.1 for each step right, 0.3 for each step up.
    bright = 0.1 * np.arange(3)[:, None] + 0.3 * np.arange(3)
    grid = np.broadcast_to(bright[..., None, None, None], (3, 3, 4, 4, 1))

    axes = drawn(plots.manifold(grid, values, ("$z_4$", "$z_2$")), tmp_path).axes[0]

    picture = axes.get_images()[0].get_array()
    upwards = np.asarray(picture[::5, ::5])[::-1]
    np.testing.assert_allclose(upwards, bright.T, atol=1e-6)
    assert labels(axes.get_xticklabels()) == ["-1.0", "+0.0", "+2.0"]
    assert labels(axes.get_yticklabels()) == ["+2.0", "+0.0", "-1.0"]
    assert axes.get_xlabel() == "$z_4$, in units of z" and axes.get_ylabel().startswith("$z_2$")


def test_labels_of_a_large_manifold_do_not_overlap():
    axes = plots.manifold(np.zeros((40, 40, 2, 2, 1)), np.linspace(-2, 2, 40)).axes[0]

    assert sum(map(bool, labels(axes.get_xticklabels()))) == 14


def test_paths_of_two_kinds_stand_below_one_another(rng, tmp_path):
    paths = {name: rng.random((2, 3, 4, 4, 1)) for name in ("linear", "spherical")}

    axes = drawn(plots.interpolations(paths), tmp_path).axes[0]

    assert labels(axes.get_yticklabels()) == ["linear", "spherical"] * 2
    assert labels(axes.get_xticklabels()) == ["start", "", "end"]
    picture = axes.get_images()[0].get_array()
    np.testing.assert_allclose(picture[5:9, :4], paths["spherical"][0, 0, ..., 0], atol=1e-6)
    np.testing.assert_allclose(picture[10:14, :4], paths["linear"][1, 0, ..., 0], atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_an_animation_goes_there_and_back(rng, tmp_path, channels):
    from PIL import Image

    grid = rng.random((2, 4, 5, 5, channels))
    moving = plots.traversal_animation(grid, ["a", "b"], [-1, 0, 1, 2], milliseconds=50)
    moving.save(tmp_path / "moving.gif", dpi=40)

    with Image.open(tmp_path / "moving.gif") as written:
        assert written.n_frames == 6 and written.info["duration"] == 50
        assert written.info["loop"] == 0  # for ever
        frames = []
        for number in range(6):
            written.seek(number)
            frames.append(np.asarray(written.convert("RGB")))
    np.testing.assert_array_equal(frames[1], frames[5])
    np.testing.assert_array_equal(frames[2], frames[4])
    assert (frames[1] != frames[2]).any()
    (axes,) = moving.figure.axes
    assert labels(axes.get_xticklabels()) == ["a", "b"]
    shown = axes.get_images()[0].get_array()[:, 6:]  # the second image, at the last step drawn
    last = grid[1, 1] if channels == 3 else grid[1, 1, ..., 0]
    np.testing.assert_allclose(shown, last, atol=1e-6)
    assert axes.get_xlabel() == "value of the latent dimension: +0.00"


def test_an_animation_of_one_step_is_one_frame(rng, tmp_path):
    moving = plots.traversal_animation(rng.random((10, 1, 4, 4, 1)))
    moving.save(tmp_path / "still.gif", dpi=30)

    names = labels(moving.figure.axes[0].get_xticklabels())
    assert names == [f"$z_{{{i}}}$" for i in range(10)]


def test_an_animation_that_nobody_looks_at_goes_quietly(rng, recwarn):
    moving = plots.traversal_animation(rng.random((1, 3, 4, 4, 1)))
    del moving
    gc.collect()

    assert not recwarn.list
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_uncertainty_maps_have_scales_of_their_own(rng, tmp_path):
    x, mean, deviation = rng.random((3, 9, 4, 5, 3))
    low = x - 0.1
    low[0, :2] += 0.2  # half of the first image is outside
    quantiles = np.stack([low, x, x + 0.3])

    figure = drawn(plots.uncertainty(x, mean, deviation, quantiles, 0.8, most=4), tmp_path)

    cells = np.reshape(figure.axes[:16], (4, 4))
    shown = [[axes.get_images()[0].get_array() for axes in row] for row in cells]
    np.testing.assert_allclose(shown[0], x[:4], atol=1e-6)
    np.testing.assert_allclose(shown[1], mean[:4], atol=1e-6)
    np.testing.assert_allclose(shown[2], deviation[:4].mean(-1))
    np.testing.assert_allclose(shown[3], (quantiles[2] - quantiles[0])[:4].mean(-1))
    names = [row[0].get_ylabel().replace("\n", " ") for row in cells]
    assert names == ["original", "mean", "standard deviation", "width of the 80% interval"]
    assert [axes.get_xlabel() for axes in cells[-1]] == ["50% inside", *["100% inside"] * 3]
    bars = figure.axes[16:]
    assert [bar.get_ylabel() for bar in bars] == ["in units of\npixel values"] * 2
    assert cells[2, 0].get_images()[0].get_clim() == (0, pytest.approx(shown[2][0].max(), abs=1))
    limits = {axes.get_images()[0].get_clim() for axes in cells[2]}
    assert limits == {(0.0, float(deviation[:4].mean(-1).max()))}


def test_uncertainty_without_quantiles(rng, tmp_path):
    figure = drawn(plots.uncertainty(*rng.random((3, 2, 4, 4, 1))), tmp_path)

    assert sum(bool(axes.get_images()) for axes in figure.axes) == 6 and len(figure.axes) == 7
    assert not any(axes.get_xlabel() for axes in figure.axes[:6])


def test_numbers_that_do_not_fit_are_named():
    grid = np.zeros((2, 3, 4, 4, 1))
    for draw in (plots.traversals, plots.traversal_animation):
        with pytest.raises(ValueError, match="values must have 3 entries, got 2"):
            draw(grid, values=[0, 1])
        with pytest.raises(ValueError, match="names must have 2 entries, got 1"):
            draw(grid, ["a"])
    with pytest.raises(ValueError, match="values must have 2 entries, got 3"):
        plots.manifold(grid[:, :2], [-1, 0, 1])
    with pytest.raises(
        ValueError, match=r"deviation must be of shape \(2, 4, 4, 1\), got \(2, 4, 4, 3\)"
    ):
        plots.uncertainty(grid[:, 0], grid[:, 0], np.zeros((2, 4, 4, 3)))


def test_histograms_of_the_posterior_alone(tmp_path):
    found = types.SimpleNamespace(
        loc_histogram=(np.array([1, 0, 3]), np.array([-1.5, -0.5, 0.5, 1.5])),
        scale_histogram=(np.array([2, 2]), np.log10([0.1, 0.5, 1.0])),
    )

    means, scales = drawn(plots.posterior_histograms(found), tmp_path).axes

    heights, edges, _ = means.patches[0].get_data()
    np.testing.assert_allclose(heights, [0.25, 0, 0.75])
    np.testing.assert_allclose(edges, found.loc_histogram[1])
    assert means.get_xlabel() == "mean, in units of z" and scales.get_ylabel() == "share"
    assert labels(scales.get_xticklabels()) == ["0.1", "0.2", "0.5", "1"]


def test_normal_quantiles_part_the_prior_evenly():
    from scipy.stats import norm

    values = zoo.normal_quantiles(15)

    np.testing.assert_allclose(norm.cdf(values), (np.arange(15) + 0.5) / 15, atol=1e-12)
    np.testing.assert_allclose(zoo.normal_quantiles(1), [0.0])
