"""Time of training: an estimate after its first steps, and lines while it is silent."""

import time

import keras

MIN_SECONDS = 2.0  # that are measured, unless epochs are shorter
MIN_EPOCHS = 3


class DurationEstimate(keras.callbacks.Callback):
    """Print once about how long training will take.

    A long first epoch is measured by its steps after the first call, which compiles the program;
    short epochs are measured after the first one, in which the validation is compiled too.

    Args:
        stops_early: True if training may end before its last epoch.
        write: a function that takes the text.
    """

    def __init__(self, stops_early=False, write=print):
        super().__init__()
        self.stops_early, self.write = stops_early, write
        self._done = False

    def on_train_begin(self, logs=None):
        self._first_epoch = self._first_call = self._first_end = None

    def on_epoch_begin(self, epoch, logs=None):
        if self._first_epoch is None:
            self._first_epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        now, steps = time.monotonic(), self.params.get("steps")
        if self._first_call is None:
            self._first_call = now, batch
        elif self._first_end is None and steps and now - self._first_call[0] >= MIN_SECONDS:
            self._print((now - self._first_call[0]) / (batch - self._first_call[1]) * steps)

    def on_epoch_end(self, epoch, logs=None):
        now = time.monotonic()
        if self._first_end is None:
            self._first_end = now, epoch
            return
        seconds, epochs = now - self._first_end[0], epoch - self._first_end[1]
        if seconds >= MIN_SECONDS or epochs >= MIN_EPOCHS:
            self._print(seconds / epochs)

    def _print(self, seconds_per_epoch):
        if self._done:
            return
        self._done = True
        count = self.params["epochs"] - self._first_epoch
        text = f"training takes about {duration(count * seconds_per_epoch)} for {count} epochs"
        self.write(f"\n{text}{'; it may stop earlier' * self.stops_early}")


class EpochLines(keras.callbacks.Callback):
    """Print some lines while a model is trained in phases without Keras' own output.

    Args:
        epochs: number of epochs of all phases together.
        names: metrics to print.
        lines: how many to print about.
        write: a function that takes the text.
    """

    def __init__(self, epochs, names, lines=20, write=print):
        super().__init__()
        self.epochs, self.names, self.write = epochs, names, write
        self._every, self._start = max(1, epochs // lines), time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        if epoch and (epoch + 1) % self._every and epoch + 1 < self.epochs:
            return
        seconds = time.monotonic() - self._start
        numbers = ", ".join(f"{name} {logs[name]:.2f}" for name in self.names if name in logs)
        left = duration(seconds / (epoch + 1) * (self.epochs - epoch - 1))
        rest = f", about {left} left" if epoch and epoch + 1 < self.epochs else ""
        self.write(f"epoch {epoch + 1} of {self.epochs}: {numbers}; {duration(seconds)}{rest}")


def duration(seconds):
    """Seconds as text: "40 s", "12 min" or "3.5 h"."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
