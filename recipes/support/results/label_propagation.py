"""Label propagation: labels of unlabelled examples from their neighbours in latent space."""

import numpy as np

# Neighbours of each code; weight of the neighbours against the given labels; iterations.
NEIGHBOURS, ALPHA, ITERATIONS = 10, 0.99, 200
# Maximum number of codes, and fraction of them, the most certain, that get a label.
MAX_CODES, LABELLED_FRACTION = 60_000, 0.95


def propagate(codes, y, classes, seed):
    """Labels y, filled in for most unlabelled examples; -1 remains for the least certain ones.

    F <- alpha S F + (1 - alpha) Y, with S the normalised similarities of neighbours: Zhou et al.,
    Learning with local and global consistency, 2003. If there are more than MAX_CODES examples, a
    random part of the unlabelled ones is used.

    Args:
        codes: `[N, D]`.
        y: integers `[N]`, -1 for unlabelled examples.
        classes: number of classes.
        seed: seed of the random part.
    """
    labelled = np.flatnonzero(y >= 0)
    others = np.random.default_rng(seed).permutation(np.flatnonzero(y < 0))
    rows = np.concatenate([labelled, others[: MAX_CODES - len(labelled)]])
    start = np.zeros((len(rows), classes), "float32")
    start[np.arange(len(labelled)), y[labelled]] = 1
    similarities, scores = _similarities(codes[rows]), start
    for _ in range(ITERATIONS):
        scores = ALPHA * (similarities @ scores) + (1 - ALPHA) * start
    scores /= scores.sum(0)  # every class has the same total
    certainty = scores.max(1) / np.maximum(scores.sum(1), 1e-30)
    certainty[: len(labelled)] = 2.0
    certain = np.argsort(-certainty)[: round(LABELLED_FRACTION * len(rows))]
    propagated = y.copy()
    propagated[rows[certain]] = scores[certain].argmax(1)
    propagated[labelled] = y[labelled]
    return propagated


def _similarities(codes):
    """exp(-d^2 / mean d^2) of neighbours, divided by the square roots of both their row sums."""
    from scipy import sparse
    from sklearn.neighbors import NearestNeighbors

    count = min(NEIGHBOURS, len(codes) - 1)
    distance, index = NearestNeighbors(n_neighbors=count + 1).fit(codes).kneighbors(codes)
    distance = distance[:, 1:] / max(distance[:, 1:].mean(), 1e-12)
    weights = np.exp(-(distance**2)).astype("float32")
    positions = np.repeat(np.arange(len(codes)), count), index[:, 1:].ravel()
    graph = sparse.csr_matrix((weights.ravel(), positions), (len(codes), len(codes)))
    graph = graph.maximum(graph.T)
    scale = sparse.diags(1 / np.sqrt(np.asarray(graph.sum(1)).ravel() + 1e-12))
    return scale @ graph @ scale
