"""Figures of training, images, codes and tables."""

import keras
import numpy as np
import pytest

import zoo
from tests.plots.figures import saved, texts

plots = pytest.importorskip("zoo.plots", reason="needs matplotlib and scikit-learn")


def legend_names(axes):
    return texts(axes.get_legend().get_texts())


def test_figures_are_not_registered_with_pyplot(rng):
    import sys

    zoo.plots.samples(rng.random((4, 8, 8, 1)))
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_training_curves_show_training_and_validation_in_nats(tmp_path):
    history = {f"{p}{k}": [-3.0, -2.0, -1.0] for k in ("elbo", "nll", "kl") for p in ("", "val_")}
    figure = saved(plots.training_curves(history), tmp_path)
    assert len(figure.axes) == 3
    for axes in figure.axes:
        assert axes.get_ylabel() == "nats per example" and axes.get_xlabel() == "epoch"
        assert [list(line.get_xdata()) for line in axes.get_lines()] == [[1, 2, 3]] * 2
    assert legend_names(figure.axes[0]) == ["training", "validation"]


def test_training_curves_of_one_epoch_without_validation_have_one_line_each(tmp_path):
    figure = saved(plots.training_curves({"elbo": [-3.0], "nll": [2.0], "kl": [1.0]}), tmp_path)
    assert [len(axes.get_lines()) for axes in figure.axes] == [1, 1, 1]


def test_training_curves_take_the_history_of_fit(tmp_path):
    history = keras.callbacks.History()
    history.epoch, history.history = [3, 4], {"elbo": [-3.0, -2.0]}

    figure = saved(plots.training_curves(history), tmp_path)

    assert list(figure.axes[0].get_lines()[0].get_xdata()) == [4, 5]
    with pytest.raises(TypeError, match="history must be a History or a dict of lists, got list"):
        plots.training_curves([1.0])


def test_figures_without_anything_to_draw_are_clear_errors(rng):
    with pytest.raises(ValueError, match=r"got shape \(4, 64\): reshape flat images"):
        plots.samples(rng.random((4, 64)))
    with pytest.raises(ValueError, match=r"original must be an array \[N, H, W, C\]"):
        plots.reconstructions(rng.random((4, 64)), rng.random((4, 64)))
    with pytest.raises(ValueError, match=r"at least one normal row, got .* with 4 anomalies"):
        plots.score_histogram(rng.random(4), np.ones(4, bool))
    with pytest.raises(ValueError, match="column_names must hold at least one name"):
        plots.marginals([], np.zeros((3, 0)), np.zeros((3, 0)))


def test_training_curves_cut_off_a_bad_start(tmp_path):
    elbo = [-1e6, *np.linspace(-100, -90, 30)]
    figure = saved(plots.training_curves({"elbo": elbo}), tmp_path)
    assert figure.axes[0].get_ylim()[0] > -110


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_reconstructions_are_drawn_below_their_originals(rng, tmp_path, channels):
    x = rng.random((20, 9, 7, channels))
    figure = saved(plots.reconstructions(x, x, model_input=x, max_images=6), tmp_path)
    axes = figure.axes[0]
    rows = texts(axes.get_yticklabels())
    assert rows == ["original", "model input", "reconstruction"]
    picture = axes.get_images()[0].get_array()
    assert picture.shape == (3 * 10 - 1, 6 * 8 - 1, *((3,) if channels == 3 else ()))
    shown = x[1] if channels == 3 else x[1, ..., 0]
    np.testing.assert_allclose(picture[:9, 8:15], shown, atol=1e-6)


def test_samples_fill_a_square(rng):
    picture = plots.samples(rng.random((10, 8, 8, 1))).axes[0].get_images()[0].get_array()
    assert picture.shape == (3 * 9 - 1, 4 * 9 - 1)


def test_interpolations_label_start_and_end(rng, tmp_path):
    axes = saved(plots.interpolations(rng.random((2, 5, 8, 8, 1))), tmp_path).axes[0]
    labels = texts(axes.get_xticklabels())
    assert labels == ["start", "", "", "", "end"]


def test_traversals_label_dimensions_and_values(rng, tmp_path):
    grid = rng.random((2, 3, 8, 8, 3))
    axes = saved(plots.traversals(grid, values=[-3, 0, 3]), tmp_path).axes[0]
    assert texts(axes.get_yticklabels()) == ["$z_{0}$", "$z_{1}$"]
    assert texts(axes.get_xticklabels()) == ["-3.0", "+0.0", "+3.0"]
    assert axes.get_xlabel()


def test_codes_of_two_dimensions_are_not_projected(rng, tmp_path):
    codes = rng.normal(size=(100, 2))
    axes = saved(plots.latent_scatter(codes), tmp_path).axes[0]
    assert axes.get_xlabel() == "$z_0$"
    points = np.asarray(axes.collections[0].get_offsets())
    np.testing.assert_allclose(np.sort(points, 0), np.sort(codes, 0))


def test_codes_of_more_dimensions_are_projected_to_principal_components(rng, tmp_path):
    figure = saved(
        plots.latent_scatter(rng.normal(size=(6000, 5)), rng.integers(0, 3, 6000), list("abc")),
        tmp_path,
    )
    axes = figure.axes[0]
    assert "principal component 1" in axes.get_xlabel()
    assert sum(len(c.get_offsets()) for c in axes.collections) == plots.MAX_POINTS
    assert texts(figure.legends[0].get_texts()) == list("abc")


def test_the_rarest_of_many_classes_share_a_colour(rng, tmp_path):
    figure = saved(
        plots.latent_scatter(rng.normal(size=(300, 2)), rng.integers(0, 30, 300)), tmp_path
    )
    shown = texts(figure.legends[0].get_texts())
    assert len(shown) == len(plots.PALETTE) and "others" in shown


def test_latent_scatter_accepts_one_dimension_and_few_codes(rng, tmp_path):
    saved(plots.latent_scatter(rng.normal(size=(1, 1))), tmp_path)
    saved(plots.latent_scatter(rng.normal(size=(2, 7)), ["a", "b"]), tmp_path)
    axes = saved(plots.latent_scatter(rng.normal(size=(1, 7)), ["a"]), tmp_path).axes[0]
    assert axes.get_xlabel() == "$z_0$" and len(axes.collections[0].get_offsets()) == 1


def test_identical_codes_have_no_variance(tmp_path):
    axes = saved(plots.latent_scatter(np.ones((5, 4))), tmp_path).axes[0]
    assert "(0% of the variance)" in axes.get_xlabel()


def test_score_histogram_holds_every_normal_row_and_anomaly(rng, tmp_path):
    scores = np.concatenate([rng.normal(size=90), [5.0, 50.0, 1e6]])
    anomaly = np.arange(93) >= 90
    axes = saved(plots.score_histogram(scores, anomaly, auroc=0.9), tmp_path).axes[0]
    assert legend_names(axes) == ["normal (90)", "anomaly (3)"]
    assert "0.900" in axes.get_title("left") and "nats" in axes.get_xlabel()
    # Every score is in some bin: the percentages of each group add up to 100 %.
    heights = [bar.get_height() for bar in axes.patches]
    assert sum(heights) == pytest.approx(200)


def test_score_histogram_without_labels_has_one_group(rng, tmp_path):
    axes = saved(plots.score_histogram(rng.normal(size=50)), tmp_path).axes[0]
    assert legend_names(axes) == ["all rows (50)"]
    assert axes.get_xlabel() == "score above the median (nats)"
    saved(plots.score_histogram(np.zeros(3)), tmp_path)


def test_columns_are_sorted_by_the_difference_of_anomalies_and_normal_rows(tmp_path):
    axes = saved(plots.column_surprise(["a", "b", "c"], [0, 0, 0], [1, 3, 2]), tmp_path).axes[0]
    assert texts(axes.get_yticklabels()) == ["a", "c", "b"]
    assert legend_names(axes) == ["anomalies", "normal rows"] and "nats" in axes.get_xlabel()


def test_column_surprise_is_limited_to_the_most_surprising_columns(tmp_path):
    columns = [f"column {i}" for i in range(50)]
    axes = saved(plots.column_surprise(columns, np.arange(50.0)), tmp_path).axes[0]
    assert len(axes.get_yticks()) == plots.MAX_COLUMNS and "20 of 50" in axes.get_title("left")


def test_reasons_are_sorted_and_labelled_with_values(tmp_path):
    figure = plots.explanation(["a", "b", "c"], [1, 900, -3], [7, "x", None])
    axes = saved(figure, tmp_path).axes[0]
    assert texts(axes.get_yticklabels()) == ["b = x", "a = 7", "c = None"]
    many = plots.explanation([f"column {i}" for i in range(50)], np.arange(50.0))
    assert "20 of 50" in many.axes[0].get_title("left")
    with pytest.raises(ValueError, match="values must have 2 entries, got 1"):
        plots.explanation(["a", "b"], [1, 2], ["x"])


def test_marginals_label_numbers_and_classes_with_missing_values(rng, tmp_path):
    real = np.stack([rng.normal(size=50), rng.integers(0, 2, 50)], 1)
    real[::7] = np.nan
    figure = plots.marginals(["height", "colour"], real, real, [None, ["red", "blue"]])
    saved(figure, tmp_path)
    numeric, classes = figure.axes
    assert numeric.get_title("left") == "height"
    assert texts(classes.get_xticklabels()) == ["red", "blue"]
    assert texts(figure.legends[0].get_texts()) == ["data", "samples"]
