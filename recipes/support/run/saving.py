"""Saving of a trained model, completely or not at all, even if Ctrl-C is pressed meanwhile."""

import contextlib
import os
import shutil
import signal
import threading


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
    """
    partial = folder / "partial.keras"
    vae.save(partial)
    os.replace(partial, folder / "model.keras")
    partial, target = folder / "saved_model.partial", folder / "saved_model"
    remove(partial)
    vae.export(partial)
    remove(target)
    os.replace(partial, target)


def remove(path):
    """Delete a file or a folder if it exists."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
