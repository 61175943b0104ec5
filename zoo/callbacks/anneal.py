"""Move what a term has to move while training: beta schedules against posterior collapse."""

import math

import keras


def linear(steps, start=0.0, end=1.0):
    """From start to end in `steps` optimizer steps, then end. Bowman et al., 2016.

    >>> schedule = linear(100)
    >>> schedule(0), schedule(50), schedule(1000)
    (0.0, 0.5, 1.0)
    """
    _positive(steps=steps)
    return lambda step: start + (end - start) * min(1.0, step / steps)


def sigmoid(steps, start=0.0, end=1.0, steepness=10.0):
    """From start to end along a logistic curve, half way at `steps` / 2. Bowman et al., 2016.

    start + (end - start) / (1 + exp(-steepness (step / steps - 1/2))), rescaled to touch both ends.

    >>> schedule = sigmoid(100)
    >>> schedule(0), schedule(50), schedule(1000)
    (0.0, 0.5, 1.0)
    """
    _positive(steps=steps, steepness=steepness)
    # A logistic curve is a tanh, which is odd: dividing by its end makes both ends exact.
    end_of_curve = math.tanh(steepness / 4)

    def schedule(step):
        curve = math.tanh(steepness / 2 * (min(1.0, step / steps) - 0.5)) / end_of_curve
        return start + (end - start) * (1.0 + curve) / 2

    return schedule


def cyclical(period, start=0.0, end=1.0, ramp=0.5, cycles=None):
    """Ramp from start to end during the first `ramp` of each period, stay, begin again.

    After `cycles` periods (None: never) the weight stays at end. Fu et al., 2019.

    >>> schedule = cyclical(100, cycles=2)
    >>> [schedule(step) for step in (0, 25, 50, 99, 100, 125, 200)]
    [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0]
    """
    _positive(period=period, ramp=ramp)

    def schedule(step):
        if cycles is not None and step >= cycles * period:
            return end
        return start + (end - start) * min(1.0, (step % period) / period / ramp)

    return schedule


class Anneal(keras.callbacks.Callback):
    """Set a term's weight, or another number of it, from a schedule of the optimizer's step.

    The step is the optimizer's own counter and the weight a variable of the model, so nothing is
    lost by saving, resuming, validating or running several steps a call (within one call the weight
    stays as it was at the call's first step). Each epoch logs it, as `kl_weight`.

    Args:
        schedule: optimizer step -> value: `linear`, `cyclical`, `sigmoid` or a function.
        term: name of the objective's term; "kl", whose weight is beta, by default.
        quantity: which number of the term: "weight", or what else it has, as the "capacity" of
            `zoo.objectives.Capacity`.
    """

    def __init__(self, schedule, term="kl", quantity="weight"):
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"schedule must map a step to a weight, got {type(schedule).__name__}")
        self.schedule, self.term, self.quantity = schedule, term, quantity

    def on_train_begin(self, logs=None):
        found = self.model.objective.term(self.term).quantities
        if self.quantity not in found:
            raise ValueError(
                f"quantity={self.quantity!r} is none of the term {self.term!r}, which has "
                f"{sorted(found)}"
            )
        self._variable = found[self.quantity]

    def on_train_batch_begin(self, batch, logs=None):
        self._variable.assign(float(self.schedule(int(self.model.optimizer.iterations.numpy()))))

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs[f"{self.term}_{self.quantity}"] = float(self._variable.numpy())


def _positive(**arguments):
    for name, value in arguments.items():
        if not value > 0:
            raise ValueError(f"{name} must be positive, got {value!r}")
