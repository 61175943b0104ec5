"""`images.py`: a whole run, which is resumed and reported."""

import csv

import pytest

import zoo  # noqa: F401  (registers the classes for Keras)
from tests.recipes.run_folders import FIGURES_OF_IMAGES, TINY_IMAGES, check_run, metrics
from tests.reporting.pages import figures

for package in ("matplotlib", "sklearn", "PIL", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


def epochs(folder):
    with (folder / "history.csv").open() as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def test_run_can_be_resumed_and_reported(start, recipe, tmp_path, capsys, monkeypatch, request):
    out = tmp_path / "run"
    flags = [*TINY_IMAGES, "--out", out, "--warmup-epochs", 1]

    assert start("images", *flags) == 0

    output = capsys.readouterr().out
    assert "held-out log p(x)" in output and str(out / "figures") in output
    record = check_run(out, FIGURES_OF_IMAGES)
    assert (out / "figures" / "traversal.gif").read_bytes().startswith(b"GIF89a")
    assert record["notes"] == ["held-out images were binarised once, with seed 0"]
    assert epochs(out) == [0, 1]

    flags.remove("--no-report")
    drawn = []
    monkeypatch.setattr(recipe("images"), "draw", lambda *arguments: drawn.append(arguments))
    monkeypatch.setattr(recipe("support.run.report_page"), "SAMPLES", 2)
    for fixture in ("quick", "exported"):  # the compiled path has been run
        request.getfixturevalue(fixture)
    with figures(drawn=False):
        assert start("images", *flags, "--resume", "--epochs", 3) == 0

    assert f"{out}/report.html  start here" in capsys.readouterr().out
    assert "conv_vae" in (out / "report.html").read_text()
    assert epochs(out) == [0, 1, 2] and metrics(out)["epochs"] == 3
    assert len(drawn) == 1
