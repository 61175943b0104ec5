"""Locks of Resume's folder, and a full disk."""

import json
import os
import pathlib
import socket

import pytest

from tests.helpers import data, optimizer, small
from zoo.callbacks import Resume
from zoo.core import locks

X = data("dense_vae")


def fit(folder):
    vae = small("dense_vae")
    vae.compile(optimizer(), run_eagerly=True)
    vae.fit(X, callbacks=Resume(folder), verbose=0)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def lock(folder, **changes):
    holder = locks.FolderLock(folder)
    holder.acquire()
    content = json.loads(holder.path.read_text()) | changes
    holder.path.write_text(json.dumps(content))
    return holder.path


@pytest.mark.parametrize(
    "changes", [{"pid": os.getppid(), "process_start": None}, {"host": "elsewhere"}]
)
def test_folder_of_another_process_is_refused(tmp_path, changes):
    path = lock(tmp_path, **changes)
    pid, host = changes.get("pid", os.getpid()), changes.get("host", socket.gethostname())

    with pytest.raises(RuntimeError, match=f"is in use by process {pid} on host {host} since"):
        fit(tmp_path)

    assert path.exists()


@pytest.mark.parametrize("changes", [{"pid": 2**22 + 1}, {"pid": 1, "process_start": -1}])
def test_lock_of_a_process_that_has_ended_is_taken_over(tmp_path, changes):
    lock(tmp_path, **changes)

    fit(tmp_path)

    assert names(tmp_path) == ["epoch-000001.json", "epoch-000001.weights.h5"]


def test_file_that_is_not_a_lock_is_left_as_it_is(tmp_path):
    (tmp_path / "lock").write_text("mine")

    with pytest.raises(RuntimeError, match="lock must be a lock file of zoo"):
        fit(tmp_path)

    assert (tmp_path / "lock").read_text() == "mine"


def test_process_goes_on_after_a_full_disk(tmp_path, monkeypatch):
    open_file, folder = pathlib.Path.open, tmp_path / "run"
    folder.mkdir()

    def full(path, *arguments, **options):
        if ".zoo-partial" in path.name:
            raise OSError(28, "No space left on device")
        return open_file(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(pathlib.Path, "open", full)
        with pytest.raises(OSError, match=r"No space left on device: .*epoch-000001"):
            fit(folder)
    assert names(folder) == []

    fit(folder)

    assert names(folder) == ["epoch-000001.json", "epoch-000001.weights.h5"]
