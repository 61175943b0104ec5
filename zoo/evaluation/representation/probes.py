"""What simple methods make of features, one kind at a time."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from zoo.core import inputs as checks

NEIGHBOURS = 5
SILHOUETTE_ROWS = 2000  # its cost grows with the square


def probe(train, test, y, test_y, chosen, seed):
    """name -> score of features `[N, D]` to train on and `[M, D]` held out, as `Row` has them.

    Args:
        train, test: features.
        y, test_y: their classes.
        chosen: number of labels -> rows that keep theirs, one array for each draw.
        seed: of the clusters.
    """

    def accuracy(classifier, rows=slice(None)):
        return float(classifier.fit(train[rows], y[rows]).score(test, test_y))

    clusters = KMeans(len(np.unique(y)), n_init=10, random_state=seed).fit(train).predict(test)
    return dict(
        linear=accuracy(_linear()),
        neighbours=accuracy(KNeighborsClassifier(NEIGHBOURS)),
        ari=float(adjusted_rand_score(test_y, clusters)),
        nmi=float(normalized_mutual_info_score(test_y, clusters)),
        silhouette=_silhouette(test, clusters, seed),
        few_labels={
            n: [accuracy(_linear(), rows) for rows in drawn] for n, drawn in chosen.items()
        },
    )


def _linear():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def _silhouette(test, clusters, seed):
    rows = np.random.default_rng(seed).permutation(len(test))[:SILHOUETTE_ROWS]
    if not 1 < len(np.unique(clusters[rows])) < len(rows):
        return float("nan")
    return float(silhouette_score(test[rows], clusters[rows]))


def components(inputs, size, seed):
    """Principal components of the training inputs, of both parts."""
    train, test = inputs
    fitted = PCA(min(size, *train.shape), random_state=seed).fit(train)
    return [fitted.transform(train), fitted.transform(test)]


def flat(x, argument):
    """x as a finite matrix, for methods that know nothing of images or gaps."""
    if isinstance(x, dict) or checks.is_stream(x):
        raise TypeError(f"{argument} must be an array where baselines are asked for")
    x = checks.numeric(x, argument)
    if not np.isfinite(x).all():
        raise ValueError(f"{argument} must be finite where baselines are asked for, got NaN in it")
    return x.reshape(len(x), -1).astype("float64")
