"""Random choice of rows from batches that are read once."""

from collections.abc import Callable, Iterable

import numpy as np


def random_rows(
    batches: Iterable, count: int, seed: int, join: Callable = np.concatenate
) -> np.ndarray | None:
    """At most `count` random rows of all batches; None if there are no batches.

    They are the rows with the smallest random keys: Vitter, Random sampling with a reservoir, 1985,
    on such samples. Only as many rows are held at a time, beside one batch.

    Args:
        batches: arrays of any number of rows.
        count: number of rows.
        seed: seed of the choice.
        join: function of a list of two arrays that joins their rows.

    >>> random_rows([np.arange(3), np.arange(3, 5)], 5, seed=0).shape
    (5,)
    """
    rng = np.random.default_rng(seed)
    chosen, keys = None, np.zeros(0)
    for batch in batches:
        batch = np.asarray(batch)
        batch_keys = rng.random(len(batch))
        first = np.argsort(batch_keys, kind="stable")[:count]
        candidates = batch[first]
        if chosen is not None:
            candidates = join([chosen, candidates])
        keys = np.concatenate([keys, batch_keys[first]])
        smallest = np.argsort(keys, kind="stable")[:count]
        chosen, keys = candidates[smallest], keys[smallest]
    return chosen
