"""Terms for one level of a ladder."""

from zoo.core.elbo import kl_by_level
from zoo.core.serialization import component, positive
from zoo.objectives.terms import Term


@component
class LevelKL(Term):
    """The KL of one level of a ladder, in nats: logged, and with a weight in the loss on top.

    Args:
        level: 1 is the level nearest to x, the last one the top.
        weight: 0 by default: the KL of all levels is in the loss already.
    """

    def __init__(self, level, weight=0.0, name=None, **kwargs):
        (self.level,) = positive(level=level)
        super().__init__(weight, name=f"kl_{self.level}" if name is None else name, **kwargs)

    def per_example(self, x, y, out):
        del x, y
        found = kl_by_level(out)
        if self.level > len(found):
            raise ValueError(f"level={self.level} is not there: the model has {len(found)}")
        return found[-self.level]
