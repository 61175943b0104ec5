"""A trained model on disk: whole or not at all, whatever Ctrl-C does meanwhile."""

import contextlib
import os
import shutil
import signal
import threading


@contextlib.contextmanager
def uninterrupted():
    """Ctrl-C does nothing in here. (Only the main thread ever gets it, or may say so.)"""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def save(vae, folder):
    """model.keras and saved_model/, each under another name first: a kill leaves the old ones."""
    partial = folder / "partial.keras"
    vae.save(partial)
    os.replace(partial, folder / "model.keras")
    partial, target = folder / "saved_model.partial", folder / "saved_model"
    remove(partial)
    vae.export(partial)
    remove(target)
    os.replace(partial, target)


def remove(path):
    """Delete a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
