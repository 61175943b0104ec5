"""Reports in the run folders of recipes."""

import numpy as np
import pytest

import zoo

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")


@pytest.fixture
def run(recipe, tmp_path):
    """run(*flags) is a run of the recipe for tables."""

    def run(*flags):
        flags = ["--out", str(tmp_path / "run"), *flags]
        options = recipe("tables").parser().parse_args(flags)
        folder = recipe("support.run.run").Run("tables", options)
        folder.record["data"] = {"name": "a table"}
        return folder

    return run


def test_a_recipe_reports_on_whole_batches_in_its_folder(run, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(zoo, "report", lambda *a, **options: calls.append((a, options)))
    monkeypatch.setattr(type(run()), "write", lambda self: None)
    for rows, expected in ((2, 2), (255, 255), (256, 256), (300, 256), (5000, 2048)):
        folder = run("--seed", "3")
        folder.begin()
        folder.report("model", np.zeros((rows, 2)), np.zeros(rows), ["a", "b"])
        (vae, x, path), options = calls.pop()
        assert (vae, len(x), len(options["labels"])) == ("model", expected, expected)
        assert path == folder.folder / "report.html" and options["seed"] == 3
        assert options["history"] is None  # no epoch was trained
        assert options["title"] == "a table: dense_vae" and options["columns"] == ["a", "b"]
    folder.finish(type("Outcome", (), {"status": 0, "error": None}))
    assert f"{path}  start here" in capsys.readouterr().out


@pytest.mark.parametrize(("rows", "flags", "notes"), [(1, [], 1), (9, ["--no-report"], 0)])
def test_a_recipe_with_one_row_or_no_report_writes_none(
    run, monkeypatch, capsys, rows, flags, notes
):
    monkeypatch.setattr(zoo, "report", lambda *a, **options: pytest.fail("written"))
    monkeypatch.setattr(type(run()), "write", lambda self: None)
    folder = run(*flags)

    folder.report("model", np.zeros((rows, 2)))
    folder.finish(type("Outcome", (), {"status": 0, "error": None}))

    assert len(folder.record.get("notes", ())) == notes
    assert "report.html  start here" not in capsys.readouterr().out
