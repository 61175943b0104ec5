"""The page about a model: what is on it, that it is whole and asks for nothing, what is refused."""

import contextlib
import html.parser
import json
import re
import subprocess
import sys
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import ROOT, data, small

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")

from zoo.inference.batching import first
from zoo.reporting import latent_map, pictures, tables, thumbnails
from zoo.reporting import write as writing
from zoo.reporting.context import ReportContext
from zoo.reporting.markup import Markup, Section, tag
from zoo.reporting.model_card import settings

EVIL = "<script>alert('x')</script>&"
VOID = {"meta", "img", "br"}
DRAWN = ("conv_vae", "lstm_vae")  # of which figures are drawn
FEW = dict(importance_samples=2, max_examples=12)
COMMON = ["Verdict", "Model card", "Training", "Diagnosis"]
ENDS = ["Latent map", "Hardest examples", "Numbers"]
OF_KIND = {
    "images": ["Reconstructions", "Samples", "Traversal", "Interpolation"],
    "tables": ["Columns", "Samples", "Traversal"],
    "series": ["Reconstructions", "Samples", "Traversal"],
    "texts": ["Reconstructions", "Samples", "Traversal", "Interpolation"],
    "modalities": ["Modalities", "Samples", "Traversal"],
}


class Page(html.parser.HTMLParser):
    """A page read strictly: what is opened is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.text, self.opened, self.tags, self.said = text, [], [], []
        self.scripts, self.words = {}, ""
        self.feed(text)
        self.close()
        assert not self.opened, self.opened

    def handle_starttag(self, name, attributes):
        self.tags.append((name, dict(attributes)))
        if name not in VOID:
            self.opened.append(name)

    def handle_startendtag(self, name, attributes):
        self.tags.append((name, dict(attributes)))

    def handle_endtag(self, name):
        assert self.opened.pop() == name

    def handle_data(self, data):
        if self.opened and self.opened[-1] == "script":
            self.scripts[self.tags[-1][1].get("id", "")] = data
        elif self.opened and self.opened[-1] != "style":
            self.words += data

    def all(self, name):
        return [attributes for found, attributes in self.tags if found == name]

    def json(self, name):
        return json.loads(self.scripts[name])


@contextlib.contextmanager
def eagerly():
    """What is run once is not worth a graph."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


@contextlib.contextmanager
def drawn(really):
    """Figures take longer to draw than all else: some pages show a dot for each."""
    with pytest.MonkeyPatch.context() as patch:
        if not really:
            dot = pictures.pixels(np.zeros((1, 1, 1), "uint8"), "dot")
            data = re.search('src="(.+?)"', dot)[1]
            patch.setattr(pictures, "_data", lambda figure: data)
            patch.setattr(pictures, "_png", lambda figure: data)
        yield


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Name of a variant -> its page, made with labels that look like markup."""
    folder, made = tmp_path_factory.mktemp("pages"), {}

    def page(name, **options):
        key = (name, *options.items())
        if key not in made:
            vae = small(name, **options)
            with eagerly(), drawn(name in DRAWN):
                path = zoo.report(
                    vae,
                    data(name, 14),
                    folder / f"{len(made)}.html",
                    labels=["a", EVIL] * 7,
                    title=EVIL,
                    history={"elbo": [-3.0, -2.0], "val_elbo": [-4.0, -3.0]},
                    **FEW,
                )
            made[key] = vae, Page(path.read_text("utf-8"))
        return made[key]

    return page


@pytest.mark.parametrize("name", zoo.available())
def test_each_variant_has_a_page_that_is_whole_and_asks_for_nothing(pages, name):
    _, page = pages(name)

    levels = ["Levels"] if name == "ladder_vae" else []
    own = OF_KIND[zoo.card(name).data]
    wanted = COMMON + own[: len(levels)] + levels + own[len(levels) :] + ENDS
    assert re.findall(r"<h2>(.+?)</h2>", page.text) == wanted
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len({*ids})
    assert [a["href"][1:] for a in page.all("a")] == [i for i in ids if i in _anchors(wanted)]
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
def test_nothing_that_a_user_gives_is_code(pages, name):
    _, page = pages(name)

    assert {*page.scripts} == {"", "points", "numbers-for-programs"}
    assert len(page.all("script")) == 3
    assert "alert(" in page.words and "alert(" not in page.scripts[""]
    assert all(EVIL not in point["card"] for point in page.json("points"))
    assert "<" not in page.scripts["points"]


@pytest.mark.parametrize("name", ["dense_vae", "multimodal_vae"])
def test_its_numbers_are_those_of_a_diagnosis(pages, name):
    vae, page = pages(name)
    x = data(name, 14)

    with eagerly():
        found = zoo.diagnose(vae, x, importance_samples=2, bounded=12)
        elbo = vae.elbo(zoo.core.nested.cut(x, slice(12)))

    assert page.json("numbers-for-programs") == found.to_dict()
    assert found.verdict in page.words and found.advice[0] in page.words
    for value in (found.elbo, found.nll, found.kl, found.log_likelihood):
        assert f"{value:z,.2f} nats" in page.words
    points = page.json("points")
    assert [p["title"].split("ELBO ")[1] for p in points] == [f"{e:,.1f} nats" for e in elbo]
    assert len(page.all("circle")) == len(points) == 12


def test_a_flow_that_leaves_no_closed_form_has_a_page_too(pages):
    _, page = pages("dense_vae", flow="iaf")

    assert "InverseAutoregressiveFlow(steps=4" in page.words
    assert "mutual information" not in page.words
    assert re.search(r"z\d</th><td>\d\.\d spread", page.text)


def test_modalities_that_are_missing_are_said_to_be(pages):
    _, page = pages("multimodal_vae")
    present = data("multimodal_vae", 14)["present"]
    missing = sum(12 - present[name][:12].sum() for name in present)

    cards = [point["card"] for point in page.json("points")]
    assert sum(card.count("missing") for card in cards) == missing > 0
    # Beside what is there, or missing, stands what the model makes of it.
    assert [card.count("<img") for card in cards] == [1 + there for there in present["image"][:12]]


def test_the_same_seed_gives_the_same_page_of_an_array_and_of_a_dataset(
    pages, tmp_path, capsys, monkeypatch
):
    vae, _ = pages("dense_vae")
    x = data("dense_vae", 14)
    dataset = tf.data.Dataset.from_tensor_slices((x, np.zeros(14))).batch(14)

    monkeypatch.setattr(pictures, "SHARPNESS", 40)
    array = zoo.report(vae, x, tmp_path / "a.html", seed=3, **FEW)
    assert capsys.readouterr().out == ""
    stream = zoo.report(vae, dataset, tmp_path / "b.html", seed=3, verbose=1, **FEW)
    assert "10/10" in capsys.readouterr().out
    text = array.read_text("utf-8")
    assert stream.read_text("utf-8") == text
    assert "history= was not given" in text and "dense_vae: a report" in text
    other = zoo.report(vae, x, tmp_path / "b.html", seed=4, columns=list("abcdef"), **FEW)

    assert array == tmp_path / "a.html"
    changed = other.read_text("utf-8")
    assert re.sub(r"this page \d", "", text) != re.sub(r"this page \d", "", changed)
    assert ">a</th>" in changed and ">column 0</th>" in text
    assert stream == other  # replaced
    assert {*tmp_path.iterdir()} == {array, other}


def test_what_cannot_be_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "diagnose", lambda *a, **k: pytest.fail("computed"))
    vae, x, path = small("dense_vae"), data("dense_vae"), tmp_path / "page.html"
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    for wrong, options, message in (
        (tmp_path, {}, "path must be a file's, got the folder"),
        (tmp_path / "no" / "page.html", {}, "path must be in a folder that is there"),
        (notes, {}, "path must not be that of another file"),
        (path, {"labels": [1, 2]}, r"labels must be 20 in a vector, got shape \(2,\)"),
        (path, {"columns": ["a"]}, "columns must name the 6 columns of x, got 1"),
        (path, {"history": {"loss": [1.0]}}, "history must hold one of elbo, .*, got loss"),
        (path, {"max_examples": 0}, "max_examples must be a positive integer, got 0"),
        (path, {"seed": -1}, "seed must be an integer"),
    ):
        with pytest.raises(ValueError, match=message):
            zoo.report(vae, x, wrong, **options)
    for options, message in (
        ({"history": [1]}, "history must be"),
        ({"columns": 3}, "columns must"),
    ):
        with pytest.raises(TypeError, match=message):
            zoo.report(vae, x, path, **options)
    with pytest.raises(TypeError, match="data must be an array or a dataset, got NoneType"):
        zoo.report(vae, None, path)
    with pytest.raises(TypeError, match=r"vae must be a zoo\.VAE, got Sequential"):
        zoo.report(keras.Sequential(), x, path)
    with pytest.raises(ValueError, match=r"data has examples of shape \(5,\), expected \(6,\)"):
        zoo.report(vae, x[:, :5], path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"] and notes.read_text() == "mine"


def test_a_report_that_fails_leaves_the_earlier_one(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text(writing.FIRST_LINES + "earlier", "utf-8")
    monkeypatch.setattr(writing, "diagnose", lambda *a, **k: None)
    monkeypatch.setattr(writing, "sections", lambda *a: [])
    monkeypatch.setattr(writing.os, "replace", lambda *a: (_ for _ in ()).throw(OSError("full")))

    with pytest.raises(OSError, match="full"):
        zoo.report(small("dense_vae"), data("dense_vae"), path)

    assert path.read_text("utf-8").endswith("earlier")


def test_of_a_dataset_without_end_only_the_first_are_read():
    numbers = tf.data.Dataset.range(10**9).map(lambda i: tf.cast([i], tf.float32)).batch(4)
    assert first(numbers, 6).ravel().tolist() == [0, 1, 2, 3, 4, 5]

    texts = tf.data.Dataset.from_tensors(tf.constant(["a b", "c"])).repeat()
    assert first(texts, 3).tolist() == [b"a b", b"c", b"a b"]

    lengths = tf.data.Dataset.from_tensor_slices([2, 5]).map(lambda n: tf.ones([3, n]))
    assert [len(row) for row in first(lengths, 4)] == [2, 2, 2, 5]

    named = tf.data.Dataset.from_tensors({"a": tf.ones([2, 3])}).repeat()
    assert first(named, 5)["a"].shape == (5, 3)
    with pytest.raises(ValueError, match="data must hold at least one batch"):
        first(numbers.take(0), 3)


def test_what_z_is_worth_to_a_column_is_what_its_surprise_rises_by():
    vae, x = small("dense_vae"), data("dense_vae")
    context = ReportContext(vae, x, None, {}, None, None, 0)

    usual, extra, worth = tables.surprise(context)

    z = np.asarray(vae.encode(x).loc)
    own, others = (np.asarray(vae.decode(codes).mean()) for codes in (z, np.roll(z, 1, 0)))
    nats = [-(x * np.log(p) + (1 - x) * np.log1p(-p)) for p in (own, others)]
    np.testing.assert_allclose(usual, np.median(nats[0], 0), rtol=1e-4)
    np.testing.assert_allclose(extra, nats[0].mean(0) - usual, atol=1e-5)
    np.testing.assert_allclose(worth, (nats[1] - nats[0]).mean(0), atol=1e-5)


def test_small_images_are_those_of_the_example():
    x = np.array([[[[0.0], [1.0]]], [[[0.5], [0.2]]]])
    (one, _) = thumbnails.images(x, x, "example")
    data = re.search(r"data:image/png;base64,([^\"]+)", one)[1]
    decoded = tf.io.decode_png(tf.io.decode_base64(data.replace("+", "-").replace("/", "_")))
    np.testing.assert_array_equal(decoded, [[[0], [255]]])
    assert 'alt="example 0"' in one

    large = thumbnails.images(np.ones((1, 96, 48, 3)), x, "example")[0]
    assert 'width="32"' in large and 'height="64"' in large
    np.testing.assert_array_equal(
        pictures.as_bytes(np.array([-1.0, 0, 1])[:, None], -1, 1)[:, 0], [0, 128, 255]
    )


def test_a_line_breaks_where_nothing_was_measured():
    x = np.array([[[0.0, 1.0], [np.nan, 0.5], [1.0, np.nan], [0.5, np.nan]]])

    (one,) = thumbnails.series(x, x, "series")

    assert len(re.findall(r'class="line0"', one)) == 2
    assert len(re.findall(r'class="line1"', one)) == 1
    assert "nan" not in one


def test_rows_are_standardised_by_what_is_there():
    like = np.array([[1.0, 5.0], [3.0, np.nan], [np.nan, 5.0]])
    found = thumbnails.standardised([[4.0, 6.0]], like)
    np.testing.assert_allclose(found, [[2.0, 1.0]])


def test_far_codes_stand_at_the_edge_of_the_map():
    points = np.random.default_rng(0).normal(size=(400, 2))
    points[7] = 1e6

    at, outside = latent_map._placed(points)

    size = latent_map.SIZE
    assert outside >= 1 and (at >= 0).all() and (at <= size).all()
    np.testing.assert_allclose(at[7], [size - latent_map.MARGIN, latent_map.MARGIN])  # right, up
    assert np.ptp(at, 0).min() > 0.7 * size


def test_of_codes_that_are_no_numbers_there_is_no_map():
    section = latent_map.latent_map(types.SimpleNamespace(codes=np.array([[0.0], [np.nan]])))

    assert "not finite" in section.body and "svg" not in section.body


def test_colours_of_labels_are_told_apart_or_shared_by_the_rarest():
    colours, legend = latent_map._classes(np.array(["b", "a", "b"]))
    assert colours[0] == colours[2] != colours[1]
    assert re.findall(r"</span>(\w+)</li>", legend) == ["a", "b"]

    many = np.repeat(np.arange(13), np.arange(1, 14))
    colours, legend = latent_map._classes(many)
    assert len({*colours}) == len(zoo.plots.PALETTE) and "others" in legend
    assert {colours[i] for i in np.flatnonzero(many < 4)} == {zoo.plots.PALETTE[-1]}

    ramp, legend = latent_map._ramp(np.linspace(0.0, 1.0, 101), "label")
    assert ramp[0] == "rgb(68,1,84)" and ramp[-1] == "rgb(253,231,37)"
    assert "0.0" in legend and "1.0" in legend


def test_markup_is_escaped_once_and_attributes_are_optional():
    inner = tag("b", EVIL, class_=None, hidden=False)
    assert inner == "<b>&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;</b>"
    assert tag("p", inner, title='"', aria_hidden="true") == (
        f'<p title="&quot;" aria-hidden="true">{inner}</p>'
    )


def test_settings_of_parts_within_parts_and_of_long_lists():
    inner = {"class_name": "KL", "config": {"name": "kl", "weight": 0.5, "groups": None}}
    outer = {"class_name": "ELBO", "config": {"terms": [inner], "means": list(range(9))}}
    assert settings(outer) == (
        "ELBO(terms=[KL(weight=0.5)], means=[0, 1, 2, 3, 4, 5, … (9 in all)])"
    )


def test_the_page_around_the_sections_is_installed(tmp_path):
    command = [
        sys.executable,
        "-W",
        "ignore",
        "setup.py",
        "-q",
        "build_py",
        "--build-lib",
        tmp_path,
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    for name in ("page.html", "page.css", "map.js"):
        assert (tmp_path / "zoo" / "reporting" / name).stat().st_size > 200


@pytest.fixture
def run(recipe, tmp_path):
    """run(*flags) is a run of a recipe, and what it asked of `zoo.report`."""

    def run(*flags):
        flags = ["--out", str(tmp_path / "run"), *flags]
        options = recipe("tables").parser().parse_args(flags)
        found = recipe("support.run.run").Run("tables", options)
        found.record["data"] = {"name": "a table"}
        return found

    return run


def test_a_recipe_writes_whole_batches_into_its_folder(run, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(zoo, "report", lambda *a, **options: asked.append((a, options)))
    monkeypatch.setattr(type(run()), "write", lambda self: None)
    for rows, expected in ((2, 2), (255, 255), (256, 256), (300, 256), (5000, 2048)):
        made = run("--seed", "3")
        made.report("model", np.zeros((rows, 2)), np.zeros(rows), ["a", "b"])
        (vae, x, path), options = asked.pop()
        assert (vae, len(x), len(options["labels"])) == ("model", expected, expected)
        assert path == made.folder / "report.html" and options["seed"] == 3
        assert options["history"] is None  # of no epoch
        assert options["title"] == "a table: dense_vae" and options["columns"] == ["a", "b"]
    made.finish(type("Outcome", (), {"status": 0, "error": None}))
    assert f"{path}  start here" in capsys.readouterr().out


@pytest.mark.parametrize(("rows", "flags", "notes"), [(1, [], 1), (9, ["--no-report"], 0)])
def test_a_recipe_without_a_report(run, monkeypatch, capsys, rows, flags, notes):
    monkeypatch.setattr(zoo, "report", lambda *a, **options: pytest.fail("written"))
    monkeypatch.setattr(type(run()), "write", lambda self: None)
    made = run(*flags)

    made.report("model", np.zeros((rows, 2)))
    made.finish(type("Outcome", (), {"status": 0, "error": None}))

    assert len(made.record.get("notes", ())) == notes
    assert "report.html" not in capsys.readouterr().out
