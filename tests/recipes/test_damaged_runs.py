"""Run folders that are damaged, incomplete, in use, or hold other people's files."""

import json
import os
import pathlib
import shutil

import pytest

from tests.helpers import assert_same
from tests.recipes.run_folders import X, make_run, train

for package in ("matplotlib", "sklearn", "pandas", "PIL", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    """A run of 4 epochs, and the state of model and optimizer."""
    run, state = train(recipe, tmp_path_factory.mktemp("runs") / "run", "--epochs", 4)
    run.files.lock.release()
    return run, state


@pytest.fixture
def out(finished, tmp_path):
    """A copy of its folder."""
    return pathlib.Path(shutil.copytree(finished[0].folder, tmp_path / "run"))


def content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def resume(recipe, out, *flags):
    return train(recipe, out, "--epochs", 4, "--resume", *flags)


def halve(path):
    os.truncate(path, path.stat().st_size // 2)


def write(text):
    return lambda path: path.write_text(text)


def value_of_best_epoch(path):
    """Change the held-out ELBO of the epoch whose weights are the best."""
    header, *rows = [line.split(",") for line in path.read_text().splitlines()]
    column = header.index("val_elbo")
    best = max(rows, key=lambda row: float(row[column]))
    best[column] = "0"
    path.write_text("\n".join(",".join(line) for line in [header, *rows]) + "\n")


def nan_seconds(path):
    path.write_text(json.dumps({"seconds": {"training": float("nan")}, "epochs": 4}))


def rename(old, new):
    return lambda path: path.write_text(path.read_text().replace(old, new))


def without(name):
    """Remove an entry of a file of JSON."""

    def damage(path):
        content = json.loads(path.read_text())
        del content[name]
        path.write_text(json.dumps(content))

    return damage


# Damaged files of a run that is resumed


@pytest.mark.parametrize("name", ["checkpoints/epoch-000004.weights.h5", "history.csv"])
def test_run_resumes_from_the_state_before_a_damaged_file(recipe, finished, out, name, capsys):
    if name == "history.csv":
        path = out / name
        path.write_text(path.read_text()[:-10])
    else:
        halve(out / name)

    resumed, state = resume(recipe, out)

    assert "Training continues after epoch 3." in capsys.readouterr().out
    assert_same(state, finished[1])
    assert resumed.history() == finished[0].history()


@pytest.mark.parametrize(
    "damage", [write(""), write("[]"), write("{}"), nan_seconds, halve, os.remove]
)
def test_run_resumes_without_its_metrics(recipe, finished, out, damage, capsys):
    damage(out / "metrics.json")

    _, state = resume(recipe, out)

    assert "metrics.json cannot be read" in capsys.readouterr().out
    assert_same(state, finished[1])


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        (
            "history.csv",
            os.remove,
            "expected complete lines of at least 3 epochs in .*history.csv, .* got 0; restore",
        ),
        (
            "history.csv",
            write("a,b\n\0\n"),
            "expected complete lines of at least 3 epochs .* got 0; restore",
        ),
        (
            "history.csv",
            rename("val_elbo", "val_elb"),
            "expected a column val_elbo in history.csv, got .*epoch.*; restore the file",
        ),
        (
            "history.csv",
            value_of_best_epoch,
            r"expected val_elbo of epoch \d in history.csv to be -.*, as in best-00000\d.json",
        ),
        ("history.csv", halve, "expected complete lines of at least 3 epochs .* got 1; restore"),
        (
            "checkpoints/epoch-000004.json",
            os.remove,
            "--resume: .*epoch-000004.weights.h5 or its .json was not written by this version",
        ),
        ("run.json", write(""), "--out: .*run.json is damaged"),
        ("run.json", write("[]"), "--out: .* got .*run.json of another program or version"),
        ("run.json", without("recipe"), "--out: .* got .*run.json of another program or version"),
        ("run.json", os.remove, "--out: expected an empty .* without run.json; choose another"),
    ],
)
def test_run_that_cannot_be_resumed_is_refused_and_unchanged(
    recipe, out, input_error, name, damage, message
):
    damage(out / name)
    before = content(out)

    with pytest.raises(input_error, match=message):
        resume(recipe, out)

    assert content(out) == before


def test_run_does_not_train_towards_a_file_that_it_must_not_overwrite(recipe, out, input_error):
    lines = (out / "history.csv").read_text().splitlines(keepends=True)
    (out / "history.csv").write_text("".join(lines[:4]))  # of three epochs: the fourth is repeated
    (out / "checkpoints" / "best-000003.json").unlink()
    before = content(out)

    with pytest.raises(input_error, match=r"--resume: .*best-000003.weights.h5 or its .json was"):
        resume(recipe, out)

    assert content(out) == before


def test_run_without_checkpoints_does_not_start_again(recipe, out, input_error):
    for path in (out / "checkpoints").glob("epoch-*"):
        path.unlink()
    before = content(out)

    with pytest.raises(
        input_error,
        match=r"--resume: expected checkpoints .*, got none of a run of 4 epochs; left are "
        r"checkpoints/best-.*model.keras. To train again, choose another --out",
    ):
        resume(recipe, out)

    assert content(out) == before


@pytest.mark.parametrize("kind", ["epoch", "best"])
def test_run_whose_weights_are_all_damaged_is_refused_and_unchanged(recipe, out, input_error, kind):
    for path in (out / "checkpoints").glob(f"{kind}-*.h5"):
        halve(path)
    before = content(out)

    with pytest.raises(input_error, match=rf"--resume: .*{kind}-00000\d.weights.h5 is damaged"):
        resume(recipe, out)

    assert content(out) == before


def test_other_data_are_refused_and_the_run_is_unchanged(recipe, out, input_error):
    run, vae = make_run(recipe, out, "--epochs", 4, "--resume")
    before = content(out)

    with pytest.raises(input_error, match=r"--resume: .* x: float32 .* in the saved state"):
        run.train(vae, 0.5 * X[:16], X[16:])

    assert content(out) == before


def test_learning_rate_may_change(recipe, out):
    run, vae = make_run(recipe, out, "--epochs", 5, "--resume", "--learning-rate", 1e-3)

    run.train(vae, X[:16], X[16:])

    assert float(vae.optimizer.learning_rate) == pytest.approx(1e-3)


# Files of the user


@pytest.mark.parametrize("metrics", ["{}", '{"recipe": "tables", "options": {}}'])
def test_folder_without_the_mark_is_refused_and_unchanged(refusal, tmp_path, metrics):
    for name in ("checkpoints/gpt.pt", "figures/paper.pdf", "model.keras", "metrics.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(metrics)
    before = content(tmp_path)

    line = refusal("tables", "--out", tmp_path)

    assert "--out: expected an empty or new folder or an earlier run" in line
    assert content(tmp_path) == before


def test_new_run_leaves_the_users_files_in_an_earlier_run(recipe, out):
    mine = ["notes.txt", "checkpoints/gpt.pt", "checkpoints/epoch-000003.h5", "figures/paper.pdf"]
    mine += ["tensorboard/a.txt", "saved_model/assets.txt", "checkpoints/best-000009.weights.h5"]
    for name in mine:
        (out / name).write_text("mine")

    run, _ = train(recipe, out, "--epochs", 1)

    moved = {name.replace("saved_model/", "saved_model.other/"): b"mine" for name in mine}
    assert moved.items() <= content(out).items()
    assert (out / "saved_model" / "saved_model.pb").exists()
    assert run.history()["epoch"] == [0]
    assert sorted(p.name for p in (out / "checkpoints").glob("epoch-*.weights.h5")) == [
        "epoch-000001.weights.h5"
    ]


@pytest.mark.parametrize("flags", [(), ("--resume",)])
@pytest.mark.parametrize("name", ["figures/curves.png", "report.html", "scores.csv"])
def test_file_that_would_be_overwritten_is_refused(recipe, out, input_error, name, flags):
    (out / name).write_text("mine")
    before = content(out)

    with pytest.raises(input_error, match=f"--out: .*{name} was not written by the earlier run"):
        train(recipe, out, "--epochs", 4, *flags)

    assert content(out) == before


@pytest.mark.parametrize("name", ["../precious.txt", "/precious.txt", 5])
def test_mark_that_names_a_file_elsewhere_is_refused(refusal, out, name):
    mark = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps({**mark, "files": [name]}))
    (out.parent / "precious.txt").write_text("mine")

    assert "of another program or version" in refusal("tables", "--out", out)

    assert (out.parent / "precious.txt").read_text() == "mine"


def test_linked_folder_is_refused_and_unchanged(refusal, out, tmp_path):
    shutil.move(out / "checkpoints", tmp_path / "elsewhere")
    (out / "checkpoints").symlink_to(tmp_path / "elsewhere")
    before = content(tmp_path / "elsewhere")

    assert "checkpoints was not written by the earlier run" in refusal("tables", "--out", out)

    assert content(tmp_path / "elsewhere") == before


def test_folder_in_use_is_refused(refusal, out):
    lock = {"format": "zoo lock", "pid": os.getppid(), "host": os.uname().nodename, "time": "now"}
    (out / "lock").write_text(json.dumps(lock))

    line = refusal("tables", "--resume", "--learning-rate", 0.1, "--out", out)

    assert f"is in use by process {os.getppid()} on host {os.uname().nodename}" in line


# The command line


def test_folder_that_cannot_be_created_is_refused(refusal, tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "run", "/proc/x", "/dev/null", "a" * 300):
        assert "error: --out: expected a folder" in refusal("tables", "--out", path)
    for path in ("", "~nobody-of-this-name/run", "\udcff"):
        assert "argument --out: expected a path" in refusal("tables", "--out", path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
