"""Callbacks around one call of `fit`: the guard, and states from which training resumes."""

import contextlib
from collections.abc import Callable, Iterator

import keras

from zoo.callbacks.guard import NonFiniteGuard
from zoo.callbacks.resume import Resume
from zoo.training import arguments


def with_guard(callbacks) -> list[keras.callbacks.Callback]:
    """The callbacks as a list, with a `NonFiniteGuard` in front.

    Raises:
        TypeError: callbacks is not a callback or a list of callbacks.
    """
    callbacks = arguments.as_callbacks(callbacks)
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    # First, so that no other callback saves weights that are not finite.
    guards = [c for c in callbacks if isinstance(c, NonFiniteGuard)] or [NonFiniteGuard()]
    return [*guards, *(c for c in callbacks if c not in guards)]


@contextlib.contextmanager
def session(
    model, callbacks: list[keras.callbacks.Callback], describe_data: Callable[[], dict]
) -> Iterator[int]:
    """Restore a saved state, yield its number of epochs, and tidy up after the training.

    However training ends, weights that are not finite are replaced by the last good ones, and
    the folders of `Resume` are unlocked.

    Args:
        model: the model; what it restores is checked.
        callbacks: a list with a guard, of `with_guard`.
        describe_data: function that describes the training data, for `Resume`.
    """
    resumes = [c for c in callbacks if isinstance(c, Resume)]
    try:
        yield _restored_epochs(model, callbacks, describe_data)
    except BaseException as error:
        for callback in callbacks:
            if isinstance(callback, NonFiniteGuard):
                callback.end()
            elif isinstance(callback, Resume) and isinstance(error, FloatingPointError):
                callback.mark_diverged()
        raise
    finally:
        for callback in resumes:
            callback.release()


def _restored_epochs(model, callbacks, describe_data):
    """Number of epochs of the state that a callback restored; 0 without one."""
    if model.built:
        with model.distribute_strategy.scope():
            model.optimizer.build(model.trainable_variables)
    epochs = [0]
    for callback in callbacks:
        if isinstance(callback, Resume):
            callback.acquire(model)
            epochs.append(callback.restore(model, describe_data()))
        elif hasattr(callback, "restore"):
            epochs.append(callback.restore(model))
    return max(epochs)
