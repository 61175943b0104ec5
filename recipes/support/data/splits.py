"""Random split of a data set into examples to train on and examples that are held out."""

import numpy as np
from support.run.cli import InputError


def split_rows(rows, fraction, seed, limit, argument):
    """Row numbers to train on and row numbers to hold out, each in a random order.

    Args:
        rows: the number of examples.
        fraction: part of them to hold out; at least one example is.
        seed: seed of the random order.
        limit: the maximum number of examples to train on, or None.
        argument: the flag that an error names.
    """
    if rows < 2:
        raise InputError(argument, f"expected at least 2 examples, got {rows}")
    order = np.random.default_rng(seed).permutation(rows)
    held_out = max(1, int(rows * fraction))
    return order[held_out:][:limit], order[:held_out]
