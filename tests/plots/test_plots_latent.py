"""Projections, manifolds, animations, uncertainty maps and histograms of posteriors."""

import gc
import sys
import types

import numpy as np
import pytest

import zoo
from tests.plots.figures import saved, texts

plots = pytest.importorskip("zoo.plots", reason="needs matplotlib and scikit-learn")

CODES = np.concatenate([np.zeros((15, 4)), np.full((15, 4), 9.0)])
CODES = CODES + np.random.default_rng(0).normal(size=(30, 4))


def points(figure):
    return np.concatenate([np.asarray(c.get_offsets()) for c in figure.axes[0].collections])


def test_tsne_separates_two_groups_and_is_seeded(tmp_path):
    figures = [plots.latent_scatter(CODES, np.arange(30) < 15, projection="tsne") for _ in range(2)]

    axes = saved(figures[0], tmp_path).axes[0]
    assert axes.get_xlabel().startswith("t-SNE 1 (no unit") and "no unit" in axes.get_ylabel()
    np.testing.assert_array_equal(points(figures[0]), points(figures[1]))
    one, other = (np.asarray(scatter.get_offsets()) for scatter in axes.collections)
    distance = np.linalg.norm(one.mean(0) - other.mean(0))
    assert distance > max(
        np.linalg.norm(group - group.mean(0), axis=1).max() for group in (one, other)
    )


def test_points_of_another_embedding_are_drawn_as_they_are(rng):
    embedded = rng.normal(size=(6000, 2))

    figure = plots.latent_scatter(np.zeros((6000, 9)), projection=embedded)

    assert points(figure).shape == (plots.MAX_POINTS, 2)
    assert {*map(tuple, points(figure))} <= {*map(tuple, embedded)}
    assert figure.axes[0].get_xlabel() == "first axis of the embedding"


@pytest.mark.parametrize("projection", ["tnse", np.zeros((29, 2)), np.zeros((30, 3)), None, 3])
def test_an_unknown_projection_is_refused(projection):
    with pytest.raises(
        ValueError, match=r"'pca', 'tsne', 'umap' or points of shape \(30, 2\), got"
    ):
        plots.latent_scatter(CODES, projection=projection)


def test_an_embedding_of_rows_that_differ_in_length_or_of_texts_is_refused():
    with pytest.raises(ValueError, match="projection must have rows of one shape"):
        plots.latent_scatter(CODES, projection=[[[1]], 2])
    with pytest.raises(ValueError, match=r"projection must be .* got shape \(30, 2\) of dtype <U1"):
        plots.latent_scatter(CODES, projection=np.full((30, 2), "a"))


def test_an_embedding_with_nan_is_refused():
    with pytest.raises(ValueError, match="projection must be finite points, got NaN"):
        plots.latent_scatter(CODES, projection=np.full((30, 2), np.nan))


@pytest.mark.parametrize("name", ["tsne", "umap"])
def test_too_few_distinct_codes_are_refused(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", types.SimpleNamespace(UMAP=None))
    for codes in (CODES[:4], np.ones((30, 4))):
        with pytest.raises(
            ValueError, match=f"at least 5 distinct rows for projection='{name}', got"
        ):
            plots.latent_scatter(codes, projection=name)


def test_a_missing_umap_raises_an_import_error_with_its_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ImportError, match="needs umap-learn: pip install umap-learn"):
        plots.latent_scatter(CODES, projection="umap")


def test_umap_gets_the_seed_and_at_most_as_many_neighbours_as_codes(monkeypatch):
    received = []

    class UMAP:
        def __init__(self, **options):
            received.append(options)

        def fit_transform(self, codes):
            return codes[:, 2:]

    monkeypatch.setitem(sys.modules, "umap", types.SimpleNamespace(UMAP=UMAP))
    figure = plots.latent_scatter(CODES[:8], seed=3, projection="umap")

    assert received == [{"n_neighbors": 7, "random_state": 3, "n_jobs": 1}]
    assert {*map(tuple, points(figure))} == {*map(tuple, CODES[:8, 2:])}
    assert figure.axes[0].get_xlabel().startswith("UMAP 1 (no unit")


def test_a_manifold_varies_its_first_dimension_to_the_right_and_its_second_upwards(tmp_path):
    values = np.array([-1.0, 0.0, 2.0])
    # The brightness of each image encodes its position: 0.1 a step right, 0.3 a step up.
    brightness = 0.1 * np.arange(3)[:, None] + 0.3 * np.arange(3)
    grid = np.broadcast_to(brightness[..., None, None, None], (3, 3, 4, 4, 1))

    axes = saved(plots.manifold(grid, values, ("$z_4$", "$z_2$")), tmp_path).axes[0]

    picture = axes.get_images()[0].get_array()
    upwards = np.asarray(picture[::5, ::5])[::-1]
    np.testing.assert_allclose(upwards, brightness.T, atol=1e-6)
    assert texts(axes.get_xticklabels()) == ["-1.0", "+0.0", "+2.0"]
    assert texts(axes.get_yticklabels()) == ["+2.0", "+0.0", "-1.0"]
    assert axes.get_xlabel() == "$z_4$, in units of z" and axes.get_ylabel().startswith("$z_2$")


def test_a_large_manifold_labels_only_some_ticks():
    axes = plots.manifold(np.zeros((40, 40, 2, 2, 1)), np.linspace(-2, 2, 40)).axes[0]

    assert sum(map(bool, texts(axes.get_xticklabels()))) == 14


def test_paths_of_two_kinds_are_drawn_below_one_another(rng, tmp_path):
    paths = {name: rng.random((2, 3, 4, 4, 1)) for name in ("linear", "spherical")}

    axes = saved(plots.interpolations(paths), tmp_path).axes[0]

    assert texts(axes.get_yticklabels()) == ["linear", "spherical"] * 2
    assert texts(axes.get_xticklabels()) == ["start", "", "end"]
    picture = axes.get_images()[0].get_array()
    np.testing.assert_allclose(picture[5:9, :4], paths["spherical"][0, 0, ..., 0], atol=1e-6)
    np.testing.assert_allclose(picture[10:14, :4], paths["linear"][1, 0, ..., 0], atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_an_animation_plays_forwards_and_backwards(rng, tmp_path, channels):
    from PIL import Image

    grid = rng.random((2, 4, 5, 5, channels))
    moving = plots.traversal_animation(grid, ["a", "b"], [-1, 0, 1, 2], milliseconds=50)
    moving.save(tmp_path / "moving.gif", dpi=40)

    with Image.open(tmp_path / "moving.gif") as written:
        assert written.n_frames == 6 and written.info["duration"] == 50
        assert written.info["loop"] == 0  # repeats without end
        frames = []
        for number in range(6):
            written.seek(number)
            frames.append(np.asarray(written.convert("RGB")))
    np.testing.assert_array_equal(frames[1], frames[5])
    np.testing.assert_array_equal(frames[2], frames[4])
    assert (frames[1] != frames[2]).any()
    (axes,) = moving.figure.axes
    assert texts(axes.get_xticklabels()) == ["a", "b"]
    shown = axes.get_images()[0].get_array()[:, 6:]  # the second image, at the last step drawn
    last = grid[1, 1] if channels == 3 else grid[1, 1, ..., 0]
    np.testing.assert_allclose(shown, last, atol=1e-6)
    assert axes.get_xlabel() == "value of the latent dimension: +0.00"


def test_an_animation_of_one_step_has_one_frame(rng, tmp_path):
    moving = plots.traversal_animation(rng.random((10, 1, 4, 4, 1)))
    moving.save(tmp_path / "still.gif", dpi=30)

    names = texts(moving.figure.axes[0].get_xticklabels())
    assert names == [f"$z_{{{i}}}$" for i in range(10)]


def test_an_animation_that_is_never_rendered_gives_no_warning(rng, recwarn):
    moving = plots.traversal_animation(rng.random((1, 3, 4, 4, 1)))
    del moving
    gc.collect()

    assert not recwarn.list
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_uncertainty_maps_have_one_colour_scale_a_row(rng, tmp_path):
    x, mean, std = rng.random((3, 9, 4, 5, 3))
    low = x - 0.1
    low[0, :2] += 0.2  # half of the first image is outside
    quantiles = np.stack([low, x, x + 0.3])

    figure = saved(plots.uncertainty(x, mean, std, quantiles, 0.8, max_images=4), tmp_path)

    cells = np.reshape(figure.axes[:16], (4, 4))
    shown = [[axes.get_images()[0].get_array() for axes in row] for row in cells]
    np.testing.assert_allclose(shown[0], x[:4], atol=1e-6)
    np.testing.assert_allclose(shown[1], mean[:4], atol=1e-6)
    np.testing.assert_allclose(shown[2], std[:4].mean(-1))
    np.testing.assert_allclose(shown[3], (quantiles[2] - quantiles[0])[:4].mean(-1))
    names = [row[0].get_ylabel().replace("\n", " ") for row in cells]
    assert names == ["original", "mean", "standard deviation", "width of the 80% interval"]
    assert [axes.get_xlabel() for axes in cells[-1]] == ["50% inside", *["100% inside"] * 3]
    bars = figure.axes[16:]
    assert [bar.get_ylabel() for bar in bars] == ["in units of\npixel values"] * 2
    assert cells[2, 0].get_images()[0].get_clim() == (0, pytest.approx(shown[2][0].max(), abs=1))
    limits = {axes.get_images()[0].get_clim() for axes in cells[2]}
    assert limits == {(0.0, float(std[:4].mean(-1).max()))}


def test_uncertainty_without_quantiles_has_three_rows(rng, tmp_path):
    figure = saved(plots.uncertainty(*rng.random((3, 2, 4, 4, 1))), tmp_path)

    assert sum(bool(axes.get_images()) for axes in figure.axes) == 6 and len(figure.axes) == 7
    assert not any(axes.get_xlabel() for axes in figure.axes[:6])


def test_arguments_of_the_wrong_length_or_shape_are_named():
    grid = np.zeros((2, 3, 4, 4, 1))
    for draw in (plots.traversals, plots.traversal_animation):
        with pytest.raises(ValueError, match="values must have 3 entries, got 2"):
            draw(grid, values=[0, 1])
        with pytest.raises(ValueError, match="names must have 2 entries, got 1"):
            draw(grid, ["a"])
    with pytest.raises(ValueError, match="values must have 2 entries, got 3"):
        plots.manifold(grid[:, :2], [-1, 0, 1])
    with pytest.raises(
        ValueError, match=r"std must be of shape \(2, 4, 4, 1\), got \(2, 4, 4, 3\)"
    ):
        plots.uncertainty(grid[:, 0], grid[:, 0], np.zeros((2, 4, 4, 3)))


def test_posterior_histograms_show_fractions(tmp_path):
    result = types.SimpleNamespace(
        loc_histogram=(np.array([1, 0, 3]), np.array([-1.5, -0.5, 0.5, 1.5])),
        scale_histogram=(np.array([2, 2]), np.log10([0.1, 0.5, 1.0])),
    )

    means, scales = saved(plots.posterior_histograms(result), tmp_path).axes

    heights, edges, _ = means.patches[0].get_data()
    np.testing.assert_allclose(heights, [0.25, 0, 0.75])
    np.testing.assert_allclose(edges, result.loc_histogram[1])
    assert means.get_xlabel() == "mean, in units of z" and scales.get_ylabel() == "fraction"
    assert texts(scales.get_xticklabels()) == ["0.1", "0.2", "0.5", "1"]


def test_a_narrow_histogram_of_scales_has_ticks():
    result = types.SimpleNamespace(
        loc_histogram=(np.ones(2), np.array([0.0, 0.5, 1.0])),
        scale_histogram=(np.ones(2), np.log10([0.8, 0.9, 0.95])),
    )

    scales = plots.posterior_histograms(result).axes[1]

    ticks = texts(scales.get_xticklabels())
    low, high = 10.0 ** np.array(scales.get_xlim())
    assert len(ticks) >= 2 and all(low <= float(tick) <= high for tick in ticks)


def test_normal_quantiles_divide_the_prior_into_equal_probabilities():
    from scipy.stats import norm

    values = zoo.normal_quantiles(15)

    np.testing.assert_allclose(norm.cdf(values), (np.arange(15) + 0.5) / 15, atol=1e-12)
    np.testing.assert_allclose(zoo.normal_quantiles(1), [0.0])


def test_uncertainty_needs_as_many_means_as_images():
    images = np.full((3, 4, 4, 1), 0.5)

    with pytest.raises(ValueError, match=r"^mean must be of shape \(1, 4, 4, 1\), got \(3, "):
        plots.uncertainty(images[:1], images, images)
    plots.uncertainty(images[:2], images, images, max_images=2)


def test_codes_without_a_label_have_a_class_in_the_legend():
    labels, codes = np.arange(12) % 3.0, np.random.default_rng(0).normal(size=(12, 2))
    labels[5] = np.nan
    for class_names, expected in ((None, ["0", "1", "2"]), (["a", "b", "c"], ["a", "b", "c"])):
        figure = plots.latent_scatter(codes, labels, class_names=class_names)
        texts = [text.get_text() for text in figure.legends[0].get_texts()]
        assert texts == [*expected, "no label"]
