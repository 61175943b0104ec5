"""Names of users' data in figures: dollar signs, lone surrogates, mixed labels, dates, numbers."""

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")

from tests.evaluation.diagnoses import diagnosis
from tests.plots.figures import saved, texts
from zoo import plots
from zoo.plots import canvas
from zoo.reporting import markup, write

NAMES = ["US$_per_$unit", r"$\frac$", "lone \ud800", "a_b^c"]
RNG = np.random.default_rng(0)


def in_table(names):
    x = RNG.normal(size=(30, 4))
    x[:, 3] = RNG.integers(0, 2, 30)
    return plots.marginals(names, x, x, [None, None, None, names[:2]])


def in_series(names):
    x = RNG.normal(size=(9, 4))
    return plots.series(np.arange(9), x, x, x, x, channel_names=names, title=names[1])


def in_codes(names):
    return plots.latent_scatter(RNG.normal(size=(40, 2)), np.repeat(names, 10))


@pytest.mark.parametrize(
    "draw",
    [
        in_table,
        in_series,
        in_codes,
        lambda names: plots.column_surprise(names, np.arange(4.0)),
        lambda names: plots.explanation(names, np.arange(4.0), names),
        lambda names: plots.series_samples(*np.zeros((2, 2, 5, 4)), names),
        lambda names: plots.series_spectra(*RNG.normal(size=(2, 2, 5, 4)), names),
        lambda names: plots.modality_scatter({names[0]: np.eye(9), names[1]: np.eye(9)}),
        lambda names: plots.score_table({names[0]: {names[1]: 1.0}}, names[0]),
        lambda names: plots.samples(np.zeros((4, 5, 5)), 1, names[1], names),
        lambda names: diagnosis(model=names[1]).plot(),
    ],
)
def test_any_name_can_be_drawn(draw, tmp_path):
    saved(draw(NAMES), tmp_path)


def test_names_that_matplotlib_hides_are_in_legends(tmp_path):
    figure = plots.latent_scatter(RNG.normal(size=(40, 2)), np.repeat(["", "_hidden"], 20))
    modalities = plots.modality_scatter({"_a": np.eye(9), "b": np.eye(9)})

    legends = [*figure.legends, *modalities.legends]
    shown = [text.get_text() for legend in legends for text in legend.get_texts()]
    assert {"(no name)", " _hidden", " _a", "b"} <= {*shown}


@pytest.mark.parametrize("labels", [[None, "a", "b", None], [1, "a", None, 2.5], [None] * 4])
def test_labels_of_mixed_types_are_classes(labels, tmp_path):
    labels = np.array(labels * 5, object)

    saved(plots.latent_scatter(RNG.normal(size=(20, 2)), labels), tmp_path)
    checked = write._labels(labels, np.zeros((20, 3)), 20)

    assert len(np.unique(checked)) == len({*map(str, labels)})
    assert canvas.class_labels([3, 4]).dtype.kind == "i"


def test_lone_surrogates_can_be_in_a_page():
    page = markup.tag("p", "lone \ud800", title="\udfff")

    assert page.encode("utf-8") == b'<p title="?">lone ?</p>'


def test_dates_on_the_axis_are_few(tmp_path):
    hours = np.datetime64("2024-01-01") + np.arange(400) * np.timedelta64(1, "h")
    x = np.zeros((400, 1))

    figure = saved(plots.series(hours, x, x, x, x), tmp_path)

    assert len(figure.axes[-1].get_xticklabels()) <= 9


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.205201, "-0.205"), (12345.6, "12,346"), (0.0, "0"), (-7.0, "-7"), (1e-5, "1e-05")],
)
def test_numbers_beside_ticks_are_short(value, text):
    assert canvas.tick_text(value) == text


def test_rows_of_samples_have_names(tmp_path):
    figure = saved(plots.samples(np.zeros((6, 4, 4, 1)), 3, row_names=["cat", "dog"]), tmp_path)

    assert texts(figure.axes[0].get_yticklabels()) == ["cat", "dog"]


def test_each_entry_of_class_names_is_a_list_of_names():
    x = np.zeros((4, 2))
    with pytest.raises(TypeError, match=r"class_names\[1\] must be a list of names, got int"):
        plots.marginals(["a", "b"], x, x, [["no", "yes"], 5])
