"""Stop when the loss is no longer a number, and keep the weights of when it was."""

import math
import time

import keras
import numpy as np


class NonFiniteGuard(keras.callbacks.Callback):
    """Ends training with `FloatingPointError` when the loss becomes NaN or infinite.

    The weights and the optimizer's state then are those of the last copy in which everything was
    finite: taken at the start, at each epoch's start and, in long epochs, each `seconds`. `fit`
    adds one of these by itself.

    Args:
        seconds: the least time between two copies within an epoch.
    """

    def __init__(self, seconds=60.0):
        super().__init__()
        self.seconds = seconds
        self._copy, self._copied_at, self._step, self._epoch = None, 0.0, 0, 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        self._keep()

    def on_train_batch_end(self, batch, logs=None):
        loss = float(np.asarray((logs or {}).get("loss", 0.0)).mean())
        if not math.isfinite(loss):
            self._stop(loss)
        if time.monotonic() - self._copied_at > self.seconds:
            self._keep()

    def on_train_end(self, logs=None):
        self._copy = None

    def _variables(self):
        return [*self.model.variables, *self.model.optimizer.variables]

    def _keep(self):
        if not self.model.built:
            return
        values = [np.array(v.numpy()) for v in self._variables()]
        floats = (v for v in values if np.issubdtype(v.dtype, np.floating))
        if all(np.isfinite(v).all() for v in floats):
            self._copy, self._step = values, int(self.model.optimizer.iterations.numpy())
            self._copied_at = time.monotonic()

    def _stop(self, loss):
        at = int(self.model.optimizer.iterations.numpy())
        kept = "No finite weights were seen, so none could be restored."
        if self._copy is not None:
            for variable, value in zip(self._variables(), self._copy, strict=True):
                variable.assign(value)
            kept = f"The weights are back at those of step {self._step}, where all was finite."
        raise FloatingPointError(
            f"the loss became {loss} by step {at} (epoch {self._epoch + 1}). {kept} What to try: "
            "look for NaN or huge values in the data; a smaller learning rate; gradient clipping "
            "(optimizer clipnorm=1.0); a larger floor of the likelihood's scale."
        )
