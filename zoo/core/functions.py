"""Compiled functions of a model, kept until it is compiled anew."""

import functools

import tensorflow as tf

from zoo.core import execution


def compiled(model, name, function, jit_compile=False):
    """`tf.function` of `function`, made once for each name and each `compile` of the model.

    The function itself where the model was compiled with `run_eagerly=True`.

    Args:
        model: a `VAE`; it owns the functions.
        name: hashable; all constants that the function holds belong in it.
        function: of tensors alone.
        jit_compile: whether XLA compiles it.
    """
    if model.run_eagerly:
        return functools.partial(_traced, function, False)
    functions = model._functions
    if name not in functions:
        # A partial, or TensorFlow takes all of these for one function and warns of retracing.
        traced = functools.partial(_traced, function, jit_compile)
        functions[name] = tf.function(
            traced, reduce_retracing=not jit_compile, autograph=False, jit_compile=jit_compile
        )
    return functions[name]


def forget(model):
    """Trace anew after a change that functions hold as constants, as a vocabulary."""
    model._functions = {}
    model.train_function = model.test_function = model.predict_function = None


def _traced(function, jit_compile, *args):
    with execution.tracing(jit_compile):
        return function(*args)
