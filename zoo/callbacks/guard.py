"""Callback that stops training at a loss that is not finite, and restores finite weights."""

import math
import time

import keras
import numpy as np


class NonFiniteGuard(keras.callbacks.Callback):
    """Callback that stops training with `FloatingPointError` if the loss becomes NaN or infinite.

    Weights and optimizer state are then restored from the last copy in which everything was finite.
    Copies are made at the start of each epoch and, in long epochs, every `seconds`. `fit` adds this
    callback unless `callbacks` has one.

    Args:
        seconds: minimum time between two copies within an epoch.
    """

    def __init__(self, seconds: float = 60.0):
        super().__init__()
        self.seconds = seconds
        self._copy, self._copy_time, self._copy_step, self._epoch = None, 0.0, 0, 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        self._copy_if_finite()

    def on_train_batch_end(self, batch, logs=None):
        loss = float(np.asarray((logs or {}).get("loss", 0.0)).mean())
        if not math.isfinite(loss):
            self._restore_and_raise(loss)
        if time.monotonic() - self._copy_time > self.seconds:
            self._copy_if_finite()

    def on_train_end(self, logs=None):
        self._copy = None

    def _variables(self):
        return [*self.model.variables, *self.model.optimizer.variables]

    def _copy_if_finite(self):
        if not self.model.built:
            return
        values = [np.array(v.numpy()) for v in self._variables()]
        floats = (v for v in values if np.issubdtype(v.dtype, np.floating))
        if all(np.isfinite(v).all() for v in floats):
            self._copy, self._copy_step = values, int(self.model.optimizer.iterations.numpy())
            self._copy_time = time.monotonic()

    def _restore_and_raise(self, loss):
        step = int(self.model.optimizer.iterations.numpy())
        restored = "There is no copy of finite weights to restore."
        if self._copy is not None:
            for variable, value in zip(self._variables(), self._copy, strict=True):
                variable.assign(value)
            restored = f"The weights of step {self._copy_step}, all finite, were restored."
        raise FloatingPointError(
            f"the loss became {loss} by step {step} (epoch {self._epoch + 1}). {restored} "
            "Look for NaN or huge values in the data, or try a smaller learning rate, gradient "
            "clipping (optimizer clipnorm=1.0), or a larger floor of the likelihood's scale."
        )
