"""Ctrl-C during training: the current step is finished first."""

import signal
import threading

import keras


class BetweenSteps(keras.callbacks.Callback):
    """Raise KeyboardInterrupt after the current step on the first Ctrl-C, at once on the second.

    Python raises KeyboardInterrupt at whatever line is running: in a destructor of TensorFlow it
    would be swallowed and training would go on, elsewhere it could leave a half-written file. Use
    this as a context manager around `fit`, and as the last of its callbacks.
    """

    def __init__(self):
        super().__init__()
        self.requested, self._previous = False, None

    def __enter__(self):
        # Only the main thread may set signal handlers; a handler of None was not set by Python.
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.getsignal(signal.SIGINT)
        if callable(self._previous):
            signal.signal(signal.SIGINT, self._request)
        return self

    def __exit__(self, kind, error, trace):
        if callable(self._previous):
            signal.signal(signal.SIGINT, self._previous)
        if kind is None:
            self._raise_if_requested()  # Ctrl-C after the last step

    def on_train_batch_end(self, batch, logs=None):
        self._raise_if_requested()

    def on_test_batch_end(self, batch, logs=None):
        self._raise_if_requested()

    def on_epoch_end(self, epoch, logs=None):
        self._raise_if_requested()

    def _request(self, number, frame):
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True

    def _raise_if_requested(self):
        if self.requested:
            self.requested = False
            raise KeyboardInterrupt
