"""Checks of the arguments of `fit`, `evaluate` and `predict`, before anything changes."""

import keras
import numpy as np

from zoo.core import validation
from zoo.core.argument_values import is_integer, is_real
from zoo.core.suggestions import nearest

VERBOSE = ("auto", 0, 1, 2)


def check_fit(options, epochs=1, initial_epoch=0, verbose="auto", shuffle=True, **counts):
    """Raise `ValueError` or `TypeError` for an argument of `fit` that it cannot use.

    Args:
        options: further arguments, of which only those of Keras' `fit` are known.
        epochs, initial_epoch, verbose, shuffle: as in `keras.Model.fit`.
        **counts: arguments that are positive integers or None.
    """
    known = ("validation_steps", "validation_freq")
    refuse_unknown("fit", options, known)
    validation.check_optional_counts(**counts, validation_steps=options.get("validation_steps"))
    for name, value in (("epochs", epochs), ("initial_epoch", initial_epoch)):
        if not is_integer(value) or value < 0:
            raise ValueError(f"{name} must be an integer of at least 0, got {value!r}")
        if value > validation.MAX_COUNT:
            raise ValueError(f"{name} must be at most 2**31 - 1, got {value!r}")
    check_verbose(verbose)
    if not isinstance(shuffle, (bool, np.bool_)):
        raise TypeError(f"shuffle must be True or False, got {shuffle!r}")
    frequency = options.get("validation_freq", 1)
    epochs = frequency if isinstance(frequency, (list, tuple, set, range)) else [frequency]
    if not all(is_integer(epoch) and epoch > 0 for epoch in epochs):
        raise ValueError(
            "validation_freq must be a positive integer, or a list of the epochs after which to "
            f"validate, got {frequency!r}"
        )


def check_loop(method, batch_size=None, steps=None, verbose="auto", callbacks=None, **unknown):
    """The same for the method "evaluate" or "predict"."""
    refuse_unknown(method, unknown, ("batch_size", "steps", "verbose", "callbacks"))
    validation.check_optional_counts(batch_size=batch_size, steps=steps)
    check_verbose(verbose)
    as_callbacks(callbacks)


def check_compile(jit_compile, steps_per_execution, **options):
    """Raise for an argument of `compile` of the wrong type, before Keras changes the optimizer."""
    for name in ("metrics", "weighted_metrics"):
        metrics = options.get(name)
        if metrics is not None and not isinstance(metrics, (list, tuple, dict)):
            raise TypeError(f"{name} must be a list of metrics, got {metrics!r}")
    is_auto = validation.is_text(jit_compile, "auto")
    if not is_auto and not isinstance(jit_compile, (bool, np.bool_)):
        raise TypeError(f"jit_compile must be True, False or 'auto', got {jit_compile!r}")
    if not validation.is_text(steps_per_execution, "auto"):
        validation.check_counts(steps_per_execution=steps_per_execution)


def refuse_unknown(method, options, known):
    """Raise `TypeError` for an argument that the method does not have."""
    for option in options:
        if option not in known:
            raise TypeError(f"{method} has no argument {option!r}{nearest(option, known)}")


def check_verbose(verbose):
    """Raise `ValueError` unless verbose is one of Keras' levels."""
    if not isinstance(verbose, (str, int, float, np.generic)) or verbose not in VERBOSE:
        raise ValueError(f"verbose must be 'auto', 0, 1 or 2, got {verbose!r}")


def as_callbacks(callbacks):
    """Callbacks as a list; a `CallbackList` of Keras as it is."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    if callbacks is None:
        return []
    several = isinstance(callbacks, (list, tuple))
    callbacks = [*callbacks] if several else [callbacks]
    for callback in callbacks:
        if not hasattr(callback, "set_model") or isinstance(callback, type):
            raise TypeError(
                "callbacks must be a keras.callbacks.Callback or a list of them, got "
                f"{callback!r}" + (": create it, with ()" if isinstance(callback, type) else "")
            )
    return callbacks


def check_validation_split(fraction):
    """Raise `ValueError` unless the fraction is a number in [0, 1)."""
    if not is_real(fraction) or not 0 <= fraction <= 1:
        raise ValueError(f"validation_split must be a fraction in [0, 1), got {fraction!r}")
