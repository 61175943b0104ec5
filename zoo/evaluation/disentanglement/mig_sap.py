"""Scores by the gap between the two dimensions that say most about a factor."""

import numpy as np
from sklearn.metrics import mutual_info_score
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from zoo.core import validation
from zoo.evaluation.disentanglement.inputs import TEST_FRACTION, columns, labelled


def mig(codes, factors, bins=20):
    """The mutual information gap, in [0, 1]; about 0 for codes that know nothing.

    (1 / K) sum_k (I(z_a; v_k) - I(z_b; v_k)) / H(v_k), z_a and z_b the two dimensions that say most
    about factor v_k. Chen, Li, Grosse and Duvenaud, Isolating sources of disentanglement in
    variational autoencoders, 2018.

    I is that of counts, of codes in bins of equal width between the least and the greatest code of
    a dimension, as in the code of Locatello et al., Challenging common assumptions in the
    unsupervised learning of disentangled representations, 2019. Chen et al. integrate q(z|x)
    instead. What the codes are matters more: means of q(z|x) may still tell factors apart in a
    dimension that the decoder does not use, draws of it do not.

    Args:
        codes: `[N, D]`.
        factors: integers `[N, K]`.
        bins: for each dimension; the bias of I grows with bins / N.

    Raises:
        TypeError, ValueError: arrays do not fit; see the message.

    >>> codes = [[0, 5], [0, 6], [1, 5], [1, 6]]
    >>> round(mig(codes, [[0, 0], [0, 1], [1, 0], [1, 1]]), 6)
    1.0
    """
    codes, factors = labelled(codes, factors)
    entropies = [mutual_info_score(column, column) for column in factors.T]
    return float(np.mean(_gaps(mutual_information(codes, factors, bins)) / entropies))


def mutual_information(codes, factors, bins=20):
    """I(z_d; v_k) in nats, `[D, K]`, of codes in bins of equal width; see `mig`."""
    codes, factors = labelled(codes, factors)
    validation.count(bins=bins)
    binned = [_bins(z, bins) for z in codes.T]
    return np.array([[mutual_info_score(z, v) for v in factors.T] for z in binned])


def _bins(z, bins):
    """The number of the bin of each code of one dimension."""
    edges = np.linspace(z.min(), z.max(), bins + 1)
    return np.digitize(z, edges[1:-1])


def sap(codes, factors, categorical=(), seed=0):
    """The separated attribute predictability, in [0, 1]; about 0 for codes that know nothing.

    (1 / K) sum_k (S_ak - S_bk), S_dk how well dimension d alone predicts factor k, a and b the two
    that do so best. Kumar, Sattigeri and Balakrishnan, Variational inference of disentangled latent
    concepts from unlabeled observations, 2018. S_dk is

        cov(z_d, v_k)^2 / (var(z_d) var(v_k))       where the factor's integers are amounts,
        the balanced accuracy of thresholds on z_d  where they are names (`categorical`).

    As in the paper, thresholds may be several: those of a decision tree with a leaf for each value,
    fitted to four fifths of the rows and scored on the others. Two thirds are thus the most for a
    factor with three names, as a dimension that knows nothing has one third. The code of
    Locatello et al., 2019, has a linear support vector machine for all factors, which cannot find
    the middle values of an amount; its scores are lower.

    Args:
        codes: `[N, D]`.
        factors: integers `[N, K]`.
        categorical: numbers of the columns of factors whose integers are names.
        seed: of the split.

    Raises:
        TypeError, ValueError: arrays do not fit; see the message.

    >>> codes = [[0, 5], [0, 6], [1, 5], [1, 6]]
    >>> round(sap(codes, [[0, 0], [0, 1], [1, 0], [1, 1]]), 6)
    1.0
    """
    codes, factors = labelled(codes, factors)
    categorical, seed = columns(categorical, factors.shape[1]), validation.seed(seed)
    predictable = np.stack(
        [
            _thresholds(codes, v, seed) if k in categorical else _explained(codes, v)
            for k, v in enumerate(factors.T)
        ],
        1,
    )
    return float(_gaps(predictable).mean())


def _explained(codes, v):
    """The squared correlation of each dimension with a factor, `[D]`; 0 of what is constant."""
    codes, v = codes - codes.mean(0), v - v.mean()
    covariances = codes.T @ v / len(v)
    variances = codes.var(0) * v.var()
    return np.divide(covariances**2, variances, out=np.zeros(len(variances)), where=variances > 0)


def _thresholds(codes, v, seed):
    """The balanced accuracy of thresholds on each dimension, `[D]`."""
    names = len(np.unique(v))
    train, test, known, truth = train_test_split(
        codes, v, test_size=TEST_FRACTION, random_state=seed
    )
    found = []
    for d in range(codes.shape[1]):
        tree = DecisionTreeClassifier(max_leaf_nodes=names, class_weight="balanced")
        said = tree.set_params(random_state=seed).fit(train[:, [d]], known).predict(test[:, [d]])
        found.append(np.mean([np.mean(said[truth == name] == name) for name in np.unique(truth)]))
    return np.array(found)


def _gaps(matrix):
    """The greatest number of each column less the second, `[K]`, of `[D, K]`."""
    second, first = np.sort(matrix, 0)[-2:]
    return first - second
