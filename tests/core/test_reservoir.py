"""Tests of the choice of random rows."""

import numpy as np

from zoo.core.reservoir import random_rows


def test_every_row_of_all_batches_is_chosen_equally_often():
    counts = np.zeros(12)
    for seed in range(3000):
        counts[random_rows((np.arange(i, i + 4) for i in (0, 4, 8)), 3, seed)] += 1
    assert abs(counts - 750).max() < 5 * np.sqrt(750 * 0.75)


def test_no_row_is_chosen_twice():
    rows = random_rows([np.arange(40), np.arange(40, 41)], 30, seed=1)
    assert len(set(rows)) == 30


def test_no_batches_give_none():
    assert random_rows([], 3, seed=0) is None
