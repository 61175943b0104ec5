"""Checked data of `fit`, `evaluate`, `predict` and their like for one batch."""

import dataclasses
from typing import Any

from zoo.core import inputs, nested, streams, targets
from zoo.core.checked_datasets import checked_dataset


@dataclasses.dataclass(frozen=True)
class Examples:
    """Checked data for training or evaluation.

    Attributes:
        x: an array, a dict of arrays, or a `tf.data.Dataset` that may hold y and weights too.
        y: labels, or None.
        sample_weight: a vector, or None.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def is_stream(self):
        """True if x comes batch by batch."""
        return streams.is_stream(self.x)

    def as_tuple(self):
        """(x,), (x, y) or (x, y, sample_weight), without trailing Nones."""
        if self.sample_weight is not None:
            return self.x, self.y, self.sample_weight
        return (self.x,) if self.y is None else (self.x, self.y)


def examples(model, x, y=None, sample_weight=None, argument="x", order=None):
    """Check data that a method of `VAE` was given; builds the model once all is well.

    Args:
        model: a `VAE`.
        x: an array or a stream, as the user passes it.
        y: labels or targets, or None; a stream yields its own.
        sample_weight: a weight for each example, or None.
        argument: name of x, for errors.
        order: order of the batches of a `PyDataset`, as in `streams.elements`.

    Returns:
        `Examples`.
    """
    if streams.is_stream(x):
        _refuse_beside_stream(y, sample_weight, argument)
        return Examples(checked_dataset(model, x, argument, order))
    x = inputs.check_values(model, x, argument)
    y, sample_weight = targets.check(model, y, sample_weight, nested.row_count(x), argument)
    inputs.build(model, x)
    return Examples(x, y, sample_weight)


def require_y(model, data, argument="x"):
    """Raise `ValueError` if `compile` was given metrics, but the `Examples` have no y."""
    if not model._has_user_metrics:
        return
    y = streams.unpack(data.x.element_spec)[1] if data.is_stream else data.y
    if y is None or type(y).__name__ == "NoneTensorSpec":
        raise ValueError(
            f"y must be given beside {argument}, because compile was given metrics, which compare "
            "it with the reconstruction, got None: pass y, as in fit(x, x), or compile without "
            "metrics"
        )


def check_beside(model, x, y, sample_weight, argument="x"):
    """Check y and the weights, without changing the model, before it learns anything from x."""
    inputs.require_examples(x, argument)
    if streams.is_stream(x):
        _refuse_beside_stream(y, sample_weight, argument)
        return
    rows = targets.rows_of(x)
    if rows is not None:
        targets.check(model, y, sample_weight, rows, argument)


def _refuse_beside_stream(y, sample_weight, argument):
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"{name} must be None if {argument} is a dataset; yield (x, y, sample_weight) "
                "instead"
            )
