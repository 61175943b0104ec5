"""Cache of a model's compiled functions, which `compile` clears."""

import contextlib
import functools

import tensorflow as tf

from zoo.core import execution


def compiled(model, name, function, jit_compile=False):
    """`tf.function` of `function`, created once for each name and each `compile` of the model.

    With `run_eagerly=True` in `compile`, the function runs without `tf.function`.

    Args:
        model: a `VAE`, which owns the cache.
        name: hashable key, with all constants that the function uses.
        function: a function whose arguments are all tensors.
        jit_compile: whether XLA compiles it.
    """
    if model.run_eagerly:
        return functools.partial(_traced, function, False)
    functions = model._functions
    if name not in functions:
        # Without the partial, TensorFlow would treat all as one function and warn of retracing.
        traced = functools.partial(_traced, function, jit_compile)
        functions[name] = tf.function(
            traced, reduce_retracing=not jit_compile, autograph=False, jit_compile=jit_compile
        )
    return functions[name]


def forget(model):
    """Discard compiled functions, after a change of their constants such as a vocabulary."""
    model._functions = {}
    model.train_function = model.test_function = model.predict_function = None


@contextlib.contextmanager
def forgotten_on_error(model):
    """Discard compiled functions if an error comes out, of which one may be traced in part.

    TensorFlow would return None from it at the next call. An error of the data, or of a loss that
    is not finite, comes from a complete function.
    """
    try:
        yield
    except (tf.errors.OpError, FloatingPointError):
        raise
    except Exception:
        forget(model)
        raise


def _traced(function, jit_compile, *args):
    with execution.tracing(jit_compile):
        return function(*args)
