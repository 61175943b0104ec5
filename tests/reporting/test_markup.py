"""Markup, thumbnails, cards, embedded pictures and the latent map of a report."""

import base64
import json
import re

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")

from matplotlib.figure import Figure

from tests.reporting.fakes import context, modality
from tests.reporting.pages import Page
from zoo.reporting import latent_map, pictures, thumbnails
from zoo.reporting.cards import cards
from zoo.reporting.markup import Markup, Section, bar, escape, figure, join, table, tag
from zoo.reporting.page import FIRST_LINES, page

RNG = np.random.default_rng(0)
UNSAFE, ESCAPED = "<i>&\"'", "&lt;i&gt;&amp;&quot;&#x27;"

# Markup


def test_only_text_is_escaped():
    assert escape(UNSAFE) == ESCAPED and isinstance(escape(UNSAFE), Markup)
    assert escape(Markup(UNSAFE)) == UNSAFE
    assert join("a<", None, Markup("<br>"), 3) == "a&lt;<br>3"


@pytest.mark.parametrize(
    ("element", "text"),
    [
        (tag("img", src=UNSAFE), f'<img src="{ESCAPED}"/>'),
        (tag("circle", tag("title", "t"), r=2), '<circle r="2"><title>t</title></circle>'),
        (tag("span"), "<span></span>"),
        (tag("p", None, "a", class_="x", aria_label="b"), '<p class="x" aria-label="b">a</p>'),
        (tag("p", hidden=False, title=None, tabindex=0), '<p tabindex="0"></p>'),
        (figure("c<", "k"), "<figure><div>c&lt;</div><figcaption>k</figcaption></figure>"),
    ],
)
def test_elements_are_closed_and_their_attributes_escaped(element, text):
    assert element == text


@pytest.mark.parametrize(
    ("fraction", "width"), [(0.5, "50.0"), (0.1234, "12.3"), (-1, "0.0"), (7, "100.0")]
)
def test_a_bar_is_filled_by_its_fraction_in_the_unit_interval(fraction, width):
    assert f'style="width:{width}%"' in bar(fraction, "<")
    assert bar(fraction, "<").endswith("&lt;</span>")


def test_a_table_has_headings_for_columns_and_rows():
    markup = table(("a", "b<"), [("row", 1), (Markup("<b>r</b>"), "2>")], "grid")

    assert re.findall(r'<th scope="col">(.*?)</th>', markup) == ["a", "b&lt;"]
    assert re.findall(r'<th scope="row">(.*?)</th>', markup) == ["row", "<b>r</b>"]
    assert re.findall(r"<td>(.*?)</td>", markup) == ["1", "2&gt;"]
    assert '<table class="grid">' in markup and "<thead" not in table((), [("row", 1)])


@pytest.mark.parametrize(
    ("title", "anchor"), [("Latent map", "latent-map"), ("KL, by level!", "kl-by-level")]
)
def test_an_anchor_holds_only_the_words_of_the_title(title, anchor):
    assert Section(title, Markup("")).anchor == anchor


def test_a_page_links_each_section_and_escapes_its_title():
    sections = [Section("One & two", Markup("<p>body</p>")), Section("Three", Markup("$text"))]

    text = page(UNSAFE, sections)

    parsed = Page(text)
    assert text.startswith(FIRST_LINES) and f"<title>{ESCAPED}</title>" in text
    assert [a["href"] for a in parsed.all("a")] == ["#one-two", "#three"]
    assert [a["id"] for a in parsed.all("section")] == ["one-two", "three"]
    assert "<h2>One &amp; two</h2><p>body</p>" in text and "$text" in text


# Pictures


def decoded(markup):
    """Kind and bytes of the embedded picture."""
    kind, data = re.search(r'src="data:(.+?);base64,(.+?)"', markup).groups()
    return kind, base64.b64decode(data)


def lines(axes=1):
    """A figure of lines, 3 inches wide."""
    drawn = Figure(figsize=(3, 2))
    for part in np.ravel(drawn.subplots(axes, 1)):
        part.plot([0, 1])
    return drawn


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, "image/svg+xml"),
        (dict(axes=pictures.MAX_AXES), "image/svg+xml"),
        (dict(axes=pictures.MAX_AXES + 1), "image/png"),
    ],
    ids=["one", "several", "many"],
)
def test_a_chart_is_svg_unless_it_has_many_axes(options, kind, monkeypatch):
    monkeypatch.setattr(pictures, "DPI", 30)
    markup = pictures.chart(lines(**options), "a < b", "caption")

    assert decoded(markup)[0] == kind
    assert 'alt="a &lt; b"' in markup and 'width="288"' in markup  # 3 inches of 96 pixels
    assert "<figcaption>caption</figcaption>" in markup and 'class="paper chart"' in markup


def test_a_chart_larger_than_the_limit_is_png(monkeypatch):
    size = len(decoded(pictures.chart(drawn := lines(), "alt", "caption"))[1])

    for limit, kind in ((2 * size, "image/svg+xml"), (size // 2, "image/png")):
        monkeypatch.setattr(pictures, "MAX_BYTES", limit)
        assert decoded(pictures.chart(drawn, "alt", "caption"))[0] == kind


def test_a_picture_is_png_and_keeps_its_colours():
    markup = pictures.picture(lines(), "alt", "caption")

    assert decoded(markup)[0] == "image/png" and 'class="paper"' in markup


def test_a_chart_has_the_same_bytes_each_time():
    drawn = lines()

    assert pictures._vector_or_png(drawn) == pictures._vector_or_png(drawn)


def test_values_are_scaled_to_bytes_with_one_channel_or_three():
    x = np.array([-5.0, 0.0, 0.5, 1.0, 9.0, np.nan])

    np.testing.assert_array_equal(
        pictures.to_uint8(x[:, None], 0, 1)[:, 0], [0, 0, 128, 255, 255, 0]
    )
    assert pictures.to_uint8(RNG.random((2, 3)), 0, 1).shape == (2, 3)
    assert pictures.to_uint8(RNG.random((2, 4)), 0, 1).shape == (2, 1)
    assert (pictures.to_uint8(np.full((2, 1), 3.0), 3, 3) == 0).all()  # an empty interval


# Thumbnails and cards


@pytest.mark.parametrize(
    ("x", "limits"), [([0.2, 0.7], (0, 1)), ([-0.5, 0.5], (-0.5, 0.5)), ([0, np.nan, 9], (0, 9))]
)
def test_images_are_black_at_the_lowest_and_white_at_the_highest_value(x, limits):
    assert thumbnails.value_range(np.array(x)) == limits


def test_bars_rise_and_fall_from_the_mean_of_their_column():
    reference = np.array([[0.0, 10.0], [2.0, 30.0]])  # means 1 and 20, stds 1 and 10

    (drawing,) = thumbnails.tables([[2.5, 5.0]], reference, "row")

    middle = thumbnails.HEIGHT / 2
    heights = [float(h) for h in re.findall(r'height="([\d.]+)" class="bar0"', drawing)]
    tops = [float(y) for y in re.findall(r'<rect x="[\d.]+" y="([\d.]+)"', drawing)]
    assert heights == pytest.approx([1.5 * middle / 3, 1.5 * middle / 3], abs=0.06)
    assert tops == pytest.approx([middle - heights[0], middle], abs=0.06)
    assert 'aria-label="row 0"' in drawing


def test_lines_span_the_range_of_the_reference():
    reference = np.array([[0.0, 10.0, 4.0]])

    (drawing,) = thumbnails.series(np.array([[0.0, 5.0, 10.0]]), reference, "s")

    (points,) = re.findall(r'points="(.+?)"', drawing)
    assert points == "2.0,40.0 66.0,22.0 130.0,4.0"


def test_texts_are_quoted_and_token_ids_lose_their_padding():
    assert thumbnails.texts(["a<b", np.array([3, 7, 0, 0])], None, "") == [
        "<q>a&lt;b</q>",
        "<q>3 7</q>",
    ]


def test_examples_without_the_modality_are_marked_and_do_not_set_the_scale():
    x = np.array([[0.0, 1.0], [500.0, 500.0], [1.0, 0.0]])
    part = modality("series", x, present=[True, False, True])

    drawn = thumbnails.present_thumbnails(part, x, "s")

    alone = modality("series", x[[0, 2]])
    expected = thumbnails.thumbnails(alone, x[[0, 2]], "s")
    assert drawn[1] == thumbnails.MISSING and drawn[0] == expected[0]


def test_the_card_of_a_row_lists_the_largest_errors_with_names_of_classes():
    x = np.array([[1.0, 0.0, 5.0], [3.0, 1.0, np.nan]])
    expected = np.array([[1.0, 1.0, 9.0], [3.5, 1.0, 5.0]])
    columns = {"size": None, "colour": ["red", "<blue>"], "rest": None}

    first, second = cards([modality("tables", x, expected, columns=columns)])

    assert re.findall(r'<th scope="row">(.+?)</th>', first) == ["rest", "colour", "size"]
    assert re.findall(r"<td>(.+?)</td>", first)[2:4] == ["red", "&lt;blue&gt;"]
    assert re.findall(r'<th scope="row">(.+?)</th>', second)[0] == "size"
    assert "missing" in second and "nan" not in second


def test_the_card_of_several_modalities_has_a_part_for_each():
    texts = modality("texts", ["one", "two"], ["uno", "dos"], name="title")
    rows = modality("tables", np.eye(2), name="row", present=[False, True])

    first, second = cards([texts, rows])

    assert re.findall(r"<b>(.+?)</b>", first) == ["title", "row"]
    assert str(thumbnails.MISSING) in first and thumbnails.MISSING not in second
    assert "<q>dos</q>" in second and "column 0" in second


# The latent map


def mapped(labels=None, count=4, **changes):
    codes = np.stack([np.arange(float(count)), np.zeros(count)], 1)
    return latent_map.latent_map(context(codes=codes, labels=labels, **changes)).body


def test_each_code_is_a_point_with_its_example():
    body = mapped(["a", "b", "a", "b"])

    page_ = Page(body)
    circles = page_.all("circle")
    across = [float(c["cx"]) for c in circles]
    assert across == sorted(across) and {c["cy"] for c in circles} == {"300.0"}
    assert circles[0]["fill"] == circles[2]["fill"] != circles[1]["fill"]
    points = json.loads(page_.scripts["points"])
    assert [p["card"] for p in points] == [f"card {i}" for i in range(4)]
    assert points[1]["title"] == "example 1, label b, ELBO -11.0 nats"
    assert "Horizontal axis: z0; vertical axis: z1." in body
    assert "first 4 held-out examples" in body and "top level" not in body


def test_a_map_without_labels_is_coloured_by_the_elbo():
    body = mapped(level_dims=(2, 3))

    assert (
        "ELBO (nats)" in body
        and "label" not in json.loads(Page(body).scripts["points"])[0]["title"]
    )
    assert "Means of q(z|x) of the top level" in body and "<text" not in body


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (np.arange(13.0), "ramp"),
        (np.arange(13.0) % 12, "swatch"),
        (np.arange(13), "swatch"),
        ([f"{i}" for i in range(13)], "swatch"),
    ],
    ids=["many numbers", "few numbers", "integers", "strings"],
)
def test_only_many_different_floats_are_coloured_as_numbers(labels, kind):
    body = mapped(labels, 13)

    assert f'class="{kind}"' in body


def test_colours_of_numbers_are_finite_for_nan_and_for_equal_numbers():
    colours, _ = latent_map._value_colours(np.array([np.nan, 2.0, np.inf]), "label")
    assert colours[0] == "rgb(68,1,84)" and colours[2] == "rgb(253,231,37)"
    equal, legend = latent_map._value_colours(np.full(3, 7.0), "label")
    assert len({*equal}) == 1 and legend.count("7.0") == 2


def test_names_of_classes_do_not_overlap_and_long_ones_are_left_out():
    positions = np.array([[0.0, 0], [10, 5], [10, 30], [200, 200]])

    texts = latent_map._class_texts(positions, ["a", "b", "c", "a name of many letters"])

    assert [re.search(">(.+?)<", text)[1] for text in texts] == ["a", "c"]
