"""MIG and SAP: the gap between the two dimensions that are most informative about a factor."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import mutual_info_score
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from zoo.core import validation
from zoo.evaluation.disentanglement.inputs import (
    TEST_FRACTION,
    check_categorical,
    check_codes_and_factors,
)


def mig(codes: np.ndarray, factors: np.ndarray, bins: int = 20) -> float:
    """The mutual information gap, in [0, 1]; about 0 for uninformative codes.

    (1 / K) sum_k (I(z_a; v_k) - I(z_b; v_k)) / H(v_k), z_a and z_b the two dimensions of highest
    mutual information with factor v_k. Chen, Li, Grosse and Duvenaud, Isolating sources of
    disentanglement in variational autoencoders, 2018.

    I is estimated from counts of codes in bins of equal width between the smallest and the largest
    code of a dimension, as in the code of Locatello et al., Challenging common assumptions in the
    unsupervised learning of disentangled representations, 2019. Chen et al. integrate q(z|x)
    instead. The choice of codes matters more than the estimator: means of q(z|x) may separate
    factors in a dimension that the decoder does not use, but draws of q(z|x) do not.

    Args:
        codes: `[N, D]`.
        factors: integers `[N, K]`.
        bins: number of bins of each dimension; the bias of I grows with bins / N.

    Raises:
        TypeError, ValueError: codes or factors are invalid, or differ in length.

    >>> codes = [[0, 5], [0, 6], [1, 5], [1, 6]]
    >>> round(mig(codes, [[0, 0], [0, 1], [1, 0], [1, 1]]), 6)
    1.0
    """
    codes, factors = check_codes_and_factors(codes, factors)
    entropies = [mutual_info_score(column, column) for column in factors.T]
    return float(np.mean(_top_two_gap(mutual_information(codes, factors, bins)) / entropies))


def mutual_information(codes: np.ndarray, factors: np.ndarray, bins: int = 20) -> np.ndarray:
    """I(z_d; v_k) in nats, `[D, K]`, of codes in bins of equal width; see `mig`."""
    codes, factors = check_codes_and_factors(codes, factors)
    validation.check_counts(bins=bins)
    binned = [_bin_indices(z, bins) for z in codes.T]
    return np.array([[mutual_info_score(z, v) for v in factors.T] for z in binned])


def _bin_indices(z, bins):
    """Bin index of each code of one dimension."""
    edges = np.linspace(z.min(), z.max(), bins + 1)
    return np.digitize(z, edges[1:-1])


def sap(
    codes: np.ndarray, factors: np.ndarray, categorical: Sequence[int] = (), seed: int = 0
) -> float:
    """The separated attribute predictability, in [0, 1]; about 0 for uninformative codes.

    (1 / K) sum_k (S_ak - S_bk), S_dk the score of predicting factor k from dimension d alone, a and
    b the two dimensions of highest score. Kumar, Sattigeri and Balakrishnan, Variational inference
    of disentangled latent concepts from unlabeled observations, 2018. S_dk is

        cov(z_d, v_k)^2 / (var(z_d) var(v_k))       for a numeric factor,
        the balanced accuracy of thresholds on z_d  for a categorical one.

    As in the paper, several thresholds are allowed: those of a decision tree with a leaf for each
    value, fitted to four fifths of the rows and scored on the others. A categorical factor of three
    values thus scores at most two thirds, since an uninformative dimension has an accuracy of one
    third. The code of Locatello et al., 2019, uses a linear support vector machine for all factors,
    which cannot separate the middle values of a numeric one; its scores are lower.

    Args:
        codes: `[N, D]`.
        factors: integers `[N, K]`.
        categorical: column indices of the factors whose integers are categories, not amounts.
        seed: seed of the split.

    Raises:
        TypeError, ValueError: codes or factors are invalid, or differ in length.

    >>> codes = [[0, 5], [0, 6], [1, 5], [1, 6]]
    >>> round(sap(codes, [[0, 0], [0, 1], [1, 0], [1, 1]]), 6)
    1.0
    """
    codes, factors = check_codes_and_factors(codes, factors)
    categorical, seed = check_categorical(categorical, factors.shape[1]), validation.as_seed(seed)
    predictability = np.stack(
        [
            _threshold_accuracies(codes, v, seed)
            if k in categorical
            else _squared_correlations(codes, v)
            for k, v in enumerate(factors.T)
        ],
        1,
    )
    return float(_top_two_gap(predictability).mean())


def _squared_correlations(codes, v):
    """Squared correlation of each dimension with a factor, `[D]`; 0 for constant dimensions."""
    codes, v = codes - codes.mean(0), v - v.mean()
    covariances = codes.T @ v / len(v)
    variances = codes.var(0) * v.var()
    return np.divide(covariances**2, variances, out=np.zeros(len(variances)), where=variances > 0)


def _threshold_accuracies(codes, v, seed):
    """Balanced accuracy of predicting v by thresholds on each dimension, `[D]`."""
    leaves = len(np.unique(v))
    train_codes, test_codes, train_v, test_v = train_test_split(
        codes, v, test_size=TEST_FRACTION, random_state=seed
    )
    accuracies = []
    for d in range(codes.shape[1]):
        tree = DecisionTreeClassifier(
            max_leaf_nodes=leaves, class_weight="balanced", random_state=seed
        )
        predicted = tree.fit(train_codes[:, [d]], train_v).predict(test_codes[:, [d]])
        recalls = [np.mean(predicted[test_v == value] == value) for value in np.unique(test_v)]
        accuracies.append(np.mean(recalls))
    return np.array(accuracies)


def _top_two_gap(matrix):
    """Difference of the two largest numbers of each column, `[K]`, of `[D, K]`."""
    second, first = np.sort(matrix, 0)[-2:]
    return first - second
