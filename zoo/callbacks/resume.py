"""Callback that makes an interrupted training run resumable."""

import os
import pathlib
import re

import keras

from zoo.core.serialization import positive
from zoo.core.validation import check_path


class Resume(keras.callbacks.Callback):
    """Callback that saves the state of training after each epoch, from which `fit` resumes.

    An interrupted run on arrays resumes to bit-identical weights: start the program again, so that
    it builds the same model and calls `fit` with the same arguments. Weights, optimizer state,
    random seeds and term weights are saved, and the order of array data is a function of (seed,
    epoch). A `tf.data` dataset has its own order; for identical weights it must be the same in each
    epoch. The state of other callbacks, such as the patience of `EarlyStopping`, is not saved.

    A file is written under a temporary name, flushed to disk and then renamed, and only then are
    older files deleted, so that a complete file exists at any time. To save more often than once
    per pass over the data, pass a smaller `steps_per_epoch` to `fit`.

    Args:
        directory: folder that only this run uses.
        every: number of epochs between two files.

    Raises:
        ValueError: every is not a positive integer; when `fit` resumes, the model is not built.
    """

    PATTERN = re.compile(r"epoch-(\d+)\.weights\.h5")

    def __init__(self, directory: str | os.PathLike, every: int = 1):
        super().__init__()
        (self.every,) = positive(every=every)
        check_path(directory, "directory")
        self.directory = pathlib.Path(directory)

    def restore(self, model: keras.Model) -> int:
        """Load the newest state into a built, compiled model; return its number of epochs."""
        files = self._files()
        if not files:
            return 0
        if not model.built:
            raise ValueError(
                "model must be built to be resumed by zoo.Resume, got one without weights: pass "
                "input_shape= to zoo.get, or arrays to fit"
            )
        epochs, path = files[-1]
        model.optimizer.build(model.trainable_variables)
        model.load_weights(path)
        return epochs

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self._save(epoch + 1)

    def on_train_begin(self, logs=None):
        self.directory.mkdir(parents=True, exist_ok=True)
        for partial in self.directory.glob("partial-*.weights.h5"):  # of an interrupted process
            partial.unlink()

    def _files(self):
        """(epochs, path) of each complete file, the newest last."""
        paths = self.directory.iterdir() if self.directory.is_dir() else ()
        matches = ((self.PATTERN.fullmatch(path.name), path) for path in paths)
        return sorted((int(match[1]), path) for match, path in matches if match)

    def _save(self, epochs):
        path = self.directory / f"epoch-{epochs:06d}.weights.h5"
        partial = self.directory / f"partial-{os.getpid()}.weights.h5"
        self.model.save_weights(partial, overwrite=True)
        _flush(partial)
        os.replace(partial, path)
        _flush(self.directory)
        for _, old in self._files()[:-1]:
            old.unlink()


def _flush(path):
    """Write a file, or the names in a folder, to disk, so that they survive a power failure."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
