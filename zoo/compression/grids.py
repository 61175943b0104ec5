"""Grids on which z is coded: as fine as is worth it, and known to whoever knows the prior."""

import numpy as np

RANGE = 8.0  # standard deviations of the prior, to either side
MIN = 1e-3  # deviation in steps: all of a distribution in one


class Grid:
    """z = origin + unit * step * k, k = -most .. most, in each dimension.

    Args:
        origin, unit: `[D]` or `[rows, D]`, the prior's mean and deviation.
        step: in units of the prior's deviation.
    """

    def __init__(self, origin, unit, step):
        self.origin = np.atleast_2d(np.asarray(origin, "float64"))
        self.width = np.atleast_2d(np.asarray(unit, "float64")) * step
        self.step, self.most = step, round(RANGE / step)

    def z(self, k):
        """What k `[n, D]` stands for, float64."""
        return self.origin[: len(k)] + self.width[: len(k)] * k

    def units(self, loc, scale):
        """Loc and scale `[n, D]` of a Normal in steps of the grid."""
        n = len(loc)
        loc = (np.asarray(loc, "float64") - self.origin[:n]) / self.width[:n]
        scale = np.asarray(scale, "float64") / self.width[:n]
        return np.clip(loc, -self.most, self.most), np.maximum(scale, MIN)


class NormalGrid(Grid):
    """For p(z) = Normal(loc, scale), which is Normal(0, 1 / step) in steps.

    Args:
        loc, scale: `[D]` or `[rows, D]`.
        step: in units of scale.
    """

    def push(self, stack, k, paid):
        """Put k `[n, D]` on a stack, by p(z)."""
        del paid
        stack.push_normal(k.ravel(), 0.0, 1.0 / self.step, self.most)

    def pop(self, stack, n, paid):
        """Undo `push`."""
        del paid
        size = self.origin.shape[-1]
        return stack.pop_normal(0.0, 1.0 / self.step, self.most, n * size).reshape(n, size)


class MixtureGrid(Grid):
    """For p(z) = sum_c w_c Normal(loc_c, scale_c): which c is coded too, and paid back.

    c is drawn from p(c|z), so that c and z cost log p(c|z) - log w_c - log p(z|c) = -log p(z).

    Args:
        logits: `[C]`, of the weights.
        locs, scales: `[C, D]`.
        step: in units of the mixture's deviation.
    """

    def __init__(self, logits, locs, scales, step):
        logits, locs, scales = (np.asarray(a, "float64") for a in (logits, locs, scales))
        if len(logits) == 1:  # the coder wants two symbols at least
            logits, locs, scales = (np.repeat(a, 2, 0) for a in (logits, locs, scales))
        self.weights = np.exp(logits - logits.max())
        self.weights /= self.weights.sum()
        self.locs, self.scales = locs, scales
        # Sums, not products of matrices, which may add in another order elsewhere.
        mean = (self.weights[:, None] * locs).sum(0)
        variance = (self.weights[:, None] * (scales**2 + (locs - mean) ** 2)).sum(0)
        super().__init__(mean, np.sqrt(variance), step)

    def push(self, stack, k, paid):
        """Put k `[n, D]` on a stack, by p(z); `paid` says that bits on it choose components."""
        shares = self._shares(k)
        c = stack.pop_symbols(shares) if paid else shares.argmax(1)
        stack.push_normal(k.ravel(), *self._component(c), self.most)
        stack.push_symbols(c, self._prior_shares(len(k)))

    def pop(self, stack, n, paid):
        """Undo `push`."""
        c = stack.pop_symbols(self._prior_shares(n))
        k = stack.pop_normal(*self._component(c), self.most).reshape(n, -1)
        if paid:
            stack.push_symbols(c, self._shares(k))
        return k

    def _component(self, c):
        return [a.ravel() for a in self.units(self.locs[c], self.scales[c])]

    def _prior_shares(self, n):
        return np.tile(self.weights, (n, 1))

    def _shares(self, k):
        """p(c|z), `[n, C]`."""
        z, logs = self.z(k), np.log(np.maximum(self.weights, 1e-300))
        found = np.tile(logs - np.log(self.scales).sum(1), (len(k), 1))
        for d in range(z.shape[1]):  # no [n, C, D] is held
            found -= 0.5 * ((z[:, d, None] - self.locs[:, d]) / self.scales[:, d]) ** 2
        found = np.exp(found - found.max(1, keepdims=True))
        return found / found.sum(1, keepdims=True)
