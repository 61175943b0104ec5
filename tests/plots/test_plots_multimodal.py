"""Figures of several modalities."""

import numpy as np
import pytest
import tensorflow as tf

from tests.plots.figures import saved, texts

plots = pytest.importorskip("zoo.plots", reason="needs matplotlib and scikit-learn")


def drawn_images(figure):
    return [axes.get_images()[0] for axes in figure.axes if axes.get_images()]


def test_spectrograms_have_low_frequencies_at_the_bottom(rng, tmp_path):
    rows = {"image": rng.random((3, 8, 7, 1)), "sound": 50 * rng.random((3, 6, 4)) - 60}

    figure = saved(plots.side_by_side(rows, "Pairs", ["sound"], (-70, 0), "dB"), tmp_path)

    images, sounds = drawn_images(figure)[:3], drawn_images(figure)[3:6]
    np.testing.assert_allclose(images[1].get_array(), rows["image"][1, ..., 0], atol=1e-6)
    for drawn, x in zip(sounds, rows["sound"], strict=True):
        np.testing.assert_allclose(drawn.get_array(), x.T, atol=1e-4)
        assert drawn.origin == "lower" and drawn.get_clim() == (-70, 0)
    assert figure.axes[-1].get_ylabel() == "dB"  # colour scale
    assert [axes.get_ylabel() for axes in figure.axes[:6:3]] == ["image", "sound"]


def test_names_of_spectrograms_must_be_texts(rng):
    rows = {"image": rng.random((3, 8, 7, 1))}
    for names in (np.ma.ones((2, 3)), [np.zeros(2)], tf.constant([True]), "image", len):
        with pytest.raises(TypeError, match="spectrograms must be a list of names, got"):
            plots.side_by_side(rows, "Pairs", names)


def test_images_alone_have_no_colour_scale(rng, tmp_path):
    figure = saved(plots.side_by_side({"image": rng.random((1, 8, 8))}, "One"), tmp_path)

    assert len(figure.axes) == 1


def test_modalities_have_markers_and_classes_have_colours(rng, tmp_path):
    codes = {"image": rng.normal(size=(30, 4)), "sound": rng.normal(size=(30, 4))}
    labels = np.arange(30) % 12

    figure = plots.modality_scatter(codes, labels, multimodal_codes=rng.normal(size=(30, 4)))

    left, right = saved(figure, tmp_path).axes
    assert left.get_xlim() == right.get_xlim()
    assert sum(len(scatter.get_offsets()) for scatter in left.collections) == 60
    assert sum(len(scatter.get_offsets()) for scatter in right.collections) == 30
    shapes = {len(scatter.get_paths()[0].vertices) for scatter in left.collections}
    assert len(shapes) == 2 and len(left.collections) == 2 * 12
    colours = {tuple(scatter.get_facecolor()[0]) for scatter in left.collections}
    assert len(colours) == len(plots.PALETTE)
    assert texts(left.texts) == [str(label) for label in range(12)]
    (legend,) = figure.legends
    assert texts(legend.get_texts()) == ["image", "sound", "all modalities"]


def test_modality_scatter_without_labels_has_no_class_names(rng, tmp_path):
    codes = {"a": rng.normal(size=(5001, 2)), "b": rng.normal(size=(5001, 2))}

    (axes,) = saved(plots.modality_scatter(codes), tmp_path).axes

    assert sum(len(scatter.get_offsets()) for scatter in axes.collections) == plots.MAX_POINTS
    assert not axes.texts


def test_a_score_table_holds_every_number(tmp_path):
    scores = {
        "there": {"recall@1": 0.25, "rank": 1.0},
        "back": {"recall@1": 0.5, "rank": 0.0},
    }

    (axes,) = saved(plots.score_table(scores, "Retrieval"), tmp_path).axes

    cells = {cell.get_text().get_text() for cell in axes.tables[0].get_celld().values()}
    assert cells == {
        "recall@1",
        "rank",
        "there",
        "back",
        "0.250",
        "1.000",
        "0.500",
        "0.000",
    }


def test_a_score_beyond_float64_is_refused():
    with pytest.raises(ValueError, match=r"scores\['a'\]\['b'\] must be within float64's range"):
        plots.score_table({"a": {"b": -(10**400)}}, "Retrieval")
