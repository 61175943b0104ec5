"""Choice of XLA for the steps of a model on a CPU, which `jit_compile="auto"` leaves open.

A program of XLA takes seconds to compile and saves milliseconds a step (docs/performance-notes.md),
so that it pays in a long training alone.
"""

import contextlib

# A fifth less time for a step, at five times the time before the first one: the two are even after
# about 1,600 steps of `dense_vae` and of `dense_ladder_vae`.
MIN_STEPS = 1000


def is_short(steps):
    """True if a training of so many steps, None if unknown, ends before a compilation pays."""
    return steps is not None and steps < MIN_STEPS


def of_training(model, steps):
    """True if XLA compiles a training of so many steps; None stands for an unknown number."""
    return model.jit_compile and not (is_short(steps) and model._xla_is_optional)


def of_evaluation(model):
    """True if XLA compiles the steps of `evaluate` and `predict`, of which few follow."""
    return model.jit_compile and not model._xla_is_optional


@contextlib.contextmanager
def enabled(model, jit_compile):
    """Set `jit_compile` of a model while Keras makes or calls its functions."""
    before, optional = model.jit_compile, model._xla_is_optional
    model.jit_compile = jit_compile
    try:
        yield
    finally:
        model.jit_compile = before
        model._xla_is_optional = optional
