"""Bits back: examples on a stack, each of whose codes z is drawn by the bits of those before it."""

import math

import numpy as np

from zoo.compression.ans_stack import Stack

# Steps of the grid of z, in the prior's deviations. Coarse ones are cheap for the first example,
# which has to pay for its z; fine ones lose less of what z says.
STEPS = tuple(4.0**-i for i in range(5))
TRIED = 128  # examples on which all are tried
RESERVE = 32  # bits: what is popped of fewer is no draw, as the coder looks at 24 at a time
USUAL = 0.95  # of the blocks are full and paid for, about


class Blocks:
    """Pushes examples, as numbers of symbols, and pops them in the same blocks.

    To push x: pop z by q(z|x), push x by p(x|z), push z by p(z). That takes
    -log2 p(x|z) - log2 p(z) + log2 q(z|x) bits, whose mean is the negative ELBO in bits. To pop it:
    the same the other way round. Townsend et al., Practical lossless compression with latent
    variables using bits back coding, 2019; a level after the other, as in Kingma et al., Bit-Swap,
    2019, but with the whole of q first.

    While the stack cannot pay for z, an example has z at the mean of q and gets nothing back.

    Args:
        steps: the model's `Steps`.
        step: of the grid of z.
    """

    def __init__(self, steps, step):
        self.steps, self.step = steps, step
        # What popping z takes at most, but for luck: log2 of sqrt(2 pi e) deviations, and a bit.
        self.need = steps.model.latents.latent_dim * (math.log2(1.0 / step) + 3.0)
        # How many rows a block has, less one, and as many more where it is paid for.
        self.kinds = np.full((1, 2 * steps.rows), (1.0 - USUAL) / (2 * steps.rows))
        self.kinds[0, -1] += USUAL

    def encode(self, k, progress=None):
        """Numbers of symbols `[N, *event]` -> a `Stack`."""
        stack, done = Stack(), 0
        while done < len(k):
            affordable = int(max(stack.bits - RESERVE, 0) / self.need)
            rows = min(max(affordable, 1), self.steps.rows, len(k) - done)
            self.push(stack, k[done : done + rows], affordable > 0)
            kind = rows - 1 + self.steps.rows * (affordable > 0)
            stack.push_symbols(np.array([kind]), self.kinds)
            done += rows
            if progress is not None:
                progress(rows)
        return stack

    def decode(self, stack, n, progress=None):
        """Undo `encode`, which ends with an empty stack.

        Raises:
            ValueError: the stack does not hold n examples of this model.
        """
        parts = [np.zeros((0, *self.steps.event_shape), "int32")]
        while n:
            paid, last = divmod(int(stack.pop_symbols(self.kinds)[0]), self.steps.rows)
            if last >= n:
                raise ValueError("stream holds examples of no sense: it was not made by compress")
            parts.append(self.pop(stack, last + 1, bool(paid)))
            n -= last + 1
            if progress is not None:
                progress(last + 1)
        if not stack.empty:
            raise ValueError("stream holds more than its examples: it was not made by compress")
        return np.concatenate(parts[::-1])

    def push(self, stack, x, paid):
        """One block of at most `steps.rows` examples, `[n, *event]`."""
        if paid:
            stack.whiten(len(x) * self.need)
        features = self.steps.features(self._values(x))
        state, levels = None, []
        for level in range(self.steps.levels):
            state, prior = self.steps.prior(level, state)
            grid = self._grid(level, prior)
            loc, scale = self._posterior(grid, len(x), level, state, features, prior)
            if paid:
                k = stack.pop_normal(loc.ravel(), scale.ravel(), grid.most).reshape(loc.shape)
            else:
                k = np.rint(loc).astype("int32")
            levels.append((grid, k))
            state = self.steps.merge(level, state, self._z(grid, k))
        stack.push_symbols(x.ravel(), self._probabilities(state, len(x)))
        for grid, k in reversed(levels):
            grid.push(stack, k, paid)

    def pop(self, stack, n, paid):
        """Undo `push`."""
        state, levels = None, []
        for level in range(self.steps.levels):
            state, prior = self.steps.prior(level, state)
            grid = self._grid(level, prior)
            k = grid.pop(stack, n, paid)
            levels.append((level, state, prior, grid, k))
            state = self.steps.merge(level, state, self._z(grid, k))
        x = stack.pop_symbols(self._probabilities(state, n)).reshape(n, *self.steps.event_shape)
        if paid:
            features = self.steps.features(self._values(x))
            for level, state, prior, grid, k in reversed(levels):
                loc, scale = self._posterior(grid, n, level, state, features, prior)
                stack.push_normal(k.ravel(), loc.ravel(), scale.ravel(), grid.most)
            stack.unwhiten(n * self.need)
        return x

    def _grid(self, level, prior):
        return self.steps.grid(level)(*(_finite(a, "p(z)") for a in prior), self.step)

    def _posterior(self, grid, n, level, state, features, prior):
        """Loc and scale of q(z|x) `[n, D]` in steps of the grid."""
        found = self.steps.posterior(level, state, features, prior)
        return grid.units(*(_finite(a, "q(z|x)")[:n] for a in found))

    def _probabilities(self, state, n):
        found = _finite(self.steps.probabilities(state), "p(x|z)")[:n]
        return found.reshape(-1, found.shape[-1])

    def _values(self, x):
        return self._filled(self.steps.alphabet.values(x))

    def _z(self, grid, k):
        return self._filled(grid.z(k).astype("float32"))

    def _filled(self, a):
        """Rows of zeros below `[n, ...]`: no program sees blocks of two sizes."""
        return np.pad(a, [(0, self.steps.rows - len(a))] + [(0, 0)] * (a.ndim - 1))


def best(steps, k):
    """The `Blocks` of the grid that makes the first of some examples `[N, *event]` shortest."""
    tried = [Blocks(steps, step) for step in STEPS]
    bits = [blocks.encode(k[:TRIED]).bits for blocks in tried]
    return tried[int(np.argmin(bits))]


def _finite(tensor, name):
    """As an array; `ValueError` where a number is none."""
    array = np.asarray(tensor)
    if not np.isfinite(array).all():
        raise ValueError(f"the model's {name} is not finite: nothing can be coded with it")
    return array
