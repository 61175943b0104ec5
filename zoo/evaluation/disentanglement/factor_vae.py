"""Scores by groups of examples that share one factor: which one is it?

The papers draw such groups from a simulator. Here they come from the labelled rows themselves: a
factor, one of its values, and rows that have it. So any labelled data will do; where its factors
depend on each other, so do those of a group. Values that one row alone has are passed over.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

from zoo.core import validation
from zoo.evaluation.disentanglement.inputs import labelled, rows_by_value, scaled


def factor_vae(codes, factors, votes=800, group=64, seed=0):
    """The FactorVAE score: accuracy of a vote by the dimension that varies least, in [0, 1].

    Of each group, rows that share factor k, the dimension whose variance is the least part of its
    variance over all rows votes for k. A dimension then stands for the factor that it voted for
    most often; the score is how often that is right for as many groups again. 1 / K for codes that
    know nothing. Kim and Mnih, Disentangling by factorising, 2018.

    The paper scores the votes that were counted; here, as in the code of Locatello et al., 2019,
    others are. Dimensions that are constant have no vote.

    Args:
        codes: `[N, D]`.
        factors: integers `[N, K]`.
        votes: how many groups to count, and to score.
        group: rows of each, drawn with replacement.
        seed: of the groups.

    Raises:
        TypeError, ValueError: arrays do not fit; see the message.
    """
    codes, factors = labelled(codes, factors)
    validation.count(votes=votes, group=group)
    rng, codes, shared = (
        np.random.default_rng(validation.seed(seed)),
        scaled(codes),
        _shared(factors),
    )

    def vote():
        k = rng.integers(len(shared))
        rows = rng.choice(shared[k][rng.integers(len(shared[k]))], group)
        return codes[rows].var(0).argmin(), k

    counts = np.zeros((2, codes.shape[1], len(shared)))
    for which in np.repeat([0, 1], votes):
        counts[which, *vote()] += 1
    stands_for = counts[0].argmax(1)
    return float(counts[1][np.arange(len(stands_for)), stands_for].sum() / votes)


def beta_vae(codes, factors, points=1000, pairs=64, seed=0):
    """The beta-VAE score: accuracy of a linear classifier of what pairs share, in [0, 1].

    A point is the mean of |z - z'| over pairs of rows that share factor k, each pair with a value
    of its own; logistic regression tells k from it, and is scored on as many points again. 1 / K
    for codes that know nothing. Higgins et al., beta-VAE: Learning basic visual concepts with a
    constrained variational framework, 2017.

    It is 1 also where factors are mixed in a way that a linear classifier can undo, as by a
    rotation. Codes are in units of their standard deviations, which the paper leaves open.

    Args:
        codes: `[N, D]`.
        factors: integers `[N, K]`.
        points: how many to fit the classifier to, and to score.
        pairs: for each point.
        seed: of the pairs.

    Raises:
        TypeError, ValueError: arrays do not fit; see the message.
    """
    codes, factors = labelled(codes, factors)
    validation.count(points=points, pairs=pairs)
    if points < factors.shape[1]:
        raise ValueError(f"points must be at least {factors.shape[1]}, one a factor, got {points}")
    rng, codes, shared = (
        np.random.default_rng(validation.seed(seed)),
        scaled(codes),
        _shared(factors),
    )
    truth = rng.integers(len(shared), size=2 * points)
    truth[: len(shared)] = np.arange(len(shared))  # few might lack one
    differences = np.empty((2 * points, codes.shape[1]))
    for i, k in enumerate(truth):
        first, second = _pairs(shared[k], pairs, rng)
        differences[i] = np.abs(codes[first] - codes[second]).mean(0)
    classifier = LogisticRegression(max_iter=1000).fit(differences[:points], truth[:points])
    return float(classifier.score(differences[points:], truth[points:]))


def _pairs(by_value, count, rng):
    """Row numbers of so many pairs of different rows that share a value."""
    sizes = np.array([len(rows) for rows in by_value])
    value = rng.integers(len(sizes), size=count)
    first = rng.integers(sizes[value])
    second = (first + 1 + rng.integers(sizes[value] - 1)) % sizes[value]
    starts = np.cumsum(sizes) - sizes
    rows = np.concatenate(by_value)
    return rows[starts[value] + first], rows[starts[value] + second]


def _shared(factors):
    """For each factor, the rows of each of its values that several rows have."""
    found = [rows_by_value(column) for column in factors.T]
    alone = [k for k, by_value in enumerate(found) if not by_value]
    if alone:
        raise ValueError(
            f"factors must have a value that several rows share, column {alone[0]} has "
            "another in each row"
        )
    return found
