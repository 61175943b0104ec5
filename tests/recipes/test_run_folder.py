"""Run folders: what a run, a killed one and a resumed one leave in them; in this process."""

import json
import os
import signal

import numpy as np
import pytest

import zoo  # noqa: F401  (so that Keras knows its classes)
from tests.helpers import assert_same, values

for package in ("matplotlib", "sklearn", "pandas", "PIL", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

EAGER = True

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")


@pytest.fixture
def start(recipe, tmp_path):
    """start("--epochs", 3) is a run in `tmp_path / "run"`, and a tiny model of it."""

    def start(*flags, out="run", **options):
        flags = ["--out", tmp_path / out, "--learning-rate", 0.05, *flags]
        parsed = recipe("tables").parser().parse_args([str(f) for f in flags])
        run = recipe("support.run.run").Run("tables", parsed)
        return run, run.model((3,), "normal", **(options or {"hidden": (6,), "latent_dim": 2}))

    return start


@pytest.fixture
def train(recipe, start):
    """Train with early stopping, until `kill` or to the end; weights and optimizer."""

    def train(*flags, kill=(), out="run"):
        run, vae = start("--epochs", 40, *flags, out=out)
        vae.compile(vae.optimizer, jit_compile=False)
        stopping = recipe("support.run.run").early_stopping(5)
        run.train(vae, X[:16], X[16:], stopping, *kill)
        return run, values([*vae.variables, *vae.optimizer.variables])

    return train


class KilledError(Exception):
    """What stands for a SIGKILL."""


def killed(train, moment, *flags, out="killed"):
    import keras

    class Kill(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if moment == ("before the checkpoint", epoch):
                raise KilledError

        def on_epoch_begin(self, epoch, logs=None):
            if moment == ("after the checkpoint", epoch - 1):
                raise KilledError

    with pytest.raises(KilledError):
        train(*flags, kill=[Kill()], out=out)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # open files
def test_early_stopping_goes_on_where_it_was_killed(train):
    run, expected = train()
    elbo = run.history()["val_elbo"]
    best = int(np.argmax(elbo))
    assert best > 0 and len(elbo) == best + 6  # it stopped, five epochs after the best

    flags = ()
    for moment in ("before", 0), ("after", best - 1), ("before", best), ("after", best + 2):
        killed(train, (f"{moment[0]} the checkpoint", moment[1]), *flags)
        flags = ("--resume",)
    resumed, found = train("--resume", out="killed")

    assert_same(found, expected)
    assert resumed.history() == run.history()


def test_a_run_that_had_stopped_does_not_train_on(train):
    run, expected = train()
    before = run.history()

    resumed, found = train("--resume")

    assert_same(found, expected)
    assert resumed.history() == before and resumed.record["epochs"] == len(before["epoch"])


def test_a_run_whose_best_weights_are_gone_is_refused(train, tmp_path, recipe):
    train("--epochs", 2)
    for path in (tmp_path / "run" / "checkpoints").glob("best-*"):
        path.unlink()
    before = (tmp_path / "run" / "metrics.json").read_text()

    with pytest.raises(recipe("support.run.cli").InputError, match=r"--resume: .*best-00000\d"):
        train("--resume", "--epochs", 3)
    assert (tmp_path / "run" / "metrics.json").read_text() == before


def test_half_a_line_of_history_is_dropped(recipe, tmp_path):
    path, history = tmp_path / "history.csv", recipe("support.run.history_csv")
    path.write_text("epoch,elbo\r\n0,-3.5\r\n1,-3.0\r\n1,-2.5\r\n2,-")

    history.cut(path, 2)

    assert history.read(path) == {"epoch": [0, 1], "elbo": [-3.5, -2.5]}
    history.cut(path, 0)
    assert history.read(path) == {}


def test_bad_input_leaves_the_previous_run_alone(recipe, tmp_path, capsys):
    out = tmp_path / "run"
    (out / "checkpoints").mkdir(parents=True)
    files = ["metrics.json", "model.keras", "history.csv", "columns.json", "checkpoints/a.h5"]
    for name in files:
        (out / name).write_text("{}")
    common = recipe("support.run.cli")
    for name, flags in (
        ("images", ["--data", tmp_path / "missing"]),
        ("images", ["--variant", "conv_vea"]),
        ("tables", ["--data", tmp_path / "missing"]),
        ("tables", ["--option", "hiden=3"]),
        ("time_series", ["--window", 10**6]),
        ("text", ["--data", tmp_path / "missing"]),
    ):
        module = recipe(name)
        with pytest.raises(SystemExit):
            arguments = [str(f) for f in (*flags, "--out", out)]
            common.main(module.parser(), module.run, arguments)
        assert [(out / n).read_text() for n in files] == ["{}"] * len(files)


def test_data_that_the_model_cannot_take_leave_the_previous_run_alone(recipe, start, tmp_path):
    run, vae = start("--epochs", 1)
    wrong, common = X.copy(), recipe("support.run.cli")
    wrong[20] = 1e9

    with pytest.raises(common.InputError, match="--data: x holds values up to 1e"):
        run.train(vae, X, wrong)
    with pytest.raises(common.InputError, match="--limit: leaves 0 examples"):
        run.train(vae, X[:0], X)
    assert not (tmp_path / "run").exists()


def test_a_new_run_clears_the_old_one(start, tmp_path):
    out = tmp_path / "run"
    (out / "texts").mkdir(parents=True)
    (out / "metrics.json").write_text("{}")
    (out / "scores.csv").write_text("score\n")
    run, vae = start("--epochs", 1)

    run.train(vae, X[:16], X[16:])

    assert not (out / "scores.csv").exists() and not (out / "texts").exists()
    assert json.loads((out / "metrics.json").read_text())["epochs"] == 1


def test_a_second_ctrl_c_waits_for_the_model(start, tmp_path, monkeypatch):
    run, vae = start("--epochs", 1)
    run.folder.mkdir()
    save = vae.save

    def interrupted(path):
        save(path)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(vae, "save", interrupted)
    before = signal.getsignal(signal.SIGINT)

    run.save(vae)
    run.save(vae)  # over what is there

    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"metrics.json", "model.keras", "saved_model"}
    assert signal.getsignal(signal.SIGINT) is before


def test_a_beta_given_as_an_option_is_where_the_warmup_ends(start):
    run, vae = start("--option", "beta=4", "--warmup-epochs", 2, "--epochs", 3)

    run.train(vae, X[:16], X[16:])

    assert run.history()["kl_weight"][-1] == 4.0


def test_a_variant_for_other_data_is_named(recipe, start):
    with pytest.raises(
        recipe("support.run.cli").InputError, match="--variant: conv_vae does not fit"
    ):
        start("--variant", "conv_vae", latent_dim=2)


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
        (("--seed", "-1"), "--seed: must be at least 0, got -1"),
        (("--seed", 2**31), "--seed: must be below 2**31"),
        (("--evaluate", "-5"), "--evaluate: must be at least 0, got -5"),
    ],
)
def test_numbers_out_of_range(recipe, capsys, flags, message):
    with pytest.raises(SystemExit):
        recipe("tables").parser().parse_args([str(f) for f in flags])
    assert message in capsys.readouterr().err


def test_only_normal_rows_have_no_auroc(recipe, start):
    run, _ = start()

    lines = recipe("support.run.evaluation").ranking(
        run, np.zeros(4, bool), {"VAE": np.arange(4.0)}
    )

    assert "all 4 evaluated rows are normal" in lines[0]
    assert "anomalies" not in run.record and len(run.record["notes"]) == 1
