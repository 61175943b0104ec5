"""Ctrl-C that lets a training step end first."""

import signal
import threading

import keras


class BetweenSteps(keras.callbacks.Callback):
    """Turns the first Ctrl-C into a KeyboardInterrupt after the step; a second one comes at once.

    Python raises KeyboardInterrupt wherever it happens to be: in the middle of a destructor of
    TensorFlow's it is swallowed and training goes on, or it leaves a file half written. Use it as a
    context manager around `fit`, and as the last of its callbacks.
    """

    def __init__(self):
        super().__init__()
        self.asked, self._before = False, None

    def __enter__(self):
        # Only the main thread ever gets Ctrl-C, or may say what it does; None is not Python's.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
        if callable(self._before):
            signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, kind, error, trace):
        if callable(self._before):
            signal.signal(signal.SIGINT, self._before)
        if kind is None:
            self._check()  # it came after the last step

    def on_train_batch_end(self, batch, logs=None):
        self._check()

    def on_test_batch_end(self, batch, logs=None):
        self._check()

    def on_epoch_end(self, epoch, logs=None):
        self._check()

    def _ask(self, number, frame):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def _check(self):
        if self.asked:
            self.asked = False
            raise KeyboardInterrupt
