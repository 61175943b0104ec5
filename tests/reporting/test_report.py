"""The page about a model: its sections, its numbers, and that it loads nothing."""

import re

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, small

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")

from tests.reporting.pages import MARKUP_TEXT, SMALL_REPORT, Page, eagerly, figures
from zoo.reporting import pictures
from zoo.reporting.markup import Markup, Section

WITH_FIGURES = ("conv_vae", "lstm_vae")
FIRST_SECTIONS = ["Verdict", "Model card", "Training", "Diagnosis"]
LAST_SECTIONS = ["Latent map", "Hardest examples", "Numbers"]
SECTIONS_OF_KIND = {
    "images": ["Reconstructions", "Samples", "Traversal", "Interpolation"],
    "tables": ["Columns", "Samples", "Traversal"],
    "series": ["Reconstructions", "Samples", "Traversal"],
    "texts": ["Reconstructions", "Samples", "Traversal", "Interpolation"],
    "modalities": ["Modalities", "Samples", "Traversal"],
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """pages(name, **options) is a variant and its page, with labels that look like markup."""
    folder, cache = tmp_path_factory.mktemp("pages"), {}

    def page(name, **options):
        key = (name, *options.items())
        if key not in cache:
            vae = small(name, **options)
            with eagerly(), figures(drawn=name in WITH_FIGURES):
                path = zoo.report(
                    vae,
                    data(name, 14),
                    folder / f"{len(cache)}.html",
                    labels=["a", MARKUP_TEXT] * 7,
                    title=MARKUP_TEXT,
                    history={"elbo": [-3.0, -2.0], "val_elbo": [-4.0, -3.0]},
                    **SMALL_REPORT,
                )
            cache[key] = vae, Page(path.read_text("utf-8"))
        return cache[key]

    return page


@pytest.mark.parametrize("name", zoo.available())
def test_each_variant_has_a_complete_page_without_external_resources(pages, name):
    _, page = pages(name)

    levels = ["Levels"] if name == "ladder_vae" else []
    own = SECTIONS_OF_KIND[zoo.card(name).data]
    titles = FIRST_SECTIONS + own[: len(levels)] + levels + own[len(levels) :] + LAST_SECTIONS
    assert re.findall(r"<h2>(.+?)</h2>", page.text) == titles
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len({*ids})
    assert [a["href"][1:] for a in page.all("a")] == [i for i in ids if i in _anchors(titles)]
    assert len(page.all("img")) >= 2
    assert all(a["src"].startswith("data:image/") and a["alt"] for a in page.all("img"))
    assert not {"link", "iframe", "object", "video", "audio", "base"} & {n for n, _ in page.tags}
    plain = re.sub(r"data:image/[\w+]+;base64,[\w+/=]+", "", page.text)
    assert "http:" not in plain and "https:" not in plain and "@import" not in plain
    assert "url(" not in plain and "default-src 'none'" in plain
    assert str(zoo.card(name).summary) in page.words


def _anchors(titles):
    return {Section(title, Markup("")).anchor for title in titles}


@pytest.mark.parametrize("name", zoo.available())
def test_texts_of_the_user_are_never_code(pages, name):
    _, page = pages(name)

    assert {*page.scripts} == {"", "points", "numbers-for-programs"}
    assert len(page.all("script")) == 3
    assert "alert(" in page.words and "alert(" not in page.scripts[""]
    assert all(MARKUP_TEXT not in point["card"] for point in page.json("points"))
    assert "<" not in page.scripts["points"]


@pytest.mark.parametrize("name", ["dense_vae", "multimodal_vae"])
def test_numbers_of_a_page_equal_those_of_a_diagnosis(pages, name):
    vae, page = pages(name)
    x = data(name, 14)

    with eagerly():
        result = zoo.diagnose(vae, x, importance_samples=2, bounded=12)
        elbo = vae.elbo(zoo.core.nested.take_rows(x, slice(12)))

    assert page.json("numbers-for-programs") == result.to_dict()
    assert result.verdict in page.words and result.advice[0] in page.words
    for value in (result.elbo, result.nll, result.kl, result.log_likelihood):
        assert f"{value:z,.2f} nats" in page.words
    points = page.json("points")
    assert [p["title"].split("ELBO ")[1] for p in points] == [f"{e:,.1f} nats" for e in elbo]
    assert len(page.all("circle")) == len(points) == 12


def test_the_model_card_lists_every_level_of_a_ladder(pages):
    vae, page = pages("ladder_vae")

    assert page.text.count("lower levels</th>") == 1
    name = type(vae.latents.lower_levels[0]).__name__
    assert page.words.count(f"{name}(") == len(vae.latents.lower_levels)
    dims = ", ".join(map(str, vae.latents.level_dims))
    assert f"by level from the top down: {dims}" in page.words


def test_a_flow_posterior_without_a_closed_form_kl_has_a_page(pages):
    _, page = pages("dense_vae", flow="iaf")

    assert "InverseAutoregressiveFlow(steps=4" in page.words
    assert "mutual information" not in page.words
    assert re.search(r"z\d</th><td>\d\.\d std", page.text)


def test_missing_modalities_are_marked_and_generated(pages):
    _, page = pages("multimodal_vae")
    present = data("multimodal_vae", 14)["present"]
    missing = sum(12 - present[name][:12].sum() for name in present)

    cards = [point["card"] for point in page.json("points")]
    assert sum(card.count("missing") for card in cards) == missing > 0
    # Each card has the model's image, beside the example's own or the word "missing".
    assert [card.count("<img") for card in cards] == [1 + has for has in present["image"][:12]]


def test_an_array_and_a_dataset_give_the_same_page_for_the_same_seed(
    pages, tmp_path, capsys, monkeypatch
):
    vae, _ = pages("dense_vae")
    x = data("dense_vae", 14)
    dataset = tf.data.Dataset.from_tensor_slices((x, np.zeros(14))).batch(14)

    monkeypatch.setattr(pictures, "DPI", 40)
    array = zoo.report(vae, x, tmp_path / "a.html", seed=3, **SMALL_REPORT)
    assert capsys.readouterr().out == ""
    stream = zoo.report(vae, dataset, tmp_path / "b.html", seed=3, verbose=1, **SMALL_REPORT)
    assert "10/10" in capsys.readouterr().out
    text = array.read_text("utf-8")
    assert stream.read_text("utf-8") == text
    assert "No training history" in text and "dense_vae: model report" in text
    columns = list("abcdef")
    other = zoo.report(vae, x, tmp_path / "b.html", seed=4, columns=columns, **SMALL_REPORT)

    assert array == tmp_path / "a.html"
    changed = other.read_text("utf-8")
    assert re.sub(r"report \d", "", text) != re.sub(r"report \d", "", changed)
    assert ">a</th>" in changed and ">column 0</th>" in text
    assert stream == other  # replaced
    assert {*tmp_path.iterdir()} == {array, other}
