"""FactorVAE and beta-VAE scores: accuracy of identifying the factor that a group of rows shares.

The papers draw such groups from a simulator. Here they are drawn from the labelled rows themselves:
a factor, one of its values, and rows with that value. Any labelled data can therefore be used, but
factors that are correlated in the data are also correlated within a group. Values that only one row
has are skipped.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

from zoo.core import validation
from zoo.evaluation.disentanglement.inputs import (
    check_codes_and_factors,
    rows_by_value,
    standardize,
)


def factor_vae(
    codes: np.ndarray, factors: np.ndarray, votes: int = 800, group: int = 64, seed: int = 0
) -> float:
    """The FactorVAE score: accuracy of a majority vote by the least varying dimension, in [0, 1].

    In each group of rows that share factor k, the dimension whose variance is the smallest fraction
    of its variance over all rows votes for k. Each dimension then predicts the factor that it voted
    for most often; the score is the accuracy of this prediction on as many further groups. It is
    1 / K for uninformative codes. Kim and Mnih, Disentangling by factorising, 2018.

    The paper scores the counted votes themselves; here, as in the code of Locatello et al., 2019,
    the predictions are scored on further groups. Constant dimensions have no vote.

    Args:
        codes: `[N, D]`.
        factors: integers `[N, K]`.
        votes: number of groups whose votes are counted, and number of further groups to score.
        group: number of rows in a group, drawn with replacement.
        seed: seed of the groups.

    Raises:
        TypeError, ValueError: codes or factors are invalid, or differ in length.
    """
    codes, factors = check_codes_and_factors(codes, factors)
    validation.check_counts(votes=votes, group=group)
    rng = np.random.default_rng(validation.as_seed(seed))
    codes, groups = standardize(codes), _rows_by_factor(factors)

    def vote():
        k = rng.integers(len(groups))
        rows = rng.choice(groups[k][rng.integers(len(groups[k]))], group)
        return codes[rows].var(0).argmin(), k

    counts = np.zeros((2, codes.shape[1], len(groups)))
    for part in np.repeat([0, 1], votes):
        counts[part, *vote()] += 1
    prediction = counts[0].argmax(1)
    return float(counts[1][np.arange(len(prediction)), prediction].sum() / votes)


def beta_vae(
    codes: np.ndarray, factors: np.ndarray, points: int = 1000, pairs: int = 64, seed: int = 0
) -> float:
    """The beta-VAE score: accuracy of a linear classifier of the factor that pairs share.

    A point is the mean of |z - z'| over pairs of rows that share factor k, each pair with a value
    of its own. Logistic regression predicts k from the point, and is scored on as many further
    points. The score is in [0, 1], and 1 / K for uninformative codes. Higgins et al., beta-VAE:
    Learning basic visual concepts with a constrained variational framework, 2017.

    The score is also 1 if factors are mixed in a way that a linear classifier can undo, such as a
    rotation. Codes are in units of their standard deviations; the paper does not specify this.

    Args:
        codes: `[N, D]`.
        factors: integers `[N, K]`.
        points: number of points to fit the classifier to, and number of further points to score.
        pairs: number of pairs for each point.
        seed: seed of the pairs.

    Raises:
        TypeError, ValueError: codes or factors are invalid, or differ in length.
    """
    codes, factors = check_codes_and_factors(codes, factors)
    validation.check_counts(points=points, pairs=pairs)
    if points < factors.shape[1]:
        raise ValueError(
            f"points must be at least {factors.shape[1]}, one for each factor, got {points}"
        )
    rng = np.random.default_rng(validation.as_seed(seed))
    codes, groups = standardize(codes), _rows_by_factor(factors)
    shared_factor = rng.integers(len(groups), size=2 * points)
    shared_factor[: len(groups)] = np.arange(len(groups))  # the classifier needs every factor
    differences = np.empty((2 * points, codes.shape[1]))
    for i, k in enumerate(shared_factor):
        first, second = _draw_pairs(groups[k], pairs, rng)
        differences[i] = np.abs(codes[first] - codes[second]).mean(0)
    classifier = LogisticRegression(max_iter=1000)
    classifier.fit(differences[:points], shared_factor[:points])
    return float(classifier.score(differences[points:], shared_factor[points:]))


def _draw_pairs(by_value, count, rng):
    """Indices of `count` pairs of different rows that share a value."""
    sizes = np.array([len(rows) for rows in by_value])
    value = rng.integers(len(sizes), size=count)
    first = rng.integers(sizes[value])
    second = (first + 1 + rng.integers(sizes[value] - 1)) % sizes[value]
    starts = np.cumsum(sizes) - sizes
    rows = np.concatenate(by_value)
    return rows[starts[value] + first], rows[starts[value] + second]


def _rows_by_factor(factors):
    """For each factor, the rows of each of its values that more than one row has."""
    groups = [rows_by_value(column) for column in factors.T]
    for k, by_value in enumerate(groups):
        if not by_value:
            raise ValueError(
                f"factors must have a value that several rows share, got column {k} with a "
                "different value in each row"
            )
    return groups
