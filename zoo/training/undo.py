"""Undo of what a refused call has changed: units, a vocabulary, weights."""

import contextlib
from collections.abc import Callable, Iterator

from zoo.core import checkpoints
from zoo.core.checked_datasets import is_refused_batch


@contextlib.contextmanager
def learning_undone(model) -> Iterator[Callable[[], None]]:
    """Undo what the preprocessor learns within, if an error is raised; yield what undoes it."""
    restore = model.preprocessor.undo()
    try:
        yield restore
    except BaseException:
        restore()
        raise


@contextlib.contextmanager
def training_undone(model, forget: Callable[[], None]) -> Iterator[None]:
    """Undo the steps within if a later batch of a stream is refused, which no check could foresee.

    It holds a copy of the weights and the optimizer's state in memory. An interrupt or an error of
    other code keeps the steps.

    Args:
        model: a `VAE`, built and compiled.
        forget: undoes what the preprocessor has learned in the same call.
    """
    with model.distribute_strategy.scope():
        model.optimizer.build(model.trainable_variables)
    variables, before = checkpoints.variables(model), checkpoints.values(model)
    try:
        yield
    except (TypeError, ValueError) as error:
        if is_refused_batch(error):
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)
            forget()
        raise
