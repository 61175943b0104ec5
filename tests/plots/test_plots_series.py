"""Figures of series, diagnoses, levels and tables: axes, titles, labels and drawn values."""

import io

import numpy as np
import pytest

from tests.evaluation.diagnoses import diagnosis
from tests.plots.figures import texts

plots = pytest.importorskip("zoo.plots", reason="needs matplotlib and scikit-learn")


def titles(figure):
    return [axes.get_title("left") for axes in figure.axes]


def series(steps=12, channels=2, **options):
    """A figure of a reconstructed sine with a band of half-width 0.5, and its arrays."""
    x = np.sin(np.arange(steps))[:, None] + np.arange(channels)
    arrays = dict(x=x, mean=x + 0.1, low=x - 0.4, high=x + 0.6)
    return plots.series(np.arange(steps) * 10, **arrays, **options), arrays


def test_a_series_has_an_axes_for_each_channel_with_its_unit_below():
    figure, arrays = series(channel_names=["flow (l/s)", "level"], title="Pump 3")

    assert [axes.get_ylabel() for axes in figure.axes] == ["flow\n(l/s)", "level"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "time"]
    assert figure.get_suptitle() == "Pump 3"
    (legend,) = figure.legends
    assert texts(legend.get_texts()) == ["reconstruction with band", "measured"]
    for channel, axes in enumerate(figure.axes):
        mean, measured = axes.get_lines()
        np.testing.assert_array_equal(mean.get_ydata(), arrays["mean"][:, channel])
        np.testing.assert_array_equal(measured.get_ydata(), arrays["x"][:, channel])
        np.testing.assert_array_equal(measured.get_xdata(), np.arange(12) * 10)
        (band,) = axes.collections
        heights = band.get_paths()[0].vertices[:, 1]
        assert heights.min() == arrays["low"][:, channel].min()
        assert heights.max() == arrays["high"][:, channel].max()


def test_many_channels_are_cut_to_the_first_and_the_last_and_the_title_says_so():
    figure, _ = series(channels=plots.MAX_CHANNELS + 3)

    expected = [f"channel {i}" for i in [*range(plots.MAX_CHANNELS - 1), plots.MAX_CHANNELS + 2]]
    assert [axes.get_ylabel() for axes in figure.axes] == expected
    assert figure.get_suptitle() == "(8 of 11 channels)"
    assert len(series(channels=7)[0].axes) == 7


def test_a_score_has_a_panel_of_its_own_with_its_median():
    score = np.arange(12.0)
    figure, _ = series(score=score)

    panel = figure.axes[-1]
    assert len(figure.axes) == 3 and panel.get_ylabel() == "anomaly score\n(nats)"
    line, median = panel.get_lines()
    np.testing.assert_array_equal(line.get_ydata(), score)
    assert {*median.get_ydata()} == {5.5}
    assert panel.get_yscale() == "linear" and panel.get_xlabel() == "time"


def test_a_score_over_orders_of_magnitude_has_a_logarithmic_axis():
    figure, _ = series(score=np.where(np.arange(12) == 7, 1e5, np.arange(12.0)))

    assert figure.axes[-1].get_yscale() == "symlog"


def test_each_run_of_anomalous_steps_is_shaded_on_each_axes():
    anomaly = np.isin(np.arange(12), [0, 1, 2, 6, 7, 11])
    figure, _ = series(anomaly=anomaly, score=np.arange(12.0))

    for axes in figure.axes:
        spans = [(p.get_x(), p.get_x() + p.get_width()) for p in axes.patches]
        assert spans == [(0, 20), (60, 70), (110, 110)]
    assert texts(figure.legends[0].get_texts())[-1] == "known anomaly"


def test_an_anomaly_of_a_single_step_is_visible():
    pictures = []
    for step in (4, 8):
        figure, _ = series(channels=1, anomaly=np.arange(12) == step)
        file = io.BytesIO()
        figure.savefig(file, format="raw", dpi=50)
        pictures.append(file.getvalue())

    assert pictures[0] != pictures[1]


@pytest.mark.parametrize("unit", ["m", "h", "D", "Y"])
def test_dates_of_four_units_have_ticks_and_no_warning(unit):
    x = np.zeros((5, 1))
    times = (np.datetime64("2024", "Y") + np.arange(5).astype(f"timedelta64[{unit}]")).astype(
        "M8[s]"
    )

    figure = plots.series(times, x, x, x, x)

    assert 2 <= len(figure.axes[-1].get_xticks()) <= 9


def test_generated_series_are_to_the_right_of_real_ones(rng):
    real, generated = rng.normal(size=(6, 5, 2)), rng.normal(size=(3, 5, 2))

    figure = plots.series_samples(real, generated, ["a (m)", "b"], max_series=2)

    grid = np.reshape(figure.axes, (2, 4))
    assert titles(figure) == ["real", "real", "generated", "generated", *[""] * 4]
    assert [row[0].get_ylabel() for row in grid] == ["a\n(m)", "b"]
    assert not any(axes.get_ylabel() for axes in grid[:, 1:].ravel())
    assert figure.get_supxlabel() == "step"
    for i in range(2):
        for j, x in enumerate((real[0], real[1], generated[0], generated[1])):
            np.testing.assert_array_equal(grid[i, j].get_lines()[0].get_ydata(), x[:, i])


def bars(axes):
    """Height and colour of each bar, by its position."""
    from matplotlib.colors import to_hex

    placed = {
        round(bar.get_x() + bar.get_width() / 2): (bar.get_height(), to_hex(bar.get_facecolor()))
        for bar in axes.patches
    }
    return [placed[i] for i in sorted(placed)]


def test_kl_by_dimension_is_sorted_and_inactive_dimensions_are_grey():
    active = np.array([True, True, False, True])

    figure = plots.kl_per_dimension(diagnosis(active=active))

    (axes,) = figure.axes
    blue, grey = plots.PALETTE[0].lower(), plots.PALETTE[-1].lower()
    assert bars(axes) == [(4.0, blue), (3.0, blue), (2.0, grey), (1.0, blue)]
    assert texts(axes.get_xticklabels()) == [f"$z_{{{i}}}$" for i in (1, 3, 2, 0)]
    assert titles(figure) == ["KL to the prior, by dimension"]
    assert axes.get_ylabel() == "nats per example"
    assert texts(axes.get_legend().get_texts()) == ["active", "inactive"]


def test_without_a_closed_form_the_variance_of_the_means_replaces_the_kl():
    result = diagnosis(kl_by_dimension=None, loc_std=np.array([0.5, 1.0, 3.0, 2.0]))

    (axes,) = plots.kl_per_dimension(result).axes

    assert [height for height, _ in bars(axes)] == [9.0, 4.0, 1.0, 0.25]
    assert axes.get_title("left") == "Variance of the mean of q(z|x), by dimension"
    assert axes.get_ylabel() == "variance"


@pytest.mark.parametrize(
    ("count", "cut", "ticks"), [(20, "", 20), (21, "", 0), (70, " (largest 64 of 70)", 0)]
)
def test_many_dimensions_are_cut_and_not_named(count, cut, ticks):
    result = diagnosis(kl_by_dimension=np.arange(1.0, count + 1), active=np.ones(count, bool))

    (axes,) = plots.kl_per_dimension(result).axes

    assert axes.get_title("left") == f"KL to the prior, by dimension{cut}"
    assert len(axes.get_xticks()) == ticks and len(axes.patches) == min(count, 64)
    assert bars(axes)[0][0] == count


def test_a_diagnosis_has_four_axes_under_its_verdict():
    figure = plots.diagnosis(diagnosis())

    assert figure.get_suptitle() == "m: healthy"
    assert titles(figure) == [
        "Terms of the ELBO",
        "KL to the prior, by dimension",
        "Means of q(z|x), all dimensions",
        "Scales of q(z|x), all dimensions",
    ]
    terms = figure.axes[0]
    widths = [bar.get_width() for bar in terms.patches][::-1]
    assert widths == [100.0, 90.0, 10.0, 9.0, 2.0]
    assert texts(terms.texts)[::-1] == ["100.0", "90.0", "10.0", "9.0", "2.0"]
    fewer = plots.diagnosis(diagnosis(mutual_information=None, aggregate_kl=None))
    assert len(fewer.axes[0].patches) == 4


def test_levels_are_rows_below_the_originals(rng):
    original, means = rng.random((5, 4, 4, 1)), rng.random((3, 5, 4, 4, 1))
    draws = rng.random((2, 5, 4, 4, 1))

    (axes,) = plots.levels(original, means, draws, max_images=2).axes

    names = texts(axes.get_yticklabels())
    assert names == ["original", "all 3 levels", "top 2, mean", "top 1, mean", "top 1, drawn", ""]
    picture = axes.get_images()[0].get_array()
    assert picture.shape == (6 * 5 - 1, 2 * 5 - 1)
    rows = [original[1], means[0, 1], means[1, 1], means[2, 1], draws[0, 1], draws[1, 1]]
    for i, image in enumerate(rows):
        np.testing.assert_allclose(picture[5 * i : 5 * i + 4, 5:9], image[..., 0], atol=1e-6)


def test_marginals_are_percentages_of_the_observed_rows():
    real = np.array([[0.0, 2.0], [1.0, 2.0], [1.0, 5.0], [np.nan, np.nan]])
    generated = np.array([[1.0, 3.0], [1.0, np.nan]])

    figure = plots.marginals(["class", "number"], real, generated, [["no", "yes"], None])

    classes, numbers = figure.axes
    heights = [bar.get_height() for bar in classes.patches]
    np.testing.assert_allclose(heights, [100 / 3, 200 / 3, 0, 100])
    assert (classes.get_ylabel(), numbers.get_ylabel()) == ("rows (%)", "")
    assert figure.get_suptitle() == "Marginal distributions of data and samples"


def test_marginals_of_many_columns_are_cut_with_empty_axes_off(rng):
    x = rng.normal(size=(9, 7))

    figure = plots.marginals([f"c{i}" for i in range(7)], x, x, max_columns=5)

    assert len(figure.axes) == 8  # two rows of four
    assert [axes.axison for axes in figure.axes] == [True] * 5 + [False] * 3
    assert titles(figure)[:5] == [f"c{i}" for i in range(5)]
    assert figure.get_suptitle().endswith(" (5 of 7 columns)")
