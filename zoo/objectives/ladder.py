"""Term for one level of a ladder."""

import tensorflow as tf

from zoo.core.argument_values import positive
from zoo.core.elbo import kl_by_level
from zoo.core.outputs import Pass
from zoo.core.serialization import component
from zoo.objectives.terms import Term


@component
class LevelKL(Term):
    """KL of one level of a ladder, in nats: logged, and added to the loss with its weight.

    Args:
        level: 1 is the level nearest to x, the last one the top.
        weight: 0 by default, because the objective's KL already includes the KL of all levels.
    """

    def __init__(self, level: int, weight: float = 0.0, name: str | None = None, **kwargs):
        (self.level,) = positive(level=level)
        super().__init__(weight, name=f"kl_{self.level}" if name is None else name, **kwargs)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """KL of the level, `[B]` nats."""
        del x, y
        kls = kl_by_level(out)
        if self.level > len(kls):
            raise ValueError(
                f"level must be at most {len(kls)}, the number of levels of the model, got "
                f"{self.level}"
            )
        return kls[-self.level]
