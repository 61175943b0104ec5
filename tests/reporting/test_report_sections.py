"""Parts of a page: surprise by column, thumbnails, the latent map, markup, settings."""

import re
import types

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, small

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")

from tests.reporting.pages import MARKUP_TEXT
from zoo.reporting import latent_map, pictures, tables, thumbnails
from zoo.reporting.context import ReportContext
from zoo.reporting.markup import tag
from zoo.reporting.model_card import settings


def test_the_gain_from_z_is_the_rise_of_surprise_with_another_rows_z():
    vae, x = small("dense_vae"), data("dense_vae")
    context = ReportContext(vae, x, None, {}, None, None, 0)

    median, excess, gain = tables.surprise(context)

    z = np.asarray(vae.encode(x).loc)
    own, other = (np.asarray(vae.decode(codes).mean()) for codes in (z, np.roll(z, 1, 0)))
    nats = [-(x * np.log(p) + (1 - x) * np.log1p(-p)) for p in (own, other)]
    np.testing.assert_allclose(median, np.median(nats[0], 0), rtol=1e-4)
    np.testing.assert_allclose(excess, nats[0].mean(0) - median, atol=1e-5)
    np.testing.assert_allclose(gain, (nats[1] - nats[0]).mean(0), atol=1e-5)


def test_thumbnails_of_images_hold_their_pixels():
    x = np.array([[[[0.0], [1.0]]], [[[0.5], [0.2]]]])
    (thumbnail, _) = thumbnails.images(x, x, "example")
    data = re.search(r"data:image/png;base64,([^\"]+)", thumbnail)[1]
    decoded = tf.io.decode_png(tf.io.decode_base64(data.replace("+", "-").replace("/", "_")))
    np.testing.assert_array_equal(decoded, [[[0], [255]]])
    assert 'alt="example 0"' in thumbnail

    large = thumbnails.images(np.ones((1, 96, 48, 3)), x, "example")[0]
    assert 'width="32"' in large and 'height="64"' in large
    np.testing.assert_array_equal(
        pictures.to_uint8(np.array([-1.0, 0, 1])[:, None], -1, 1)[:, 0], [0, 128, 255]
    )


def test_lines_break_at_missing_values():
    x = np.array([[[0.0, 1.0], [np.nan, 0.5], [1.0, np.nan], [0.5, np.nan]]])

    (thumbnail,) = thumbnails.series(x, x, "series")

    assert len(re.findall(r'class="line0"', thumbnail)) == 2
    assert len(re.findall(r'class="line1"', thumbnail)) == 1
    assert "nan" not in thumbnail


def test_rows_are_standardised_by_observed_values():
    reference = np.array([[1.0, 5.0], [3.0, np.nan], [np.nan, 5.0]])
    standardised = thumbnails.standardise([[4.0, 6.0]], reference)
    np.testing.assert_allclose(standardised, [[2.0, 1.0]])


def test_outlying_codes_are_drawn_at_the_edge_of_the_map():
    points = np.random.default_rng(0).normal(size=(400, 2))
    points[7] = 1e6

    positions, outside = latent_map._pixel_positions(points)

    size, margin = latent_map.SIZE, latent_map.MARGIN
    assert outside >= 1 and (positions >= 0).all() and (positions <= size).all()
    np.testing.assert_allclose(positions[7], [size - margin, margin])  # top right
    assert np.ptp(positions, 0).min() > 0.7 * size


def test_codes_that_are_not_finite_give_no_map():
    section = latent_map.latent_map(types.SimpleNamespace(codes=np.array([[0.0], [np.nan]])))

    assert "not finite" in section.body and "svg" not in section.body


def test_classes_have_colours_of_their_own_or_share_one_if_rare():
    colours, legend = latent_map._class_colours(np.array(["b", "a", "b"]))
    assert colours[0] == colours[2] != colours[1]
    assert re.findall(r"</span>(\w+)</li>", legend) == ["a", "b"]

    many = np.repeat(np.arange(13), np.arange(1, 14))
    colours, legend = latent_map._class_colours(many)
    assert len({*colours}) == len(zoo.plots.PALETTE) and "others" in legend
    assert {colours[i] for i in np.flatnonzero(many < 4)} == {zoo.plots.PALETTE[-1]}


def test_numeric_labels_have_colours_of_a_ramp():
    colours, legend = latent_map._value_colours(np.linspace(0.0, 1.0, 101), "label")
    assert colours[0] == "rgb(68,1,84)" and colours[-1] == "rgb(253,231,37)"
    assert "0.0" in legend and "1.0" in legend


def test_markup_is_escaped_once_and_empty_attributes_are_left_out():
    inner = tag("b", MARKUP_TEXT, class_=None, hidden=False)
    assert inner == "<b>&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;</b>"
    assert tag("p", inner, title='"', aria_hidden="true") == (
        f'<p title="&quot;" aria-hidden="true">{inner}</p>'
    )


def test_settings_show_nested_objects_and_shorten_long_lists():
    inner = {"class_name": "KL", "config": {"name": "kl", "weight": 0.5, "groups": None}}
    outer = {"class_name": "ELBO", "config": {"terms": [inner], "means": list(range(9))}}
    assert settings(outer) == (
        "ELBO(terms=[KL(weight=0.5)], means=[0, 1, 2, 3, 4, 5, … (9 in all)])"
    )
