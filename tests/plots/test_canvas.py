"""Colours, names, sizes and pictures that all figures share."""

import numpy as np
import pytest

canvas = pytest.importorskip("zoo.plots.canvas", reason="needs matplotlib and scikit-learn")

from zoo.plots import grids, latent, projections  # noqa: E402
from zoo.plots.animation import ping_pong  # noqa: E402


def test_classes_have_colours_in_sorted_order():
    colours = canvas.class_colours(np.array(["b", "c", "a", "b"]))

    assert colours == dict(zip("abc", canvas.PALETTE, strict=False))


@pytest.mark.parametrize("labels", [print, None, np.zeros((2, 2))])
def test_labels_must_be_a_vector(labels):
    with pytest.raises(ValueError, match=r"labels must be a vector \[N\], got shape"):
        canvas.class_labels(labels)


def test_labels_of_several_fields_are_refused():
    with pytest.raises(TypeError, match="labels must be texts or numbers, got an array of dtype"):
        canvas.class_labels(np.zeros(3, [("a", int), ("b", float)]))


def test_the_nine_most_frequent_of_many_classes_have_colours_of_their_own():
    labels = np.repeat(np.arange(12), [1, 9, 9, 9, 9, 9, 2, 9, 9, 9, 9, 1])

    colours = canvas.class_colours(labels)

    assert list(colours) == [1, 2, 3, 4, 5, 7, 8, 9, 10]
    assert canvas.PALETTE[-1] not in colours.values() and len({*colours.values()}) == 9


@pytest.mark.parametrize(("count", "size"), [(1, 30), (200, 30), (400, 15), (1200, 5), (9999, 5)])
def test_more_points_are_smaller(count, size):
    assert canvas.point_size(count) == size


def test_only_names_longer_than_the_limit_are_shortened():
    assert canvas.shorten("x" * 24) == "x" * 24
    assert canvas.shorten("x" * 25) == "x" * 23 + "…"
    assert canvas.shorten(12345, 4) == "123…"


def test_frames_play_forwards_and_backwards_without_a_repeated_end():
    assert ping_pong(4) == [0, 1, 2, 3, 2, 1]
    assert ping_pong(2) == [0, 1] and ping_pong(1) == [0]


@pytest.mark.parametrize(
    ("channels", "shape"), [(1, (2, 3)), (2, (2, 3)), (3, (2, 3, 3)), (4, (2, 3))]
)
def test_pictures_have_three_channels_or_the_first_one(channels, shape, rng):
    image = rng.random((2, 3, channels)).astype("float32")

    drawn = grids.for_imshow(image)

    assert drawn.shape == shape
    np.testing.assert_array_equal(drawn, image if channels == 3 else image[..., 0])


def test_pictures_are_clipped_and_nan_is_black():
    image = np.array([[[-1.0], [0.25], [7.0], [np.nan]]])

    np.testing.assert_array_equal(grids.for_imshow(image), [[0.0, 0.25, 1.0, 0.0]])


@pytest.mark.parametrize(("height", "gap"), [(4, 1), (20, 1), (28, 2), (64, 5)])
def test_images_are_joined_with_white_lines_between_them(height, gap):
    picture = grids.tile(np.zeros((2, 3, height, 5, 1)))

    assert picture.shape == (2 * height + gap, 3 * 5 + 2 * gap)
    assert (picture[height : height + gap] == 1).all() and (picture[:, 5 : 5 + gap] == 1).all()
    assert picture.sum() == picture.size - 2 * 3 * height * 5


def test_outliers_are_outside_the_axes_and_counted():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    points = np.stack([np.arange(1000.0), np.arange(1000.0)], 1)
    points[:3] = [[1e6, 0], [5, -1e6], [-1e6, 1e6]]

    assert latent._zoom(axes, points) == 3
    low, high = axes.get_xlim()
    assert -400 < low < 10 and 989 < high < 1400


def test_projections_of_up_to_two_dimensions_keep_the_codes(rng):
    one, two = rng.normal(size=(4, 1)), rng.normal(size=(4, 2))

    points, names = projections.project(one)
    np.testing.assert_array_equal(points, np.concatenate([one, np.zeros((4, 1))], 1))
    assert names == ("$z_0$", "")
    points, names = projections.project(two, "tsne")
    np.testing.assert_array_equal(points, two)
    assert names == ("$z_0$", "$z_1$")


def test_principal_components_name_their_fraction_of_the_variance(rng):
    x = rng.normal(size=(500, 3)) * [3.0, 1.0, 0.01]

    points, names = projections.project(x)

    values = np.linalg.eigvalsh(np.cov(x.T))[::-1]
    np.testing.assert_allclose(points.var(0, ddof=1), values[:2])
    assert names[0] == f"principal component 1 ({values[0] / values.sum():.0%} of the variance)"


@pytest.mark.parametrize("shape", [(3, 2), (4, 3), (4,)])
def test_points_of_another_shape_are_refused_by_name(shape):
    with pytest.raises(
        ValueError, match=r"projection must be one of 'pca', .* shape \(4, 2\), got"
    ):
        projections.check_projection(np.zeros(shape), 4)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([1.0, np.nan, 2.5], ["1", "no label", "2.5"]),
        (np.array([1.0, None, "a"], object), ["1", "no label", "a"]),
        (np.array(["2020-01-01", "NaT"], "datetime64[D]"), ["2020-01-01", "no label"]),
    ],
)
def test_missing_labels_are_a_class_of_their_own(labels, expected):
    assert canvas.class_labels(labels).tolist() == expected
