"""Grids on which z is coded, defined by the prior so that encoder and decoder share them."""

import numpy as np

RANGE = 8.0  # standard deviations of the prior on either side of its mean
MIN_SCALE = 1e-3  # of a Normal in grid units: practically all of it lies on one grid point


class LatentGrid:
    """The points z = mean + std * spacing * k, k from -max_k to max_k, in each dimension.

    Args:
        mean, std: `[D]` or `[rows, D]`, of the prior.
        spacing: distance of two points, in standard deviations of the prior.
    """

    def __init__(self, mean, std, spacing):
        self.mean = np.atleast_2d(np.asarray(mean, "float64"))
        self.width = np.atleast_2d(np.asarray(std, "float64")) * spacing
        self.spacing, self.max_k = spacing, round(RANGE / spacing)

    def z(self, k):
        """The points with indices k `[n, D]`, float64."""
        return self.mean[: len(k)] + self.width[: len(k)] * k

    def in_grid_units(self, loc, scale):
        """Loc and scale `[n, D]` of a Normal in units of the distance of two points."""
        n = len(loc)
        loc = (np.asarray(loc, "float64") - self.mean[:n]) / self.width[:n]
        scale = np.asarray(scale, "float64") / self.width[:n]
        return np.clip(loc, -self.max_k, self.max_k), np.maximum(scale, MIN_SCALE)


class NormalGrid(LatentGrid):
    """Grid for p(z) = Normal(loc, scale), which is Normal(0, 1 / spacing) in grid units.

    Args:
        loc, scale: `[D]` or `[rows, D]`.
        spacing: distance of grid points, in units of scale.
    """

    def push(self, stack, k, bits_back):
        """Push k `[n, D]` on a stack under p(z)."""
        del bits_back
        stack.push_normal(k.ravel(), 0.0, 1.0 / self.spacing, self.max_k)

    def pop(self, stack, n, bits_back):
        """Undo `push`."""
        del bits_back
        size = self.mean.shape[-1]
        k = stack.pop_normal(0.0, 1.0 / self.spacing, self.max_k, n * size)
        return k.reshape(n, size)


class MixtureGrid(LatentGrid):
    """Grid for p(z) = sum_c w_c Normal(loc_c, scale_c); the component c is coded with bits back.

    c is drawn from p(c|z), so that c and z cost log p(c|z) - log w_c - log p(z|c) = -log p(z).

    Args:
        logits: `[C]`, of the weights.
        locs, scales: `[C, D]`.
        spacing: distance of grid points, in standard deviations of the mixture.
    """

    def __init__(self, logits, locs, scales, spacing):
        logits, locs, scales = (np.asarray(a, "float64") for a in (logits, locs, scales))
        if len(logits) == 1:  # the coder needs at least two symbols
            logits, locs, scales = (np.repeat(a, 2, 0) for a in (logits, locs, scales))
        self.weights = np.exp(logits - logits.max())
        self.weights /= self.weights.sum()
        self.locs, self.scales = locs, scales
        # Sums instead of matrix products, whose order of addition differs between machines.
        mean = (self.weights[:, None] * locs).sum(0)
        variance = (self.weights[:, None] * (scales**2 + (locs - mean) ** 2)).sum(0)
        super().__init__(mean, np.sqrt(variance), spacing)

    def push(self, stack, k, bits_back):
        """Push k `[n, D]` on a stack under p(z).

        With `bits_back`, each component is drawn with bits of the stack; otherwise it is the most
        probable one.
        """
        posterior = self._component_posterior(k)
        c = stack.pop_symbols(posterior) if bits_back else posterior.argmax(1)
        stack.push_normal(k.ravel(), *self._component(c), self.max_k)
        stack.push_symbols(c, self._component_prior(len(k)))

    def pop(self, stack, n, bits_back):
        """Undo `push`."""
        c = stack.pop_symbols(self._component_prior(n))
        k = stack.pop_normal(*self._component(c), self.max_k).reshape(n, self.mean.shape[-1])
        if bits_back:
            stack.push_symbols(c, self._component_posterior(k))
        return k

    def _component(self, c):
        """Loc and scale of the components c, flat, in grid units."""
        return [a.ravel() for a in self.in_grid_units(self.locs[c], self.scales[c])]

    def _component_prior(self, n):
        """p(c), `[n, C]`."""
        return np.tile(self.weights, (n, 1))

    def _component_posterior(self, k):
        """p(c|z), `[n, C]`."""
        z, log_weights = self.z(k), np.log(np.maximum(self.weights, 1e-300))
        log_joint = np.tile(log_weights - np.log(self.scales).sum(1), (len(k), 1))
        for d in range(z.shape[1]):  # dimension by dimension, to avoid an array [n, C, D]
            log_joint -= 0.5 * ((z[:, d, None] - self.locs[:, d]) / self.scales[:, d]) ** 2
        joint = np.exp(log_joint - log_joint.max(1, keepdims=True))
        return joint / joint.sum(1, keepdims=True)
