"""Schedules for the weights of an objective's terms, such as beta, and the callback for them."""

import math
from collections.abc import Callable

import keras

from zoo.core import validation
from zoo.core.argument_values import positive


def linear(steps: int, start: float = 0.0, end: float = 1.0) -> Callable[[int], float]:
    """Linear schedule: from start to end in `steps` optimizer steps, then constant at end.

    Bowman et al., Generating sentences from a continuous space, 2016.

    Args:
        steps: optimizer steps from start to end.
        start, end: first and last value.

    Returns:
        A function from optimizer step to value.

    >>> schedule = linear(100)
    >>> schedule(0), schedule(50), schedule(1000)
    (0.0, 0.5, 1.0)
    """
    _check_positive(steps=steps)
    validation.check_numbers(start=start, end=end)
    return lambda step: start + (end - start) * min(1.0, step / steps)


def sigmoid(
    steps: int, start: float = 0.0, end: float = 1.0, steepness: float = 10.0
) -> Callable[[int], float]:
    """Logistic schedule: from start to end in `steps` optimizer steps, half way at `steps` / 2.

    start + (end - start) / (1 + exp(-steepness (step / steps - 1/2))), rescaled so that it reaches
    start and end exactly. Bowman et al., Generating sentences from a continuous space, 2016.

    Args:
        steps: optimizer steps from start to end.
        start, end: first and last value.
        steepness: slope of the curve in its middle; close to 0 the schedule is linear.

    Returns:
        A function from optimizer step to value.

    >>> schedule = sigmoid(100)
    >>> schedule(0), schedule(50), schedule(1000)
    (0.0, 0.5, 1.0)
    """
    _check_positive(steps=steps, steepness=steepness)
    validation.check_numbers(start=start, end=end)
    # A logistic curve is a shifted tanh, which is odd: division by its last value makes both ends
    # exact.
    last = math.tanh(steepness / 4)

    def schedule(step):
        curve = math.tanh(steepness / 2 * (min(1.0, step / steps) - 0.5)) / last
        return start + (end - start) * (1.0 + curve) / 2

    return schedule


def cyclical(
    period: int,
    start: float = 0.0,
    end: float = 1.0,
    ramp: float = 0.5,
    cycles: int | None = None,
) -> Callable[[int], float]:
    """Cyclical schedule: in each period a linear ramp from start to end, then constant at end.

    Fu et al., Cyclical annealing schedule, 2019.

    Args:
        period: optimizer steps of a cycle.
        start, end: first and last value of a cycle.
        ramp: fraction of the period that the ramp takes.
        cycles: number of cycles, after which the value stays at end; None repeats them for ever.

    Returns:
        A function from optimizer step to value.

    >>> schedule = cyclical(100, cycles=2)
    >>> [schedule(step) for step in (0, 25, 50, 99, 100, 125, 200)]
    [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0]
    """
    _check_positive(period=period, ramp=ramp)
    validation.check_numbers(start=start, end=end)
    if cycles is not None:
        positive(cycles=cycles)

    def schedule(step):
        if cycles is not None and step >= cycles * period:
            return end
        return start + (end - start) * min(1.0, (step % period) / period / ramp)

    return schedule


class Anneal(keras.callbacks.Callback):
    """Callback that sets a term's weight, or another of its variables, on a schedule.

    The step is the optimizer's `iterations` and the value is a variable of the model, so the
    schedule continues correctly after saving, resuming and validation. A call of several steps
    (`steps_per_execution`) uses the value of its first step throughout. Each epoch logs the value
    as `kl_weight`, or `<term>_<quantity>`.

    Args:
        schedule: function from optimizer step to value, such as `linear`, `cyclical`, `sigmoid`.
        term: name of the objective's term; "kl", whose weight is beta, by default.
        quantity: name of the term's variable to set: "weight", or one that only this term has, such
            as "capacity" of `zoo.objectives.Capacity`.

    Raises:
        TypeError: schedule is not callable, or term or quantity is not a name.
        ValueError: when training begins, the objective has no such term or the term no such
            variable; in training, the schedule returns anything but a finite number.
    """

    def __init__(
        self, schedule: Callable[[int], float], term: str = "kl", quantity: str = "weight"
    ):
        super().__init__()
        if isinstance(schedule, type) or not validation.takes(schedule, 1):
            raise TypeError(
                f"schedule must be a function from step to value, got {type(schedule).__name__}"
            )
        for name, value in (("term", term), ("quantity", quantity)):
            if not isinstance(value, str):
                raise TypeError(f"{name} must be a name, got {value!r}")
        self.schedule, self.term, self.quantity = schedule, term, quantity

    def on_train_begin(self, logs=None):
        variables = self.model.objective.term(self.term).schedulable_variables
        if self.quantity not in variables:
            raise ValueError(
                f"quantity must be one of {sorted(variables)} for the term {self.term!r}, got "
                f"{self.quantity!r}"
            )
        self._variable = variables[self.quantity]

    def on_train_batch_begin(self, batch, logs=None):
        step = int(self.model.optimizer.iterations.numpy())
        value = self.schedule(step)
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise ValueError(f"schedule must return a finite number, got {value!r} at step {step}")
        self._variable.assign(number)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs[f"{self.term}_{self.quantity}"] = float(self._variable.numpy())


def _check_positive(**arguments):
    validation.check_numbers(**arguments)
    for name, value in arguments.items():
        if not value > 0:
            raise ValueError(f"{name} must be positive, got {value!r}")
