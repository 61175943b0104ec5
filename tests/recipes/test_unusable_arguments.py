"""Arguments, settings and disks with which a recipe cannot run, and its record of epochs."""

import csv
import io
import sys

import pytest

for package in ("matplotlib", "sklearn", "pandas", "PIL", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--data", ""), "--data: expected a path, got an empty text"),
        (("--batch-size", "1e23"), "--batch-size: expected an integer of at least 1, got 1e23"),
        (("--batch-size", 10**23), "--batch-size: expected an integer of at most 2147483647"),
        (("--epochs", "9" * 5000), "--epochs: expected an integer of at least 1, got 999"),
        (("--samples", 2**31), "--samples: expected an integer of at most 2147483647"),
        (("--learning-rate", "1e39"), "--learning-rate: expected a number from 0 to 3.4e+38"),
        (("--learning-rate", "nan"), "--learning-rate: expected a number from 0 to 3.4e+38"),
        (("--beta", "inf"), "--beta: expected a number from 0 to 3.4e+38, got inf"),
        (("--option", "hidden"), "--option: expected KEY=VALUE, got 'hidden'"),
        (("--option", "=1"), "--option: "),
        (("--option", "hidden={[]:1}"), "--option: "),
        (("--option", "hidden=" + "(" * 5000), "--option: "),
        (("--option", "hidden=(10**400,)"), "--option: "),
        (("--option", "prior=5"), "--option: "),
        (("--option", "seed=-1"), "--option: seed must be"),
    ],
)
def test_unusable_argument_is_refused_in_one_line(refusal, tmp_path, flags, message):
    assert message in refusal("tables", "--out", tmp_path / "run", *flags)


def test_configuration_of_workers_that_is_not_json_is_refused(refusal, tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{")

    assert "error: --distribute: " in refusal("tables", "--distribute", "--out", tmp_path / "run")


def test_full_disk_ends_in_one_line(start, recipe, tmp_path, monkeypatch, capsys):
    def full(*arguments):
        raise OSError(28, "No space left on device", "run/metrics.json")

    monkeypatch.setattr(recipe("support.run.metrics_json"), "write", full)

    with pytest.raises(SystemExit) as stopped:
        start("tables", "--out", tmp_path / "run")

    assert stopped.value.code == 1
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "error: [Errno 28] No space left on device: 'run/metrics.json'; make space" in line


def test_names_that_utf8_cannot_encode_are_printed(start, recipe, tmp_path, monkeypatch):
    output = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(recipe("tables"), "main", lambda options: sys.stdout.write("a\udcff.png\n"))

    start("tables", "--out", tmp_path / "run")

    assert output.buffer.getvalue() == b"a\\udcff.png\n"


def test_history_is_read_up_to_the_first_unreadable_line(recipe, tmp_path):
    path, history_csv = tmp_path / "history.csv", recipe("support.run.history_csv")
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["epoch", "elbo"], [0, -3.5], [1, "x"], [2, -3]])
    assert history_csv.count(path) == 1
    for junk in (b"\xff\xfe\x00", b"epoch\n0\n", b"elbo\n-3\n", b"epoch,elbo\n0,1,2\n", b"{}"):
        path.write_bytes(junk)
        assert history_csv.count(path) == 0 and history_csv.read(path) == {}
