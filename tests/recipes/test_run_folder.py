"""Run folders after a new, a killed, a resumed and a refused run."""

import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest

import zoo  # noqa: F401  (registers the classes for Keras)
from tests.helpers import assert_same
from tests.recipes.run_folders import X, make_run, train

for package in ("matplotlib", "sklearn", "pandas", "PIL", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    """A run that early stopping has ended: the run and the state of model and optimizer."""
    return train(recipe, tmp_path_factory.mktemp("runs") / "finished")


@pytest.fixture
def new_run(recipe, tmp_path):
    """new_run("--epochs", 3) is a run in `tmp_path / "run"`, and its tiny model."""
    return lambda *flags, **options: make_run(recipe, tmp_path / "run", *flags, **options)


class KilledError(Exception):
    """Stands for a killed process."""


class Kill(keras.callbacks.Callback):
    """Raise `KilledError` at the end of an epoch, before or after its checkpoint is written."""

    def __init__(self, before_checkpoint, epoch):
        super().__init__()
        self.before_checkpoint, self.epoch = before_checkpoint, epoch

    def on_epoch_end(self, epoch, logs=None):
        if self.before_checkpoint and epoch == self.epoch:
            raise KilledError

    def on_epoch_begin(self, epoch, logs=None):
        if not self.before_checkpoint and epoch == self.epoch + 1:
            raise KilledError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # open files
def test_early_stopping_continues_exactly_after_kills(recipe, finished, tmp_path):
    run, expected = finished
    elbo = run.history()["val_elbo"]
    best = int(np.argmax(elbo))
    assert best > 0 and len(elbo) == best + 6  # it stopped five epochs after the best

    flags = ()
    for kill in Kill(True, 0), Kill(False, best - 1), Kill(True, best), Kill(False, best + 2):
        with pytest.raises(KilledError):
            train(recipe, tmp_path / "killed", *flags, callbacks=[kill])
        flags = ("--resume",)
    resumed, state = train(recipe, tmp_path / "killed", "--resume")

    assert_same(state, expected)
    assert resumed.history() == run.history()


def test_resumed_run_that_had_stopped_is_not_trained_further(recipe, finished, tmp_path):
    run, expected = finished
    shutil.copytree(run.folder, tmp_path / "run")

    resumed, state = train(recipe, tmp_path / "run", "--resume")

    assert_same(state, expected)
    assert resumed.history() == run.history()
    assert resumed.record["epochs"] == len(run.history()["epoch"])


def test_run_without_its_best_weights_is_not_resumed(recipe, finished, input_error, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(finished[0].folder, folder)
    for path in (folder / "checkpoints").glob("best-*"):
        path.unlink()
    before = (folder / "metrics.json").read_text()

    with pytest.raises(input_error, match=r"--resume: expected the best weights in .*best-0000"):
        train(recipe, folder, "--resume")
    assert (folder / "metrics.json").read_text() == before


def test_half_a_line_of_history_is_dropped(recipe, tmp_path):
    path, history_csv = tmp_path / "history.csv", recipe("support.run.history_csv")
    path.write_text("epoch,elbo\r\n0,-3.5\r\n1,-3.0\r\n1,-2.5\r\n2,-")

    history_csv.truncate(path, 2)

    assert history_csv.read(path) == {"epoch": [0, 1], "elbo": [-3.5, -2.5]}
    history_csv.truncate(path, 0)
    assert history_csv.read(path) == {}


def test_folder_of_other_files_is_refused_and_unchanged(tmp_path, refusal):
    (tmp_path / "thesis.txt").write_text("all my work")
    line = refusal("images", "--out", tmp_path)
    assert "--out: expected an empty or new folder" in line and (tmp_path / "thesis.txt").exists()
    line = refusal("images", "--out", tmp_path / "new", "--resume")
    assert "--resume: expected a run in" in line and not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("recipe_name", "flags"),
    [
        ("images", ["--data", "missing"]),
        ("images", ["--variant", "conv_vea"]),
        ("tables", ["--data", "missing"]),
        ("tables", ["--option", "hiden=3"]),
        ("time_series", ["--window", 10**6]),
        ("text", ["--data", "missing"]),
    ],
)
def test_bad_input_leaves_an_earlier_run_unchanged(refusal, tmp_path, recipe_name, flags):
    out = tmp_path / "run"
    (out / "checkpoints").mkdir(parents=True)
    files = ["metrics.json", "model.keras", "history.csv", "columns.json", "checkpoints/a.h5"]
    mark = {"format": "zoo recipe run", "version": 1, "recipe": recipe_name, "options": {}}
    (out / "run.json").write_text(json.dumps({**mark, "files": files}))
    for name in files:
        (out / name).write_text("{}")

    refusal(recipe_name, *flags, "--out", out)

    assert [(out / name).read_text() for name in files] == ["{}"] * len(files)


def test_unusable_data_are_refused_before_anything_is_written(new_run, input_error, tmp_path):
    run, vae = new_run("--epochs", 1)
    too_large = X.copy()
    too_large[20] = 1e9

    with pytest.raises(input_error, match="--data: x must have magnitudes of at most"):
        run.train(vae, X, too_large)
    with pytest.raises(input_error, match=r"--limit: expected at least 1 example .* got 0 and 24"):
        run.train(vae, X[:0], X)
    assert not (tmp_path / "run").exists()


def test_new_run_deletes_the_results_of_an_earlier_one(new_run, tmp_path):
    out = tmp_path / "run"
    run, vae = new_run("--epochs", 2)
    run.begin()
    run.file("scores.csv").write_text("score\n")
    run.file("texts/samples.txt").write_text("text\n")
    run, vae = new_run("--epochs", 1)

    run.train(vae, X[:16], X[16:])

    assert not (out / "scores.csv").exists() and not (out / "texts").exists()
    assert json.loads((out / "metrics.json").read_text())["epochs"] == 1


def test_ctrl_c_is_ignored_while_the_model_is_saved(new_run, tmp_path, monkeypatch):
    run, vae = new_run("--epochs", 1)
    run.begin()
    save = vae.save

    def save_and_interrupt(path):
        save(path)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(vae, "save", save_and_interrupt)
    handler = signal.getsignal(signal.SIGINT)

    run.save(vae)
    run.save(vae)  # replaces the files

    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"run.json", "lock", "metrics.json", "model.keras", "saved_model", "figures"}
    assert signal.getsignal(signal.SIGINT) is handler


def test_warmup_ends_at_a_beta_of_option(new_run):
    run, vae = new_run("--option", "beta=4", "--warmup-epochs", 2, "--epochs", 3)

    run.train(vae, X[:16], X[16:])

    assert run.history()["kl_weight"][-1] == 4.0


def test_variant_for_another_kind_of_data_is_refused(input_error, new_run):
    message = "--variant: expected a variant for this kind of data, got conv_vae"
    with pytest.raises(input_error, match=message):
        new_run("--variant", "conv_vae", latent_dim=2)


@pytest.mark.parametrize(
    ("task", "chief"),
    [
        ({"type": "worker", "index": 0}, True),
        ({"type": "worker", "index": 1}, False),
        ({"type": "chief", "index": 0}, True),
    ],
)
def test_one_worker_of_several_writes_the_folder(recipe, monkeypatch, task, chief):
    devices = recipe("support.run.devices")
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {task["type"]: []}, "task": task}))

    assert devices.is_chief(distribute=True) is chief
    assert devices.is_chief(distribute=False)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--seed", "-1"), "--seed: expected an integer of at least 0, got -1"),
        (("--seed", 2**31), "--seed: expected an integer below 2**31"),
        (("--evaluate", "-5"), "--evaluate: expected an integer of at least 0, got -5"),
        (("--epochs", "many"), "--epochs: expected an integer of at least 1, got many"),
    ],
)
def test_number_out_of_range_is_refused(refusal, flags, message):
    assert message in refusal("tables", *flags)


def test_ranking_of_normal_rows_only_has_no_auroc(recipe, new_run):
    run, _ = new_run()
    scores = {"VAE": np.arange(4.0)}

    lines = recipe("support.run.evaluation").anomaly_ranking(run, np.zeros(4, bool), scores)

    assert "all 4 evaluated rows are normal" in lines[0]
    assert "anomalies" not in run.record and len(run.record["notes"]) == 1
