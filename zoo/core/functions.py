"""Cache of a model's compiled functions, which `compile` clears."""

import contextlib
import functools

import keras
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


def for_any_rows(program, batch, *arguments):
    """Trace a function of `compiled`, if it is new, for any number of rows; return the function.

    TensorFlow would trace it for the rows of the first call and again for those of another.

    Args:
        program: the function, which XLA does not compile.
        batch: its first argument, a tree of tensors that begin with the rows.
        *arguments: its other arguments, tensors of fixed shapes.
    """
    eager = tf.config.functions_run_eagerly() or not hasattr(program, "get_concrete_function")
    if not eager and not program.experimental_get_tracing_count():
        specs = keras.tree.map_structure(_any_rows, batch)
        program.get_concrete_function(specs, *map(tf.TensorSpec.from_tensor, arguments))
    return program


def _any_rows(tensor):
    return tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype)


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
