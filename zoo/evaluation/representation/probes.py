"""Probes: simple classifiers and clusterings of one kind of features."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from zoo.core import inputs as checks
from zoo.core import streams

NEIGHBOURS = 5
SILHOUETTE_ROWS = 2000  # at most: the cost grows with the square of their number


def evaluate_probes(train, test, y, test_y, labelled_rows, seed):
    """Score all probes of one kind of features: the fields of `ProbeScores`.

    Args:
        train, test: features for training, `[N, D]`, and held out, `[M, D]`.
        y, test_y: their class indices.
        labelled_rows: number of labels -> row indices of a training set, one array for each draw.
        seed: seed of the clusters.
    """

    def accuracy(classifier, rows=slice(None)):
        return float(classifier.fit(train[rows], y[rows]).score(test, test_y))

    clusters = KMeans(len(np.unique(y)), n_init=10, random_state=seed).fit(train).predict(test)
    return dict(
        linear=accuracy(_linear_probe()),
        neighbours=accuracy(KNeighborsClassifier(NEIGHBOURS)),
        ari=float(adjusted_rand_score(test_y, clusters)),
        nmi=float(normalized_mutual_info_score(test_y, clusters)),
        silhouette=_silhouette(test, clusters, seed),
        few_labels={
            n: [accuracy(_linear_probe(), rows) for rows in draws]
            for n, draws in labelled_rows.items()
        },
    )


def _linear_probe():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def _silhouette(test, clusters, seed):
    """Mean silhouette coefficient of held-out rows; NaN unless 1 < clusters < rows."""
    rows = np.random.default_rng(seed).permutation(len(test))[:SILHOUETTE_ROWS]
    if not 1 < len(np.unique(clusters[rows])) < len(rows):
        return float("nan")
    return float(silhouette_score(test[rows], clusters[rows]))


def principal_components(train, test, size, seed):
    """Both parts projected on the first principal components of the training inputs."""
    pca = PCA(min(size, *train.shape), random_state=seed).fit(train)
    return [pca.transform(train), pca.transform(test)]


def flatten_inputs(x, argument):
    """x as a finite float64 matrix `[N, values]`."""
    if isinstance(x, dict) or streams.is_stream(x):
        raise TypeError(
            f"{argument} must be an array if baselines=True, got {type(x).__name__}: "
            "pass an array, or baselines=False"
        )
    x = checks.numeric(x, argument)
    if not np.isfinite(x).all():
        raise ValueError(f"{argument} must be finite if baselines=True, got NaN or infinity")
    return x.reshape(len(x), -1).astype("float64")
