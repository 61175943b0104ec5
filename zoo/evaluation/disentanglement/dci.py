"""Scores by which dimensions a predictor of the factors relies on."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from zoo.core import validation
from zoo.evaluation.disentanglement.inputs import TEST_FRACTION, labelled


def forest(seed):
    """The predictor that `dci` fits by default: 50 trees whose leaves hold 10 rows or more.

    Each split may choose among all dimensions, so that one which says nothing gets no importance
    where another says all.
    """
    return RandomForestClassifier(50, min_samples_leaf=10, max_features=None, random_state=seed)


def dci(codes, factors, predictor=forest, seed=0):
    """Disentanglement, completeness and informativeness: three numbers in [0, 1].

    A classifier predicts each factor from all dimensions; R[d, k] is how important dimension d is
    to that of factor k, in parts of their sum over d. Eastwood and Williams, A framework for the
    quantitative evaluation of disentangled representations, 2018.

        disentanglement  sum_d w_d (1 - H(R[d] / sum(R[d])) / log K), w_d = sum(R[d]) / sum(R)
        completeness     (1 / K) sum_k (1 - H(R[:, k]) / log D)
        informativeness  mean accuracy on a fifth of the rows, which the classifiers have not seen

    For codes that know nothing the first two are about 0 and the third is what guessing gives. The
    paper has lasso and random forests; Locatello et al., 2019, have gradient-boosted trees. What is
    fitted, and how deeply, moves the numbers much: compare those of one predictor only.

    Args:
        codes: `[N, D]`.
        factors: integers `[N, K]`.
        predictor: seed -> a scikit-learn classifier that has `feature_importances_` once fitted,
            such as `lambda seed: GradientBoostingClassifier(random_state=seed)`, which is slow.
        seed: of the split and the classifiers.

    Returns:
        {"disentanglement", "completeness", "informativeness"}.

    Raises:
        TypeError, ValueError: arrays do not fit; see the message.
    """
    codes, factors = labelled(codes, factors)
    seed = validation.seed(seed)
    train, test, known, truth = train_test_split(
        codes, factors, test_size=TEST_FRACTION, random_state=seed
    )
    importances, accuracies = [], []
    for v, held_out in zip(known.T, truth.T, strict=True):
        fitted = predictor(seed).fit(train, v)
        importances.append(fitted.feature_importances_)
        accuracies.append(fitted.score(test, held_out))
    return {**_evenness(np.stack(importances, 1)), "informativeness": float(np.mean(accuracies))}


def _evenness(importances):
    """Disentanglement and completeness of importances `[D, K]`, each at least 0."""
    dimensions, factors = importances.shape
    # What no predictor relies on has no weight; what nothing predicts is not complete.
    weights = importances.sum(1) / max(importances.sum(), np.finfo(float).tiny)
    known = importances.any(0)
    disentangled = 1 - _entropies(importances.T) / np.log(factors)
    complete = known * (1 - _entropies(importances) / np.log(dimensions))
    return {
        "disentanglement": float(weights @ disentangled),
        "completeness": float(complete.mean()),
    }


def _entropies(columns):
    """H in nats of each column over its sum, `[C]` of `[R, C]`; 0 of a column of zeros."""
    p = columns / np.maximum(columns.sum(0), np.finfo(float).tiny)
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), 0)
