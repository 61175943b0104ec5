"""Early stopping that a killed run goes on with as if nothing had happened."""

import os

import keras
from support.run.cli import InputError

MONITOR = "val_elbo"


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Stops after `patience` epochs without a better ELBO, and goes back to the best weights.

    The best weights are a file, so that they survive a kill; patience and the best value follow
    from the history of the epochs before. It must come before `zoo.Resume` among the callbacks:
    the state of an epoch then is only kept once its best weights are.
    """

    def __init__(self, patience):
        super().__init__(MONITOR, mode="max", patience=patience)
        self.folder, self._before = None, ()

    def resume(self, folder, history):
        """Keep the best weights in `folder` and go on after `history`; whether that had stopped.

        Args:
            folder: the checkpoints.
            history: name -> a number for each epoch that was trained before.
        """
        self.folder = folder
        self._before = list(
            zip(map(int, history.get("epoch", ())), history.get(MONITOR, ()), strict=True)
        )
        stopped = self._replay()
        if self._before and not self._file(self.best_epoch).exists():
            raise InputError("--resume", f"{self._file(self.best_epoch)} is missing: start anew")
        return stopped

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._replay()

    def on_epoch_end(self, epoch, logs=None):
        before = self.best_epoch
        super().on_epoch_end(epoch, logs)
        if self.best is not None and self.best_epoch == epoch:
            self._save(epoch)
            # A kill before the next checkpoint takes training back to the best weights so far.
            for path in self.folder.glob("best-*.weights.h5"):
                if path not in (self._file(before), self._file(epoch)):
                    path.unlink()

    def on_train_end(self, logs=None):
        super().on_train_end(logs)
        if self.best is not None:
            self.model.load_weights(self._file(self.best_epoch))

    def _replay(self):
        """State after the epochs before; whether training had stopped by then."""
        self.wait, self.best, self.best_epoch = 0, None, 0
        for epoch, value in self._before:
            self.wait += 1
            if self.best is None or value > self.best:
                self.wait, self.best, self.best_epoch = 0, value, epoch
        return self.wait >= self.patience

    def _file(self, epoch):
        return self.folder / f"best-{epoch:06d}.weights.h5"

    def _save(self, epoch):
        # `zoo.Resume` removes what a killed process left under such a name.
        partial = self.folder / f"partial-best-{os.getpid()}.weights.h5"
        self.model.save_weights(partial, overwrite=True)
        os.replace(partial, self._file(epoch))
