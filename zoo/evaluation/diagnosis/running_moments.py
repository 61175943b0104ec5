"""Means, deviations and histograms of what comes batch by batch."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.elbo import mutual_information

EDGES = {"loc": np.linspace(-5, 5, 81), "scale": np.linspace(-4, 2, 181)}
OF = {"loc": lambda x: x, "scale": np.log10}
KEPT = ("top_z", "top_loc", "top_scale")


class Moments:
    """What is left of all batches: no more for many than for few.

    Args:
        pairs: the first so many examples' codes are kept.
    """

    def __init__(self, pairs):
        self.pairs, self.examples = pairs, 0
        self._means, self._squares, self._counts = {}, {}, {}
        self._kept = {name: [] for name in KEPT}

    def update(self, batch):
        """Add a batch: name -> `[B, ...]`."""
        rows, before = len(batch["loc"]), self.examples
        self.examples += rows
        for name in KEPT:
            if name in batch and before < self.pairs:
                self._kept[name].append(batch[name][: self.pairs - before])
        for name in batch.keys() - {*KEPT}:
            self._add(name, batch[name].astype("float64"), rows)
        for name, edges in EDGES.items():
            values = np.clip(OF[name](batch[name]), edges[0], edges[-1])
            counts = np.histogram(values[np.isfinite(values)], edges)[0]
            self._counts[name] = self._counts.get(name, 0) + counts

    def _add(self, name, values, rows):
        """Welford's update, batch by batch: no difference of two large numbers."""
        mean, share = values.mean(0), rows / self.examples
        shift = mean - self._means.get(name, 0.0)
        between = shift**2 * rows * (1 - share)
        self._means[name] = self._means.get(name, 0.0) + shift * share
        self._squares[name] = self._squares.get(name, 0.0) + values.var(0) * rows + between

    @property
    def means(self):
        """Name -> mean over all examples."""
        return dict(self._means)

    def deviation(self, name):
        """Standard deviation over all examples."""
        return np.sqrt(self._squares[name] / self.examples)

    def histogram(self, name):
        """(counts, edges); what lies beyond the outermost edges is counted at them."""
        return self._counts[name], EDGES[name]

    def mutual_information(self):
        """I(x; z) in nats of the kept examples, or None where no Normals were kept."""
        if not self._kept["top_z"]:
            return None
        z, loc, scale = (tf.constant(np.concatenate(self._kept[name])) for name in KEPT)
        return float(mutual_information(tfp.distributions.Normal(loc, scale), z))
