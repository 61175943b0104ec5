"""Means, standard deviations and histograms accumulated batch by batch."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.elbo import mutual_information

HISTOGRAM_EDGES = {"loc": np.linspace(-5, 5, 81), "scale": np.linspace(-4, 2, 181)}
HISTOGRAM_TRANSFORMS = {"loc": lambda x: x, "scale": np.log10}
# Quantities of which single examples are stored, for the mutual information.
STORED = ("top_z", "top_loc", "top_scale")


class RunningMoments:
    """Moments of named quantities over all batches, in memory that does not grow with the data.

    Args:
        pairs: maximum number of examples whose codes are stored; the first ones are.
    """

    def __init__(self, pairs):
        self.pairs, self.examples = pairs, 0
        self._means, self._squares, self._counts = {}, {}, {}
        self._stored = {name: [] for name in STORED}

    def update(self, batch):
        """Add a batch: name -> `[B, ...]`."""
        rows, before = len(batch["loc"]), self.examples
        self.examples += rows
        for name in STORED:
            if name in batch and before < self.pairs:
                self._stored[name].append(batch[name][: self.pairs - before])
        for name in batch.keys() - {*STORED}:
            self._add(name, batch[name].astype("float64"), rows)
        for name, edges in HISTOGRAM_EDGES.items():
            values = np.clip(HISTOGRAM_TRANSFORMS[name](batch[name]), edges[0], edges[-1])
            counts = np.histogram(values[np.isfinite(values)], edges)[0]
            self._counts[name] = self._counts.get(name, 0) + counts

    def _add(self, name, values, rows):
        """Apply Welford's update, which avoids the difference of two large numbers."""
        mean, weight = values.mean(0), rows / self.examples
        shift = mean - self._means.get(name, 0.0)
        between = shift**2 * rows * (1 - weight)
        self._means[name] = self._means.get(name, 0.0) + shift * weight
        self._squares[name] = self._squares.get(name, 0.0) + values.var(0) * rows + between

    @property
    def means(self):
        """Name -> mean over all examples."""
        return dict(self._means)

    def std(self, name):
        """Standard deviation over all examples."""
        return np.sqrt(self._squares[name] / self.examples)

    def histogram(self, name):
        """(counts, edges); values beyond the outermost edges count in the outermost bins."""
        return self._counts[name], HISTOGRAM_EDGES[name]

    def mutual_information(self):
        """I(x; z) in nats of the stored examples, or None if their posteriors are not Normal."""
        if not self._stored["top_z"]:
            return None
        z, loc, scale = (tf.constant(np.concatenate(self._stored[name])) for name in STORED)
        return float(mutual_information(tfp.distributions.Normal(loc, scale), z))
