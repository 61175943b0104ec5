"""Callback that makes an interrupted training run resumable."""

import os
import pathlib
import warnings
from collections.abc import Mapping

import keras

from zoo.callbacks import configuration, state_files
from zoo.core import checkpoints, files, locks
from zoo.core.argument_values import positive
from zoo.core.validation import check_path

KEPT = 2  # states


class Resume(keras.callbacks.Callback):
    """Callback that saves the state of training after each epoch, from which `fit` resumes.

    An interrupted run on arrays resumes to bit-identical weights: start the program again, so that
    it builds the same model and calls `fit` with the same arguments. Weights, optimizer state,
    random seeds and term weights are saved, and the order of array data is a function of (seed,
    epoch). A `tf.data` dataset has its own order; for identical weights it must be the same in each
    epoch. The state of other callbacks, such as the patience of `EarlyStopping`, is not saved.

    The folder holds the two newest states, `epoch-NNNNNN.weights.h5`, each with a record
    `epoch-NNNNNN.json`: a SHA-256 checksum and a description of model, data, their order and the
    seed. A state that is damaged, holds NaN or infinity, or from which training diverged (see
    `zoo.NonFiniteGuard`) is passed over with a warning, and `fit` resumes from the one before it.
    The state of another model, of other data or of another seed is refused, and so is a folder that
    another process is using. Files of other programs are neither changed nor deleted.

    Epochs, learning rate and the optimizer's other settings may differ from those of the
    interrupted run. A learning rate that differs from that of the interrupted run's start replaces
    the saved one.

    A file is written under a temporary name, flushed to disk and then renamed, and only then are
    older files deleted, so that a complete file exists at any time. To save more often than once
    per pass over the data, pass a smaller `steps_per_epoch` to `fit`.

    Args:
        directory: folder that only this run uses.
        every: number of epochs between two states.

    Raises:
        TypeError: directory is not a path.
        ValueError: every is not a positive integer; when `fit` resumes, the model is not built, the
            states belong to another model or other data, or none of them can be loaded.
        RuntimeError: another process is using the folder.
        OSError: a state cannot be written, for example because the disk is full.
    """

    def __init__(self, directory: str | os.PathLike, every: int = 1):
        super().__init__()
        (self.every,) = positive(every=every)
        check_path(directory=directory)
        self.directory = pathlib.Path(directory)
        self._lock = locks.FolderLock(self.directory)
        self._data, self._learning_rate, self._unconfirmed = None, None, None

    def restore(
        self, model: keras.Model, data: Mapping[str, str] | None = None, before: int | None = None
    ) -> int:
        """Load the newest good state into a built, compiled model; return its number of epochs.

        Args:
            model: the model.
            data: description of the training data, which `fit` passes; None does not compare them.
            before: load a state of at most that many epochs.

        Raises:
            ValueError: the model is not built, the states belong to another model or other data, or
                none of them can be loaded.
        """
        self._data, self._learning_rate = data, _learning_rate(model)
        states = [(n, path) for n, path in self.states() if before is None or n <= before]
        # Files without a record may be of another program.
        states = [s for s in states if checkpoints.record_path(s[1]).exists()] or states
        if not states:
            if not self.states():
                state_files.refuse_lost_weights(self.directory)
            return 0
        if not model.built:
            raise ValueError(
                "model must be built to be resumed by zoo.Resume, got one without weights: pass "
                "input_shape= to zoo.get, or arrays to fit"
            )
        model.optimizer.build(model.trainable_variables)
        problems = []
        for epochs, path in reversed(states):
            try:
                self._load(model, path)
            except checkpoints.CheckpointError as error:
                problems.append(str(error))
                continue
            for problem in problems:
                warnings.warn(f"{problem}; {path} is used instead", stacklevel=2)
            self._unconfirmed = path
            return epochs
        if all(_diverged(path) for _, path in states):
            warnings.warn(
                f"training diverged from each state in {self.directory} and begins anew",
                stacklevel=2,
            )
            return 0
        raise ValueError(
            f"directory must hold a state that can be loaded, got {self.directory}: "
            f"{'; '.join(problems)}. To begin anew, choose another folder"
        )

    def states(self) -> list[tuple[int, pathlib.Path]]:
        """(number of epochs, path of the weights) of each state, the newest last."""
        return state_files.states(self.directory)

    def require_free(self, first: int, last: float) -> None:
        """Raise `FileExistsError` if files of another program are where states will be written.

        Args:
            first, last: numbers of epochs; states after the first one and up to the last one count.
        """
        state_files.require_free(self.directory, first, last)

    def acquire(self, model: keras.Model) -> None:
        """Lock the folder, as `fit` does before it restores the model."""
        if not _is_chief(model):
            return
        try:
            self._lock.acquire()
        except (FileExistsError, NotADirectoryError):
            raise ValueError(
                f"directory must be a folder, got {self.directory}, where a file is in the way"
            ) from None
        files.remove_partials(self.directory)

    def release(self) -> None:
        """Unlock the folder, as `fit` does at its end."""
        self._lock.release()

    def mark_diverged(self) -> None:
        """Mark the newest state as one from which training diverged, so that it is passed over."""
        if self._unconfirmed is not None:
            checkpoints.update_record(self._unconfirmed, diverged=True)
            self._unconfirmed = None

    def on_train_begin(self, logs=None):
        self.acquire(self.model)
        first = 0 if self._unconfirmed is None else state_files.number(self._unconfirmed)
        self.require_free(first, self.params["epochs"])
        if self._learning_rate is None:
            self._learning_rate = _learning_rate(self.model)

    def on_train_batch_end(self, batch, logs=None):
        # `zoo.NonFiniteGuard` would have ended training at a loss that is not good.
        self._unconfirmed = None

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self._save(epoch + 1)

    def on_train_end(self, logs=None):
        self.release()

    def _load(self, model, path):
        record = checkpoints.record(path)
        if record is None:
            warnings.warn(
                f"{path} has no record, as if written by zoo 0.1.0: whether it belongs to this "
                "model and these data was not checked",
                stacklevel=4,
            )
        elif record.get("diverged"):
            raise checkpoints.CheckpointError(f"training diverged from {path}")
        else:
            self._check(model, path, record)
        checkpoints.load(model, path)
        saved_rate = None if record is None else record.get("learning_rate")
        if None not in (saved_rate, self._learning_rate) and saved_rate != self._learning_rate:
            model.optimizer.learning_rate = self._learning_rate

    def _check(self, model, path, record):
        """Raise `ValueError` that says what differs if a state is of another model or data.

        `CheckpointError` if its record is damaged.
        """
        same_versions = record.get("versions") == checkpoints.versions()
        problems = []
        current_values = {"data": self._data, "configuration": configuration.describe(model)}
        for name, current in current_values.items():
            saved = record.get(name)
            if saved is not None and not isinstance(saved, Mapping):
                raise checkpoints.CheckpointError(
                    f"{checkpoints.record_path(path)} is damaged: {name} must be a dict, got "
                    f"{type(saved).__name__}"
                )
            if saved is not None and current is not None:
                problems += configuration.differences(saved, current, same_versions)
        if problems:
            more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
            raise ValueError(
                f"directory must be of this model and these data, got {self.directory} of another "
                f"run: {'; '.join(problems[:3])}{more}. Choose another folder, or load {path} with "
                "vae.load_weights to start from its weights"
            )

    def _save(self, epochs):
        path = self.directory / f"epoch-{epochs:06d}{checkpoints.SUFFIX}"
        checkpoints.write(
            self.model,
            path,
            to_disk=_is_chief(self.model),
            epochs=epochs,
            versions=checkpoints.versions(),
            learning_rate=self._learning_rate,
            data=self._data,
            configuration=configuration.describe(self.model),
        )
        self._unconfirmed = path
        own = [p for n, p in self.states() if n <= epochs and checkpoints.record_path(p).exists()]
        for old in own[:-KEPT]:
            checkpoints.remove(old)


def _diverged(path):
    try:
        return bool((checkpoints.record(path) or {}).get("diverged"))
    except checkpoints.CheckpointError:
        return False


def _learning_rate(model):
    """Learning rate, or None if it is a schedule's or there is no optimizer."""
    optimizer = getattr(model, "optimizer", None)
    rate = getattr(optimizer, "learning_rate", None)
    return float(rate.numpy()) if isinstance(rate, keras.Variable) else None


def _is_chief(model):
    """True in the process that writes the folder: of several workers, the first."""
    resolver = getattr(model.distribute_strategy, "cluster_resolver", None)
    if resolver is None or not resolver.task_id:
        jobs = (
            () if resolver is None or resolver.task_type is None else resolver.cluster_spec().jobs
        )
        return "chief" not in jobs or resolver.task_type == "chief"
    return False
