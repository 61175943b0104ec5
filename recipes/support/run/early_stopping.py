"""Early stopping that a resumed run continues exactly."""

import math

import keras
from support.run.cli import InputError

from zoo.core import checkpoints

MONITOR = "val_elbo"


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Stop after `patience` epochs without a better held-out ELBO and restore the best weights.

    The best weights are written to a file, so that they survive a killed process; the best value
    and the number of epochs without a better one are computed from the history. In the list of
    callbacks it must come before `zoo.Resume`, so that the best weights of an epoch are saved
    before its checkpoint.
    """

    def __init__(self, patience):
        super().__init__(MONITOR, mode="max", patience=patience)
        self.folder, self._past = None, ()

    def resume(self, folder, history):
        """Continue after `history`; return True if training had stopped early by then.

        Args:
            folder: the folder of checkpoints, where the best weights are saved, too.
            history: name -> a number for each epoch that was trained before.
        """
        if history and MONITOR not in history:
            raise InputError(
                "--resume",
                f"expected a column {MONITOR} in history.csv, got {', '.join(history)}; restore "
                "the file, or train again with another --out",
            )
        self.folder = folder
        self._past = list(
            zip(map(int, history.get("epoch", ())), history.get(MONITOR, ()), strict=True)
        )
        self._check_values()
        stopped = self._replay()
        if self._past:
            try:
                checkpoints.read(self._file(self.best_epoch))
            except checkpoints.CheckpointError as error:
                raise InputError(
                    "--resume",
                    f"expected the best weights in {self._file(self.best_epoch)}: {error}; to "
                    "train again, choose another --out",
                ) from error
            self._require_free(after=self._past[-1][0])
        return stopped

    def _check_values(self):
        """Raise if the history has another value of an epoch than the record of its weights."""
        for epoch, value in self._past:
            path = self._file(epoch)
            try:
                saved = (checkpoints.record(path) or {}).get(MONITOR, value)
            except checkpoints.CheckpointError:
                continue  # matters for the best weights alone, which are read
            if not isinstance(saved, float) or not math.isclose(saved, value, rel_tol=1e-6):
                raise InputError(
                    "--resume",
                    f"expected {MONITOR} of epoch {epoch} in history.csv to be {saved}, as in "
                    f"{checkpoints.record_path(path).name}, got {value}; restore the file, or "
                    "train again with another --out",
                )

    def _require_free(self, after):
        """Raise if files of another program have names of best weights of epochs to come."""
        for stem in sorted({path.name.split(".")[0] for path in self.folder.glob("best-*")}):
            path = self.folder / f"{stem}{checkpoints.SUFFIX}"
            if path > self._file(after):
                try:
                    checkpoints.require_free(path)
                except FileExistsError as error:
                    raise InputError("--resume", str(error)) from error

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._replay()

    def on_epoch_end(self, epoch, logs=None):
        previous_best = self.best_epoch
        super().on_epoch_end(epoch, logs)
        if self.best is not None and self.best_epoch == epoch:
            self._save(epoch)
            # If the process is killed before the next checkpoint, training resumes from the
            # previous best weights, so both files are needed.
            for path in self.folder.glob(f"best-*{checkpoints.SUFFIX}"):
                needed = path in (self._file(previous_best), self._file(epoch))
                if not needed and checkpoints.record_path(path).exists():
                    checkpoints.remove(path)

    def on_train_end(self, logs=None):
        super().on_train_end(logs)
        if self.best is not None:
            try:
                checkpoints.load(self.model, self._file(self.best_epoch))
            except checkpoints.CheckpointError as error:
                print(f"The weights of the last epoch are used, not the best ones: {error}")

    def _replay(self):
        """Restore the state after the past epochs; return True if training had stopped by then."""
        self.wait, self.best, self.best_epoch = 0, None, 0
        for epoch, value in self._past:
            self.wait += 1
            if self.best is None or value > self.best:
                self.wait, self.best, self.best_epoch = 0, value, epoch
        return self.wait >= self.patience

    def _file(self, epoch):
        return self.folder / f"best-{epoch:06d}{checkpoints.SUFFIX}"

    def _save(self, epoch):
        value = {MONITOR: float(self.best)}
        checkpoints.write(self.model, self._file(epoch), epochs=epoch + 1, **value)
