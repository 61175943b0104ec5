"""Callback that stops training when it diverges, and restores the last good weights."""

import math
import time

import keras
import numpy as np

from zoo.core import checkpoints
from zoo.core.argument_values import is_real

# A loss is good up to this many times the scale of the losses above the lowest one.
MAX_EXCESS = 1e4


class NonFiniteGuard(keras.callbacks.Callback):
    """Callback that stops training with `FloatingPointError` when training diverges.

    It diverges if a loss becomes NaN or infinite; if a weight or the optimizer's state does, which
    is checked after each epoch, the last one included; or if the mean loss of an epoch is not
    good. A finite loss is good unless it exceeds the lowest mean loss of an epoch so far, or the
    first loss, by more than 10,000 times a scale: the largest of 1 nat, the magnitude of the lowest
    loss, and the decrease since the first loss. The noise of training and the schedule of a term's
    weight stay far below that.

    Weights and optimizer state are then restored from the last good copy: all values are finite,
    and the loss that was computed with them was good. Copies are made at the start of training,
    after each epoch and, in long epochs, every `seconds`. `fit` adds this callback unless
    `callbacks` has one, and calls it before the others. If `fit` is left by another error, weights
    that are not finite are replaced, too.

    Args:
        seconds: minimum time between two copies within an epoch.

    Raises:
        ValueError: seconds is not a number of at least 0.
    """

    def __init__(self, seconds: float = 60.0):
        super().__init__()
        if isinstance(seconds, bool) or not isinstance(seconds, int | float | np.number):
            raise ValueError(f"seconds must be a number of at least 0, got {seconds!r}")
        if not is_real(seconds) or not seconds >= 0:
            raise ValueError(f"seconds must be a number of at least 0, got {seconds!r}")
        self.seconds = seconds
        self._reset()

    def _reset(self):
        self._good, self._newest = None, None  # copies: (step, values)
        self._first_loss, self._lowest_loss = None, None
        self._copy_time, self._epoch = 0.0, 0

    def on_train_begin(self, logs=None):
        self._reset()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        if self._newest is None:
            self._copy()

    def on_train_batch_end(self, batch, logs=None):
        loss = _loss(logs)
        if not math.isfinite(loss):
            self._fail(f"the loss became {loss}")
        if self._first_loss is None:
            self._first_loss = self._lowest_loss = loss
        if self._is_good(loss):
            self._good = self._newest  # its weights gave this loss
        if time.monotonic() - self._copy_time > self.seconds:
            self._copy()

    def on_epoch_end(self, epoch, logs=None):
        name = self._copy()
        if name is not None:
            self._fail(f"{name} became NaN or infinite")
        loss = _loss(logs)
        if self._lowest_loss is not None:
            if not self._is_good(loss):
                self._fail(f"the mean loss of an epoch rose from {self._lowest_loss:g} to {loss:g}")
            self._lowest_loss = min(self._lowest_loss, loss)

    def on_train_end(self, logs=None):
        self._reset()

    def end(self) -> None:
        """Restore the last good weights if the present ones are not finite; forget the copies."""
        if self._newest is not None and checkpoints.not_finite(self.model) is not None:
            self._restore()
        self._reset()

    def _is_good(self, loss):
        scale = max(1.0, abs(self._lowest_loss), self._first_loss - self._lowest_loss)
        return loss - self._lowest_loss <= MAX_EXCESS * scale

    def _copy(self):
        """Copy the weights if all are finite; else return the path of one that is not."""
        self._copy_time = time.monotonic()
        if not self.model.built:
            return None
        values = checkpoints.values(self.model)
        name = checkpoints.not_finite(self.model, values)
        if name is None:
            self._newest = int(self.model.optimizer.iterations.numpy()), values
        return name

    def _restore(self):
        """Restore the last good copy, or else the first; return its step, or None without one."""
        copy = self._good or self._newest
        if copy is None:
            return None
        step, values = copy
        checkpoints.assign(self.model, values)
        return step

    def _fail(self, what):
        step = int(self.model.optimizer.iterations.numpy())
        restored = self._restore()
        outcome = (
            "There is no copy of finite weights to restore."
            if restored is None
            else f"The weights of step {restored}, all finite, were restored."
        )
        raise FloatingPointError(
            f"{what} by step {step} (epoch {self._epoch + 1}). {outcome} "
            "Look for NaN or huge values in the data, or try a smaller learning rate, gradient "
            "clipping (optimizer clipnorm=1.0), or a larger floor of the likelihood's scale."
        )


def _loss(logs):
    return float(np.asarray((logs or {}).get("loss", 0.0)).mean())
