"""Training that survives being killed at any moment."""

import os
import pathlib
import re

import keras

from zoo.core.serialization import positive


class Resume(keras.callbacks.Callback):
    """Keep the whole state of training after each epoch; go on from it when `fit` is called again.

    A new process that builds the same model and calls `fit` with the same arguments ends with the
    weights that it would have had without the interruption: weights, optimizer, noise and term
    weights are kept, and the order of array data is a function of (seed, epoch). (A `tf.data`
    dataset has an order of its own: make it the same for each epoch. State that other callbacks
    keep to themselves, such as EarlyStopping's patience, starts anew.)

    A file is written under another name, flushed to disk and then renamed, and older ones are
    removed only then, so a kill at any moment leaves a whole one. To save more often than each
    pass, give `fit` a smaller `steps_per_epoch`.

    Args:
        directory: a folder of its own for this run.
        every: epochs between two files.
    """

    PATTERN = re.compile(r"epoch-(\d+)\.weights\.h5")

    def __init__(self, directory, every=1):
        super().__init__()
        (self.every,) = positive(every=every)
        self.directory = pathlib.Path(directory)

    def restore(self, model):
        """Load the newest state into a built, compiled model; the number of epochs it has seen."""
        saved = self._saved()
        if not saved:
            return 0
        if not model.built:
            raise ValueError(
                "zoo.Resume needs a built model: give input_shape= to zoo.get, or arrays to fit"
            )
        model.optimizer.build(model.trainable_variables)
        model.load_weights(saved[-1][1])
        return saved[-1][0]

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self._save(epoch + 1)

    def on_train_begin(self, logs=None):
        self.directory.mkdir(parents=True, exist_ok=True)
        for partial in self.directory.glob("partial-*.weights.h5"):  # of a killed process
            partial.unlink()

    def _saved(self):
        matches = [
            (match, path)
            for path in (self.directory.iterdir() if self.directory.is_dir() else ())
            if (match := self.PATTERN.fullmatch(path.name))
        ]
        return sorted((int(match[1]), path) for match, path in matches)

    def _save(self, epochs):
        path = self.directory / f"epoch-{epochs:06d}.weights.h5"
        partial = self.directory / f"partial-{os.getpid()}.weights.h5"
        self.model.save_weights(partial, overwrite=True)
        _flush(partial)
        os.replace(partial, path)
        _flush(self.directory)
        for _, old in self._saved()[:-1]:
            old.unlink()


def _flush(path):
    """Make what was written to a file (or the names in a folder) survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
