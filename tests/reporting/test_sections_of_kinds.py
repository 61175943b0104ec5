"""Sections of each kind of data, from a fake context whose numbers are known."""

import re
import types

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")

import zoo
from tests.reporting.fakes import cells, context, modality
from zoo.reporting import example_grids, images, multimodal, series, tables, thumbnails
from zoo.reporting.context import _without_padding, data_kind, for_display
from zoo.reporting.sections import SECTIONS

RNG = np.random.default_rng(1)
TEXTS = ["one", "two", "three", "four", "five", "six", "seven"]


@pytest.fixture
def drawn(monkeypatch):
    """List of (name, arguments) of the figures that sections draw, which are not drawn here."""
    calls = []

    def record(name):
        return lambda *a, **k: calls.append((name, a, k)) or name

    for module in (images, series, tables):
        for function in ("picture", "chart"):
            if hasattr(module, function):
                embed = lambda figure, alt, caption: thumbnails.tag("figure", figure)  # noqa: E731
                monkeypatch.setattr(module, function, embed)
    figures = types.SimpleNamespace(**{n: record(n) for n in zoo.plots.__all__ if n.islower()})
    for module in (images, series, tables):
        monkeypatch.setattr(module, "plots", figures)
    return calls


# Kinds of data


@pytest.mark.parametrize(
    ("likelihood", "shape", "kind"),
    [
        (zoo.likelihoods.Normal(), (28, 28, 1), "images"),
        (zoo.likelihoods.Bernoulli(), (28, 28), "images"),
        (zoo.likelihoods.Normal(), (6,), "tables"),
        (zoo.likelihoods.SeriesNormal(), (None, 2), "series"),
        (zoo.likelihoods.Text(9, 5, width=8), (5,), "texts"),
        (None, {"image": (4, 4, 1), "row": (3,)}, "modalities"),
    ],
)
def test_the_kind_of_data_follows_from_likelihood_and_shape(likelihood, shape, kind):
    assert data_kind(likelihood, shape) == kind
    assert kind in SECTIONS


def test_reconstructions_end_with_the_measured_series():
    nan = np.nan
    x = np.array([[1.0, nan, 2.0, nan], [nan, nan, nan, 3.0]])

    np.testing.assert_array_equal(
        _without_padding("series", x, np.ones((2, 4))), [[1, 1, 1, nan], [1, 1, 1, 1]]
    )
    channels = np.stack([x, np.full((2, 4), nan)], 2)
    cut = _without_padding("series", channels, np.ones((2, 4, 2)))
    np.testing.assert_array_equal(np.isnan(cut[0]), [[False] * 2] * 3 + [[True] * 2])
    assert _without_padding("tables", x, "unchanged") == "unchanged"


def test_bytes_of_texts_are_decoded_for_the_page():
    likelihood = zoo.likelihoods.Text(9, 5, width=8)

    shown = for_display(likelihood, np.array([b"caf\xc3\xa9", b"\xff"], object), None)

    assert shown == ["café", "\N{REPLACEMENT CHARACTER}"]


# Sections of several kinds


def test_the_hardest_examples_are_those_of_lowest_elbo_first():
    elbo = np.array([-5.0, -1e3, -7.0, -6.0, -2.0, -1.0, -3.0, np.float64(-4.0)])
    fake = context(modality("tables", np.zeros((8, 2))), elbo=elbo)

    body = example_grids.hardest_examples(fake).body

    order = [int(i) for i in re.findall(r"<b>Example (\d)", body)]
    assert order == [1, 2, 3, 0, 7, 6]
    assert "Example 1: ELBO -1,000.0 nats</b>card 1" in body
    assert "Of the first 8 held-out examples, the 6 with the lowest ELBO" in body


def test_texts_are_beside_their_reconstructions():
    fake = context(modality("texts", TEXTS, [f"{t}?" for t in TEXTS]))

    body = example_grids.reconstructions(fake).body

    assert cells(body)[:4] == ["<q>one</q>", "<q>one?</q>", "<q>two</q>", "<q>two?</q>"]
    assert cells(body, "th")[:4] == ["", "original", "reconstruction", "example 0"]


def test_an_interpolation_goes_from_one_example_to_the_next():
    def interpolate(start, end, steps):
        return [[f"{a}-{b} {i}" for i in range(steps)] for a, b in zip(start, end, strict=True)]

    fake = context(modality("texts", TEXTS), model=types.SimpleNamespace(interpolate=interpolate))
    fake.x = np.array(TEXTS)

    body = example_grids.interpolation(fake).body

    shown = [text[3:-4] for text in cells(body)]
    assert shown[:7] == ["one", *(f"one-two {i}" for i in range(5)), "two"]
    # The seventh example has no partner.
    assert shown[14:] == ["five", *(f"five-six {i}" for i in range(5)), "six"]
    assert [h for h in cells(body, "th") if h] == [f"example {i}" for i in range(6)]


def test_a_single_example_has_no_interpolation():
    assert example_grids.interpolation(context(modality("texts", TEXTS[:1]))) is None


def test_a_traversal_has_a_row_for_each_dimension_and_modality():
    asked = {}

    def traverse(**options):
        asked.update(options)
        return {
            name: [[f"{name}{d} {s}" for s in range(5)] for d in options["dimensions"]]
            for name in ("a", "b")
        }

    parts = [modality("texts", TEXTS, name=name) for name in ("a", "b")]

    body = example_grids.traversal(
        context(*parts, model=types.SimpleNamespace(traverse=traverse))
    ).body

    assert asked == {"dimensions": [1, 3], "low": -2.0, "high": 2.0, "steps": 5}
    heads = cells(body, "th")
    assert heads[:6] == ["dimension", "-2", "-1", "+0", "+1", "+2"]
    assert heads[6:] == [f"{m}, z{d} ({i}.0 nats)" for m in "ab" for d, i in ((1, 4), (3, 3))]
    assert cells(body)[5:7] == ["<q>a3 0</q>", "<q>a3 1</q>"]


def test_new_modalities_share_a_column_for_each_z():
    new = {"a": [f"a{i}" for i in range(6)], "b": [f"b{i}" for i in range(6)]}
    parts = [modality("texts", TEXTS, name=name) for name in new]
    model = types.SimpleNamespace(generate=lambda n, seed: {k: v[:n] for k, v in new.items()})

    body = multimodal.samples(context(*parts, model=model)).body

    assert cells(body, "th") == ["a", "b"]
    assert cells(body) == [f"<q>{name}{i}</q>" for name in "ab" for i in range(6)]


# Images


def test_images_are_scaled_by_the_range_of_the_data(drawn):
    x = RNG.uniform(-1, 1, (4, 3, 3, 1)).astype("float32")

    images.reconstructions(context(modality("images", x, 2 * x)))

    ((name, (original, mean), _),) = drawn
    assert name == "reconstructions"
    assert original.min() == 0 and original.max() == 1
    np.testing.assert_allclose(mean, (2 * x - x.min()) / (x.max() - x.min()), rtol=1e-5)


def test_grey_images_without_a_channel_axis_get_one(drawn):
    fake = context(modality("images", RNG.random((4, 3, 3))))
    fake.model = types.SimpleNamespace(generate=lambda n, seed: RNG.random((n, 3, 3)))

    images.samples(fake)

    ((_, (grid,), options),) = drawn
    assert grid.shape == (60, 3, 3, 1) and options == {"columns": 12}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (None, [(0, 1), (2, 3), (4, 5), (6, 7)]),
        ([0, 1, 2, 2, 3, 4, 5, 5, 6, 7], [(0, 1), (4, 5), (8, 9)]),
        ([1] * 10, [(0, 9)]),  # no two classes: the first and the last image
    ],
)
def test_pairs_of_an_interpolation_are_of_different_classes_if_possible(labels, expected):
    fake = context(modality("images", np.zeros((10, 2, 2, 1))), labels=labels)

    assert list(zip(*images._pairs(fake), strict=True)) == expected


def test_only_ladders_have_a_section_of_levels():
    assert images.hierarchy(context(modality("images", np.zeros((4, 2, 2, 1))))) is None


# Series and tables


def test_series_of_one_channel_get_its_axis_beside_their_samples(drawn):
    x, new = RNG.normal(size=(5, 7)), RNG.normal(size=(3, 7))
    columns = {"flow": None}

    series.samples(context(modality("series", x, columns=columns), sample=lambda n: new[:n]))

    ((name, (real, generated, names), _),) = drawn
    assert name == "series_samples" and names == ["flow"]
    np.testing.assert_array_equal(real, x[:3, :, None])
    np.testing.assert_array_equal(generated, new[..., None])


def test_marginals_have_the_names_of_columns_and_classes(drawn):
    likelihood = zoo.likelihoods.Tabular((0, 2, 2), means=(0, 0, 0), scales=(1, 1, 1))
    columns = {"size": None, "colour": ["red", "blue"], "kind": None}
    x = np.zeros((4, 3))
    named = modality("tables", x, columns=columns, likelihood=likelihood)

    for part in (named, modality("tables", x, likelihood=likelihood)):
        tables.marginals(context(part, sample=lambda n: np.ones((n, 3))))

    (_, (names, _, new, classes), _), (_, (numbered, _, _, numbers_), _) = drawn
    assert names == list(columns) and new.shape == (4, 3)
    assert classes == [None, ["red", "blue"], ["0", "1"]]
    assert numbered == ["column 0", "column 1", "column 2"]
    assert numbers_ == [None, ["0", "1"], ["0", "1"]]


def test_columns_are_sorted_by_their_gain_from_z(monkeypatch):
    gain = np.arange(41.0) / 10
    monkeypatch.setattr(tables, "surprise", lambda _: (np.full(41, 1.0), np.full(41, 0.25), gain))

    body = tables.columns(context(modality("tables", np.zeros((4, 41))))).body

    rows = re.findall(r'<th scope="row">(.+?)</th>', body)
    assert rows == [f"column {i}" for i in range(40, 0, -1)]
    assert "Listed: 40 of 41 columns." in body
    bars = [float(width) for width in re.findall(r"width:([\d.]+)%", body)]
    assert bars[0] == 100.0 and bars[20] == pytest.approx(50.0)
    assert cells(body)[1:3] == ["1.00", "0.25"]


def test_a_likelihood_that_does_not_factorise_has_no_columns(monkeypatch):
    monkeypatch.setattr(tables, "surprise", lambda _: None)

    body = tables.columns(context(modality("tables", np.zeros((4, 2))))).body

    assert "p(x|z) of SimpleNamespace does not factorise over columns" in body


def test_a_traversal_of_a_table_lists_the_largest_changes_in_stds():
    x = np.stack([np.array([-1.0, 1.0]) * scale for scale in (1, 10, 100, 1, 1)], 1)
    low, high = np.zeros(5), np.array([0.0, 20.0, -300.0, 0.5, 1.0])
    model = types.SimpleNamespace(traverse=lambda **_: np.stack([[low, high], [high, low]]))

    body = tables.traversal(context(modality("tables", x), model=model)).body

    first, second = cells(body)[1], cells(body)[3]
    assert first == "column 2 -3.0, column 1 +2.0, column 4 +1.0, column 3 +0.5"
    assert second.startswith("column 2 +3.0, column 1 -2.0")
    assert cells(body)[0] == "4.0 nats"


def test_a_traversal_of_a_table_names_the_classes_at_its_ends():
    x = np.stack([np.array([-1.0, 1.0]), np.array([0.0, 1.0]), np.array([0.0, 1.0])], 1)
    ends = np.array([[0.0, 0.0, 1.0], [0.5, 1.0, 1.0]])
    model = types.SimpleNamespace(traverse=lambda **_: np.stack([ends, ends]))
    columns = {"age": None, "ward": ["A", "B"], "sex": ["f", "m"]}

    body = tables.traversal(context(modality("tables", x, columns=columns), model=model)).body

    assert cells(body)[1] == "ward from A to B, age +0.5"


def test_bars_of_small_gains_are_short(monkeypatch):
    numbers = (np.zeros(2), np.zeros(2), np.array([0.01, 0.0]))
    monkeypatch.setattr(tables, "surprise", lambda context: numbers)

    body = tables.columns(context(modality("tables", np.zeros((3, 2))))).body

    assert "width:1.0%" in body and "width:100.0%" not in body
