"""Figures of several modalities: what is on them."""

import numpy as np
import pytest

plots = pytest.importorskip("zoo.plots", reason="needs matplotlib and scikit-learn")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def drawn(figure, tmp_path):
    """The figure, after it was written as a picture with something on it."""
    path = tmp_path / "figure.png"
    figure.savefig(path)
    assert path.stat().st_size > 2000
    return figure


def cells(figure):
    return [axes.get_images()[0] for axes in figure.axes if axes.get_images()]


def test_spectrograms_lie_with_low_frequencies_at_the_bottom(rng, tmp_path):
    rows = {"image": rng.random((3, 8, 7, 1)), "sound": 50 * rng.random((3, 6, 4)) - 60}

    figure = drawn(plots.side_by_side(rows, "Pairs", ["sound"], (-70, 0), "dB"), tmp_path)

    images, sounds = cells(figure)[:3], cells(figure)[3:6]
    np.testing.assert_allclose(images[1].get_array(), rows["image"][1, ..., 0], atol=1e-6)
    for found, x in zip(sounds, rows["sound"], strict=True):
        np.testing.assert_allclose(found.get_array(), x.T, atol=1e-4)
        assert found.origin == "lower" and found.get_clim() == (-70, 0)
    assert figure.axes[-1].get_ylabel() == "dB"  # the scale of colours
    assert [axes.get_ylabel() for axes in figure.axes[:6:3]] == ["image", "sound"]


def test_images_alone_have_no_scale_of_colours(rng, tmp_path):
    figure = drawn(plots.side_by_side({"image": rng.random((1, 8, 8))}, "One"), tmp_path)

    assert len(figure.axes) == 1


def test_points_of_modalities_have_markers_and_classes_colours(rng, tmp_path):
    codes = {"image": rng.normal(size=(30, 4)), "sound": rng.normal(size=(30, 4))}
    labels = np.arange(30) % 12

    figure = plots.modality_scatter(codes, labels, together=rng.normal(size=(30, 4)))

    left, right = drawn(figure, tmp_path).axes
    assert left.get_xlim() == right.get_xlim()
    assert sum(len(found.get_offsets()) for found in left.collections) == 60
    assert sum(len(found.get_offsets()) for found in right.collections) == 30
    shapes = {len(found.get_paths()[0].vertices) for found in left.collections}
    assert len(shapes) == 2 and len(left.collections) == 2 * 12
    colours = {tuple(found.get_facecolor()[0]) for found in left.collections}
    assert len(colours) == len(plots.PALETTE)
    assert [text.get_text() for text in left.texts] == [str(label) for label in range(12)]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["image", "sound", "together"]


def test_points_without_classes(rng, tmp_path):
    codes = {"a": rng.normal(size=(5001, 2)), "b": rng.normal(size=(5001, 2))}

    (axes,) = drawn(plots.modality_scatter(codes), tmp_path).axes

    assert sum(len(found.get_offsets()) for found in axes.collections) == plots.MAX_POINTS
    assert not axes.texts


def test_a_table_has_every_number(tmp_path):
    scores = {"there": {"recall@1": 0.25, "rank": 1.0}, "back": {"recall@1": 0.5, "rank": 0.0}}

    (axes,) = drawn(plots.score_table(scores, "Retrieval"), tmp_path).axes

    found = {cell.get_text().get_text() for cell in axes.tables[0].get_celld().values()}
    assert found == {"recall@1", "rank", "there", "back", "0.250", "1.000", "0.500", "0.000"}
