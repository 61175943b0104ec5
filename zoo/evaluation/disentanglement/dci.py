"""DCI: disentanglement, completeness and informativeness by feature importances."""

from collections.abc import Callable

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from zoo.core import validation
from zoo.evaluation.disentanglement.inputs import TEST_FRACTION, check_codes_and_factors


def forest(seed: int) -> RandomForestClassifier:
    """Default predictor of `dci`: a random forest of 50 trees with at least 10 rows in each leaf.

    Each split considers all dimensions, so that an uninformative dimension gets no importance
    beside one that determines the factor.
    """
    return RandomForestClassifier(50, min_samples_leaf=10, max_features=None, random_state=seed)


def dci(
    codes: np.ndarray, factors: np.ndarray, predictor: Callable = forest, seed: int = 0
) -> dict[str, float]:
    """Disentanglement, completeness and informativeness: three numbers in [0, 1].

    A classifier predicts each factor from all dimensions; R[d, k] is the importance of dimension d
    for factor k, normalised to sum to 1 over d. Eastwood and Williams, A framework for the
    quantitative evaluation of disentangled representations, 2018.

        disentanglement  sum_d w_d (1 - H(R[d] / sum(R[d])) / log K), w_d = sum(R[d]) / sum(R)
        completeness     (1 / K) sum_k (1 - H(R[:, k]) / log D)
        informativeness  mean accuracy on a held-out fifth of the rows

    For uninformative codes the first two are about 0 and the third is the accuracy of guessing. The
    paper uses lasso and random forests; Locatello et al., 2019, use gradient-boosted trees. The
    numbers depend strongly on the kind and depth of the predictor, so compare only those of one
    predictor.

    Args:
        codes: `[N, D]`.
        factors: integers `[N, K]`.
        predictor: seed -> a scikit-learn classifier that has `feature_importances_` once fitted,
            such as `lambda seed: GradientBoostingClassifier(random_state=seed)`, which is slow.
        seed: seed of the split and the classifiers.

    Returns:
        A dict of "disentanglement", "completeness" and "informativeness".

    Raises:
        TypeError, ValueError: codes or factors are invalid, or differ in length.
    """
    codes, factors = check_codes_and_factors(codes, factors)
    seed = validation.as_seed(seed)
    if not validation.takes(predictor, 1):
        raise TypeError(f"predictor must be a function of a seed, got {predictor!r}")
    train_codes, test_codes, train_factors, test_factors = train_test_split(
        codes, factors, test_size=TEST_FRACTION, random_state=seed
    )
    importances, accuracies = [], []
    for train_factor, test_factor in zip(train_factors.T, test_factors.T, strict=True):
        model = predictor(seed)
        if not hasattr(model, "fit"):
            raise TypeError(f"predictor must return a classifier, got {type(model).__name__}")
        fitted = model.fit(train_codes, train_factor)
        importances.append(fitted.feature_importances_)
        accuracies.append(fitted.score(test_codes, test_factor))
    return {
        **_disentanglement_and_completeness(np.stack(importances, 1)),
        "informativeness": float(np.mean(accuracies)),
    }


def _disentanglement_and_completeness(importances):
    """Disentanglement and completeness of importances `[D, K]`, each at least 0."""
    dimensions, factors = importances.shape
    # A dimension of no importance has weight 0; a factor that nothing predicts has completeness 0.
    weights = importances.sum(1) / max(importances.sum(), np.finfo(float).tiny)
    predicted = importances.any(0)
    disentangled = 1 - _column_entropies(importances.T) / np.log(factors)
    complete = predicted * (1 - _column_entropies(importances) / np.log(dimensions))
    return {
        "disentanglement": float(weights @ disentangled),
        "completeness": float(complete.mean()),
    }


def _column_entropies(columns):
    """Entropy in nats of each column over its sum, `[C]` of `[R, C]`; 0 for a column of zeros."""
    p = columns / np.maximum(columns.sum(0), np.finfo(float).tiny)
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), 0)
