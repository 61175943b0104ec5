"""Mean distances to the nearest of reference points."""

import dataclasses

import numpy as np
from sklearn.neighbors import NearestNeighbors

SAME = 1e-6  # a point at this distance, relative to its norm, is the point itself


@dataclasses.dataclass(eq=False)
class Nearest:
    """Mean Euclidean distances to the nearest of reference points, without the point itself.

    Attributes:
        points: the reference, `[P, D]`.
        counts: numbers of neighbors, of which at most P are used.
    """

    points: np.ndarray
    counts: tuple[int, ...]

    def __post_init__(self):
        self.counts = tuple(self.counts)
        most = min(max(self.counts, default=0) + 1, len(self.points))
        self._index = NearestNeighbors(n_neighbors=most, algorithm="brute")
        self._index.fit(np.asarray(self.points, "float64"))

    def distances(self, x):
        """Mean distance of each point of x to each number of neighbors, `[N, counts]`.

        A point at distance 0 is left out once: a training example must not be its own neighbor.
        """
        x = np.asarray(x, "float64")
        distances, _ = self._index.kneighbors(x)
        itself = distances[:, 0] <= SAME * (1 + np.linalg.norm(x, axis=1))
        others = np.where(itself[:, None], np.roll(distances, -1, 1), distances)
        # The last column holds the first one now where a point was left out.
        usable = max(1, distances.shape[1] - 1)
        means = [others[:, : min(count, usable)].mean(1) for count in self.counts]
        return np.stack(means, 1) if means else np.empty((len(x), 0))
