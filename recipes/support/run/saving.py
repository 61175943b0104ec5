"""Saving of a trained model, completely or not at all, even if Ctrl-C is pressed meanwhile."""

import contextlib
import itertools
import os
import signal
import threading

from support.run.run_folder import remove_written


@contextlib.contextmanager
def uninterrupted():
    """Ignore Ctrl-C in the block. (Only the main thread receives it or may set its handler.)"""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def save(vae, folder):
    """Write model.keras and saved_model/.

    Each is written under another name and then renamed: a killed process leaves the old one.

    Args:
        vae: the model.
        folder: the `RunFolder`.
    """
    partial = folder.file("partial.keras")
    vae.save(partial)
    os.replace(partial, folder.file("model.keras"))
    partial, target = folder.path / "saved_model.partial", folder.path / "saved_model"
    remove_written(partial)
    vae.export(partial)
    remove_written(target)
    if target.exists():  # files that are not of a recipe
        os.rename(target, _unused(target))
    os.replace(partial, target)


def _unused(path):
    """A name for files of the user that are in the way: saved_model.other, ..."""
    names = (path.with_name(f"{path.name}.other{number or ''}") for number in itertools.count())
    return next(name for name in names if not name.exists())
