"""Labels of the unlabelled: passed on from neighbour to neighbour among codes."""

import numpy as np

# Neighbours of each code; how much of a label comes from them and not from the start; rounds.
NEIGHBOURS, ALPHA, ROUNDS = 10, 0.99, 200
# Codes in the graph at most, and which part of them, the surest, get a label.
MAX, SUREST = 60_000, 0.95


def spread(codes, y, classes, seed):
    """y with labels for more examples: -1 remains for those that are not sure enough.

    F <- alpha S F + (1 - alpha) Y, S the normalised similarities of neighbours: Zhou et al.,
    Learning with local and global consistency, 2003. Of a random part of many examples.

    Args:
        codes: `[N, D]`.
        y: integers `[N]`, -1 where unknown.
        classes: C.
        seed: of the choice among more than 60,000 examples.
    """
    known = np.flatnonzero(y >= 0)
    others = np.random.default_rng(seed).permutation(np.flatnonzero(y < 0))[: MAX - len(known)]
    rows = np.concatenate([known, others])
    start = np.zeros((len(rows), classes), "float32")
    start[np.arange(len(known)), y[known]] = 1
    similar, found = _similarities(codes[rows]), start
    for _ in range(ROUNDS):
        found = ALPHA * (similar @ found) + (1 - ALPHA) * start
    found /= found.sum(0)  # each class has as much to give
    sure = found.max(1) / np.maximum(found.sum(1), 1e-30)
    sure[: len(known)] = 2.0
    keep = np.argsort(-sure)[: round(SUREST * len(rows))]
    more = y.copy()
    more[rows[keep]] = found[keep].argmax(1)
    more[known] = y[known]
    return more


def _similarities(codes):
    """exp(-d^2 / mean d^2) of each code's neighbours, over the roots of both their sums."""
    from scipy import sparse
    from sklearn.neighbors import NearestNeighbors

    count = min(NEIGHBOURS, len(codes) - 1)
    distance, index = NearestNeighbors(n_neighbors=count + 1).fit(codes).kneighbors(codes)
    distance = distance[:, 1:] / max(distance[:, 1:].mean(), 1e-12)
    weights = np.exp(-(distance**2)).astype("float32")
    places = np.repeat(np.arange(len(codes)), count), index[:, 1:].ravel()
    graph = sparse.csr_matrix((weights.ravel(), places), (len(codes), len(codes)))
    graph = graph.maximum(graph.T)
    scale = sparse.diags(1 / np.sqrt(np.asarray(graph.sum(1)).ravel() + 1e-12))
    return scale @ graph @ scale
