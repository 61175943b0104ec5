"""The recipes, as a user runs them: whole runs in processes of their own, bad input in this one."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import zoo  # noqa: F401  (so that Keras knows its classes)

for package in ("matplotlib", "sklearn", "pandas", "PIL", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

EAGER = True

ROOT = pathlib.Path(__file__).parents[2]
RECIPES = ROOT / "recipes"
SMALL = ["--samples", "2", "--evaluate", "16", "--epochs", "2", "--limit", "64", "--no-report"]
TINY_IMAGES = [*SMALL, "--option", "widths=(4,8)", "--option", "blocks=1", "--latent-dim", "2"]
TINY_TABLES = [*SMALL, "--option", "hidden=(8,)", "--latent-dim", "2"]
IMAGE_FIGURES = {"curves", "interpolation", "latent", "manifold", "reconstructions", "samples"}
IMAGE_FIGURES |= {"traversal", "uncertainty"}
TINY_SERIES = [*SMALL, "--option", "units=(5,)", "--latent-dim", "2", "--window", "24"]
SERIES_FIGURES = {"curves", "latent", "samples", "series"}
TABLE_FIGURES = {"columns", "curves", "latent", "samples", "scores"}


def start(recipe, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    environment["PYTHONFAULTHANDLER"] = "1"  # a crash says where
    command = [sys.executable, str(RECIPES / recipe), *map(str, arguments)]
    return subprocess.Popen(
        command,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A shell's background jobs ignore Ctrl-C and pass that on to their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process, status=0):
    output, _ = process.communicate(timeout=600)
    assert process.returncode == status, output[-5000:]
    return output


@pytest.fixture
def here(recipe, capsys):
    """here("tables", "--data", ...) -> what the recipe prints, run in this process."""

    def run(name, *arguments):
        module = recipe(name)
        status = recipe("support.run.cli").main(
            module.parser(), module.run, [str(a) for a in arguments]
        )
        assert status == 0
        return capsys.readouterr().out

    return run


def metrics(out):
    return json.loads((out / "metrics.json").read_text())


def epochs(out):
    with (out / "history.csv").open() as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def check_run(out, figures, x=None):
    """A whole run folder, and that what it holds can be loaded; x is for the model to encode."""
    import keras
    import tensorflow as tf

    assert {path.stem for path in (out / "figures").glob("*.png")} == figures
    assert list((out / "tensorboard").rglob("events.out.*"))
    found = metrics(out)
    assert found["finished"] and not found["interrupted"] and found["versions"]["zoo"]
    held_out = found["held_out"]
    assert held_out["elbo"] == pytest.approx(-held_out["nll"] - held_out["kl"], abs=1e-2)
    vae = keras.models.load_model(out / "model.keras")
    served = tf.saved_model.load(str(out / "saved_model"))
    x = np.zeros((2, *vae.decoder.event_shape), "float32") if x is None else x
    loc = served.signatures["encode"](tf.constant(x))["loc"]
    np.testing.assert_allclose(loc, vae.encode(x).loc, atol=1e-5)
    return found


def test_images_and_resuming_them(tmp_path):
    out = tmp_path / "run"
    output = finish(start("images.py", *TINY_IMAGES, "--out", out, "--warmup-epochs", 1))
    assert "held-out log p(x)" in output and str(out / "figures") in output
    found = check_run(out, IMAGE_FIGURES)
    assert (out / "figures" / "traversal.gif").read_bytes().startswith(b"GIF89a")
    assert found["notes"] == ["held-out images were binarised once, with seed 0"]
    assert epochs(out) == [0, 1]
    more = [*TINY_IMAGES, "--out", out, "--warmup-epochs", 1, "--resume", "--epochs", 3]
    more.remove("--no-report")
    output = finish(start("images.py", *more))
    assert f"{out}/report.html  start here" in output
    assert "conv_vae" in (out / "report.html").read_text()
    assert epochs(out) == [0, 1, 2] and metrics(out)["epochs"] == 3


def test_two_devices_give_a_model_that_loads_on_one(tmp_path):
    out = tmp_path / "run"
    finish(start("images.py", *TINY_IMAGES, "--out", out, "--distribute"))
    assert check_run(out, IMAGE_FIGURES)["model"]["replicas"] == 2


def test_ctrl_c_leaves_a_model_that_works(tmp_path):
    out = tmp_path / "run"
    process = start("images.py", *TINY_IMAGES, "--out", out, "--epochs", 100000)
    history, deadline = out / "history.csv", time.monotonic() + 300
    while not (history.exists() and len(history.read_text().splitlines()) > 2):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    output = finish(process, 130)
    assert "Stopped" in output
    found = metrics(out)
    assert found["interrupted"] and not found["finished"] and found["epochs"] >= 2
    (out / "metrics.json").write_text(json.dumps({**found, "interrupted": False, "finished": True}))
    check_run(out, IMAGE_FIGURES)


def customers(path, rows=120):
    """A table with what real ones have: gaps, words, truth values, an identifier."""
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": np.arange(rows),
            "age": rng.normal(40, 10, rows),
            "city": rng.choice(["Bonn", "Köln", "Trier"], rows).astype(object),
            "member": rng.random(rows) < 0.5,
            "churned": np.where(rng.random(rows) < 0.2, "yes", "no"),
        }
    )
    frame.loc[::5, "age"] = np.nan
    frame.loc[::7, "city"] = None
    frame.loc[0, ["city", "churned"]] = "Ulm", "yes"  # a city that no training row has
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
    return path


def test_tables_with_gaps_and_categories(tmp_path, here):
    data, out = customers(tmp_path / "customers.csv"), tmp_path / "run"
    flags = ["--data", data, "--drop", "id", "--label", "churned", "--anomaly", "yes"]
    output = here("tables", *TINY_TABLES, *flags, "--out", out)
    assert "AUROC" in output
    anomalies = check_run(out, TABLE_FIGURES)["anomalies"]
    assert 0 <= anomalies["VAE, -ELBO"]["auroc"] <= 1 and "isolation forest" in anomalies
    columns = json.loads((out / "columns.json").read_text())
    assert [c["name"] for c in columns] == ["age", "city", "member"]
    assert columns[1]["levels"] == ["Bonn", "Köln", "Trier", "(other)"]
    scores = np.loadtxt(out / "scores.csv", delimiter=",", skiprows=1)
    assert scores.shape == (anomalies["rows"], 2) and np.isfinite(scores).all()


def loaded(recipe, name, *arguments):
    options = recipe(name).parser().parse_args([str(a) for a in arguments])
    return recipe({"images": "support.data.images", "tables": "support.data.tables"}[name]).load(
        options
    )


def write_image(path, shape, value=200):
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(shape, value, "uint8")).save(path)


def test_a_folder_of_images_of_several_sizes(tmp_path, recipe, capsys):
    for i in range(6):
        write_image(tmp_path / "cats" / f"{i}.png", (20 + i, 30), value=10 * i)
        write_image(tmp_path / "dogs" / f"{i}.jpg", (16, 16, 3))
    data = loaded(recipe, "images", "--data", tmp_path, "--size", "12x10")
    assert data.train.shape == (10, 12, 10, 1) and data.held_out.shape == (2, 12, 10, 1)
    assert data.train.dtype == np.float32 and data.train.max() <= 1
    assert set(data.labels) <= {"cats", "dogs"}
    assert "resized to 12x10" in capsys.readouterr().out
    assert loaded(recipe, "images", "--data", tmp_path).train.shape[1:] == (16, 16, 1)


@pytest.mark.parametrize("shape", [(10, 9, 8), (10, 9, 8, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_an_npy_file(tmp_path, recipe, shape, dtype):
    x = np.random.default_rng(0).random(shape)
    np.save(tmp_path / "x.npy", (x * 255 if dtype == "uint8" else x).astype(dtype))
    data = loaded(recipe, "images", "--data", tmp_path / "x.npy")
    assert data.train.shape == (8, 9, 8, shape[3] if len(shape) == 4 else 1)
    assert 0.5 < data.train.max() <= 1 and data.labels is None


def test_a_parquet_file_is_the_same_table(tmp_path, recipe):
    files = [customers(tmp_path / f"customers.{kind}") for kind in ("csv", "parquet")]
    flags = ["--drop", "id", "--label", "churned", "--anomaly", "yes"]
    a, b = (loaded(recipe, "tables", "--data", file, *flags) for file in files)
    assert a.levels == b.levels and a.categories == [0, 4, 3]
    np.testing.assert_allclose(a.train, b.train, rtol=1e-6)
    assert np.isnan(a.train).any() and not a.anomaly.all() and len(a.normal) < len(a.held_out)


def test_breast_cancer_trains_on_benign_rows_only(recipe):
    table = loaded(recipe, "tables")
    assert table.train.shape == (250, 30) and table.anomaly.sum() == 212
    assert table.words == ("benign", "malignant")


def refusal(recipe, capsys, name, *arguments):
    """The one line with which a recipe refuses its arguments."""
    module = recipe(name)
    with pytest.raises(SystemExit) as stopped:
        recipe("support.run.cli").main(module.parser(), module.run, [str(a) for a in arguments])
    assert stopped.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_images_that_cannot_be_used(tmp_path, recipe, capsys):
    (tmp_path / "empty").mkdir()
    broken = tmp_path / "broken"
    write_image(broken / "a.png", (9, 9))
    (broken / "b.png").write_text("no image")
    np.save(tmp_path / "nan.npy", np.full((5, 8, 8), np.nan))
    np.save(tmp_path / "big.npy", np.full((5, 8, 8), 300.0))
    np.save(tmp_path / "flat.npy", np.zeros((5, 8)))
    for data, words in (
        ("missing", "does not exist"),
        ("empty", "no images"),
        ("broken", "b.png"),
        ("nan.npy", "NaN"),
        ("big.npy", "[0, 1]"),
        ("flat.npy", "(5, 8)"),
    ):
        flags = ["--data", tmp_path / data, "--out", tmp_path / "run"]
        line = refusal(recipe, capsys, "images", *flags)
        assert line.startswith("images.py: error: --data: ") and words in line


def test_tables_that_cannot_be_used(tmp_path, recipe, capsys):
    import pandas as pd

    rows = 20
    good = {"a": np.arange(rows) / 7, "b": np.arange(rows) % 3, "label": np.arange(rows) % 2}
    for column, flags, words in (
        ({"same": 1}, (), "--data: columns that are constant: leave them out by --drop same"),
        ({"void": np.nan}, (), "--data: columns that are empty: leave them out by --drop void"),
        ({"a": np.inf}, (), "--data: columns that are constant"),
        ({}, ("--label", "target"), "--label: there is no column 'target'"),
        ({}, ("--label", "label", "--anomaly", "7"), "--anomaly: 0 of 20 rows"),
        ({}, ("--drop", "z"), "--drop: there is no column 'z'"),
        ({}, ("--anomaly", "1"), "--anomaly: needs --label"),
        ({"words": [f"w{i}" for i in range(rows)] * 1}, ("--categorical", "q"), "--categorical"),
    ):
        path = tmp_path / "table.csv"
        pd.DataFrame({**good, **column}).to_csv(path, index=False)
        flags = ["--data", path, "--out", tmp_path / "run", *flags]
        assert words in refusal(recipe, capsys, "tables", *flags)


def test_names_are_checked_and_the_nearest_suggested(tmp_path, recipe, capsys):
    pytest.importorskip("tensorflow_datasets")
    out = ["--out", tmp_path / "run"]
    assert "did you mean 'mnist'" in refusal(recipe, capsys, "images", "--dataset", "mnits", *out)
    assert "'conv_vae'" in refusal(recipe, capsys, "images", "--variant", "conv_vea", *out)
    option = ["--option", "width=3"]
    assert "'widths'" in refusal(recipe, capsys, "images", *option, *out)
    assert "KEY=VALUE" in refusal(recipe, capsys, "images", "--option", "width", *out)


def test_a_folder_of_something_else_is_left_alone(tmp_path, recipe, capsys):
    (tmp_path / "thesis.txt").write_text("all my work")
    line = refusal(recipe, capsys, "images", "--out", tmp_path)
    assert "--out" in line and (tmp_path / "thesis.txt").exists()
    line = refusal(recipe, capsys, "images", "--out", tmp_path / "new", "--resume")
    assert "--resume: there is no run" in line


def test_time_series_with_labels(tmp_path, here):
    out = tmp_path / "run"
    output = here("time_series", *TINY_SERIES, "--out", out)

    found = check_run(out, SERIES_FIGURES)

    assert "simulated" in output and "simulated" in found["data"]["name"]
    assert {"VAE, -log p(step)", "PCA on windows", "isolation forest"} <= {*found["anomalies"]}
    rows = (out / "scores.csv").read_text().splitlines()
    assert rows[0] == "time,score,anomaly" and len(rows) == found["anomalies"]["rows"] + 1


def write_csv(path, rows=120, **columns):
    """A file of dates and one wave, with gaps, and what a test changes."""
    pandas = pytest.importorskip("pandas")
    wave = np.sin(np.arange(rows) / 3)
    wave[5:9] = np.nan
    given = {"date": pandas.date_range("2024-01-01", periods=rows, freq="h"), "wave": wave}
    pandas.DataFrame({**given, **columns}).to_csv(path, index=False)
    return path


def test_time_series_of_a_users_file(tmp_path, here):
    data, out = write_csv(tmp_path / "mine.csv", price=np.arange(1.0, 121.0)), tmp_path / "run"

    flags = ["--data", data, "--time-column", "date", "--columns", "wave"]
    here("time_series", *TINY_SERIES, *flags, "--out", out)

    found = check_run(out, SERIES_FIGURES)
    assert found["data"]["event_shape"] == [24, 1]
    assert (out / "scores.csv").read_text().splitlines()[1].startswith("2024-01-04")


def dates(order):
    return np.array([f"2024-01-{1 + i // 24:02d} {i % 24:02d}:00" for i in order])


SWAPPED = [*range(50), 51, 50, *range(52, 120)]
REPEATED = [*range(50), 49, *range(51, 120)]


@pytest.mark.parametrize(
    ("columns", "arguments", "message"),
    [
        ({}, ["--columns", "wav"], "--columns: there is no column 'wav'"),
        ({}, [], "--columns: 'date' must hold numbers, got '2024-01-01 00:00:00' in row 0"),
        ({"date": dates(SWAPPED)}, ["--time-column", "date"], "'date' goes back in row 51"),
        ({"date": dates(REPEATED)}, ["--time-column", "date"], "'date' repeats"),
        ({"wave": ["a"] * 120}, ["--time-column", "date"], "'wave' must hold numbers, got 'a'"),
        ({"wave": [np.nan] * 120}, ["--time-column", "date"], "'wave' has no value in the part"),
        ({}, ["--columns", "wave", "--window", "80"], "--window: 80 steps do not fit into 36"),
        ({}, ["--columns", "wave", "--log-returns"], "--log-returns: 'wave' holds 0 in row 0"),
    ],
)
def test_series_that_cannot_be_used(tmp_path, recipe, capsys, columns, arguments, message):
    data = write_csv(tmp_path / "mine.csv", **columns)
    flags = [*TINY_SERIES, "--data", data, *arguments, "--out", tmp_path / "run"]

    assert message in refusal(recipe, capsys, "time_series", *flags)


TINY_TEXTS = [*SMALL, "--width", "8", "--max-length", "9", "--latent-dim", "2"]
TINY_TEXTS += ["--option", "heads=2", "--option", "hidden=12", "--option", "blocks=1"]


def sentences(path, n=60):
    """A file of n different sentences, one of them twice, and an empty line."""
    animals = ("cat", "dog", "bird", "fish", "newt", "horse", "cow", "ant")
    found = [f"The {a} sees, and hears, the {b}." for a in animals for b in animals][:n]
    path.write_text("\n".join([*found, "", found[0]]) + "\n", encoding="utf-8")
    return path


def test_texts_of_a_users_file(tmp_path, here):
    out, data = tmp_path / "run", sentences(tmp_path / "mine.txt")
    output = here("text", *TINY_TEXTS, "--data", data, "--out", out)

    found = check_run(out, {"curves", "latent"}, ["The cat sees the dog.", "ants"])

    assert "perplexity" in output and found["data"]["name"] == "mine.txt"
    assert found["data"]["train"] + found["data"]["held_out"] == 60
    words, numbers = found["held_out"]["words_per_text"], found["held_out"]
    assert words == 10.0  # ten words and marks, cut to nine, and the end
    expected = np.exp(-numbers["log_likelihood"] / words)
    assert numbers["perplexity"] == pytest.approx(expected, rel=1e-6)
    texts = {path.stem: path.read_text("utf-8") for path in (out / "texts").glob("*.txt")}
    assert {*texts} == {"samples", "reconstructions", "interpolation", "neighbours"}
    assert len(texts["samples"].splitlines()) == 20
    for block in texts["neighbours"].strip().split("\n\n"):
        sentence, *near = block.splitlines()
        assert sentence.startswith("> The ") and len(near) == 3
        assert sentence[2:] not in near  # what is held out was not trained on


def test_the_default_texts_are_sentences(recipe):
    found = recipe("support.data.text").reference()

    assert len({*found}) > 1000
    assert all(4 <= len(text.split()) <= 30 and text[-1] in ".!?" for text in found)
    assert not [text for text in found if "::=" in text or ">>>" in text or "*" in text]


def test_texts_that_cannot_be_used(tmp_path, recipe, capsys):
    few, out = tmp_path / "few.txt", ["--out", tmp_path / "run"]
    few.write_text("one\ntwo\n")
    binary = tmp_path / "image.png"
    binary.write_bytes(bytes([0x89, 0xFF, 0xFE]) * 20)

    assert "--data: at least 20" in refusal(recipe, capsys, "text", "--data", few, *out)
    assert "--data" in refusal(recipe, capsys, "text", "--data", tmp_path / "none.txt", *out)
    assert "--data" in refusal(recipe, capsys, "text", "--data", binary, *out)
    many = sentences(tmp_path / "many.txt")
    line = refusal(recipe, capsys, "text", "--data", many, "--vocabulary", "2", *out)
    assert "--vocabulary: vocabulary_size must be at least 3" in line
