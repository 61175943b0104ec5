"""Bits-back coding: the bits of earlier examples serve as the random numbers that draw z."""

import math

import numpy as np

from zoo.compression.ans_stack import ANSStack

# Spacings of the grid of z, in standard deviations of the prior. A coarse grid shortens the code of
# the first example, which gets no bits of its z back; a fine grid represents z more precisely.
GRID_SPACINGS = tuple(4.0**-i for i in range(5))
TRIAL_EXAMPLES = 128  # examples on which every spacing is tried
RESERVE_BITS = 32  # left on the stack: a pop reads 24 bits, and from fewer its draw is not random
FULL_BLOCK_PROBABILITY = 0.95  # approximate frequency of full blocks coded with bits back


class BitsBackCoder:
    """Coder that pushes symbols onto a stack in blocks of examples, and pops the same blocks.

    To push x: pop z under q(z|x), push x under p(x|z), push z under p(z). This takes
    -log2 p(x|z) - log2 p(z) + log2 q(z|x) bits, on average the negative ELBO in bits. Popping x
    reverses the order. Townsend et al., Practical lossless compression with latent variables using
    bits back coding, 2019. Levels of a ladder are coded one after the other, as in Kingma et al.,
    Bit-Swap, 2019, except that the z of all levels are popped before anything is pushed.

    While the stack has too few bits to draw z, z is the mean of q, and no bits are recovered.

    Args:
        block_model: the `BlockModel` of a VAE.
        spacing: spacing of the grid of z.
    """

    def __init__(self, block_model, spacing):
        self.block_model, self.spacing = block_model, spacing
        # Bits to draw the z of one example: log2(sqrt(2 pi e)) < 3 more than log2(1 / spacing) for
        # each dimension, if q is not wider than the prior; draws of low probability take more.
        dimensions = block_model.model.latents.latent_dim
        self.bits_to_draw_z = dimensions * (math.log2(1.0 / spacing) + 3.0)
        # Probability of each kind of block. The kind is the number of its rows less one, plus
        # block_model.rows if its z are drawn with bits back.
        kinds = 2 * block_model.rows
        self.kind_probabilities = np.full((1, kinds), (1.0 - FULL_BLOCK_PROBABILITY) / kinds)
        self.kind_probabilities[0, -1] += FULL_BLOCK_PROBABILITY

    def encode(self, k, progress=None, stack=None):
        """Encode symbols `[N, *event]` to an `ANSStack`: a new one, or onto `stack`."""
        stack = ANSStack() if stack is None else stack
        done, block_rows = 0, self.block_model.rows
        while done < len(k):
            affordable = int(max(stack.bits - RESERVE_BITS, 0) / self.bits_to_draw_z)
            rows = min(max(affordable, 1), block_rows, len(k) - done)
            bits_back = affordable > 0
            self.push(stack, k[done : done + rows], bits_back)
            kind = rows - 1 + block_rows * bits_back
            stack.push_symbols(np.array([kind]), self.kind_probabilities)
            done += rows
            if progress is not None:
                progress(rows)
        return stack

    def decode(self, stack, n, progress=None):
        """Decode n examples, symbols `[n, *event]`; the stack is empty afterwards.

        Raises:
            ValueError: the stack does not hold n examples of this model.
        """
        blocks = [np.zeros((0, *self.block_model.event_shape), "int32")]
        while n:
            kind = int(stack.pop_symbols(self.kind_probabilities)[0])
            bits_back, last_row = divmod(kind, self.block_model.rows)
            rows = last_row + 1
            if rows > n:
                raise ValueError(
                    f"corrupt stream, not made by compress: it has a block of {rows} examples, "
                    f"expected at most {n}"
                )
            blocks.append(self.pop(stack, rows, bool(bits_back)))
            n -= rows
            if progress is not None:
                progress(rows)
        if not stack.empty:
            raise ValueError("corrupt stream, not made by compress: it has bits after its examples")
        return np.concatenate(blocks[::-1])

    def push(self, stack, x, bits_back):
        """Push one block of at most `block_model.rows` examples, symbols `[n, *event]`."""
        if bits_back:
            stack.whiten(len(x) * self.bits_to_draw_z)
        outputs = self.block_model.encoder_outputs(self._values(x))
        state, levels = None, []
        for level in range(self.block_model.levels):
            state, prior = self.block_model.prior(level, state)
            grid = self._grid(level, prior)
            loc, scale = self._posterior(grid, len(x), level, state, outputs, prior)
            if bits_back:
                k = stack.pop_normal(loc.ravel(), scale.ravel(), grid.max_k).reshape(loc.shape)
            else:
                k = np.rint(loc).astype("int32")
            levels.append((grid, k))
            state = self.block_model.merge(level, state, self._z(grid, k))
        self._push_x(stack, state, x)
        for grid, k in reversed(levels):
            grid.push(stack, k, bits_back)

    def pop(self, stack, n, bits_back):
        """Undo `push` of n examples."""
        state, levels = None, []
        for level in range(self.block_model.levels):
            state, prior = self.block_model.prior(level, state)
            grid = self._grid(level, prior)
            k = grid.pop(stack, n, bits_back)
            levels.append((level, state, prior, grid, k))
            state = self.block_model.merge(level, state, self._z(grid, k))
        x = self._pop_x(stack, state, n)
        if bits_back:
            outputs = self.block_model.encoder_outputs(self._values(x))
            for level, state, prior, grid, k in reversed(levels):
                loc, scale = self._posterior(grid, n, level, state, outputs, prior)
                stack.push_normal(k.ravel(), loc.ravel(), scale.ravel(), grid.max_k)
            stack.unwhiten(n * self.bits_to_draw_z)
        return x

    def _grid(self, level, prior):
        grid = self.block_model.grid(level)
        return grid(*(_check_finite(a, "p(z)") for a in prior), self.spacing)

    def _posterior(self, grid, n, level, state, outputs, prior):
        """Loc and scale of q(z|x) `[n, D]` in grid units."""
        parameters = self.block_model.posterior(level, state, outputs, prior)
        return grid.in_grid_units(*(_check_finite(a, "q(z|x)")[:n] for a in parameters))

    def _push_x(self, stack, state, x):
        """Push symbols x `[n, *event]` under p(x|z), the last group first."""
        groups = self._split(x)
        for group in reversed(range(len(groups))):
            probabilities = self._probabilities(state, groups[:group], len(x))
            stack.push_symbols(groups[group].ravel(), probabilities)

    def _pop_x(self, stack, state, n):
        """Undo `_push_x`: symbols `[n, *event]`."""
        shape, groups = self.block_model.event_shape, []
        for _ in range(self.block_model.groups):
            symbols = stack.pop_symbols(self._probabilities(state, groups, n))
            groups.append(symbols.reshape(n, *shape[:-1], -1))
        return np.concatenate(groups, -1)

    def _split(self, x):
        """The groups of elements of x, which are channels or all of x."""
        return np.split(x, self.block_model.groups, -1)

    def _probabilities(self, state, groups, n):
        """p(x|z) of the symbols after the first groups of n examples, `[n * elements, K]`."""
        empty = np.zeros((n, *self.block_model.event_shape[:-1], 0), "int32")
        before = self._values(np.concatenate([empty, *groups], -1))
        tensor = self.block_model.probabilities(len(groups), state, before)
        probabilities = _check_finite(tensor, "p(x|z)")[:n]
        return probabilities.reshape(-1, probabilities.shape[-1])

    def _values(self, x):
        return self._pad(self.block_model.alphabet.values(x))

    def _z(self, grid, k):
        return self._pad(grid.z(k).astype("float32"))

    def _pad(self, a):
        """`[n, ...]` padded with rows of zeros, so that all blocks have the same size."""
        return np.pad(a, [(0, self.block_model.rows - len(a))] + [(0, 0)] * (a.ndim - 1))


def best_coder(block_model, k):
    """The coder whose grid spacing gives the shortest code, as estimated from the first of k."""
    coders = [BitsBackCoder(block_model, spacing) for spacing in GRID_SPACINGS]
    return min(coders, key=lambda coder: expected_bits(coder, k))


def expected_bits(coder, k):
    """Estimate of the bits of symbols k, from the first `TRIAL_EXAMPLES` of them.

    A fine grid takes more bits for the first example and fewer for each of the others. The rest is
    therefore extrapolated from the second half of the trial.
    """
    trial = k[:TRIAL_EXAMPLES]
    half = len(trial) // 2
    stack = coder.encode(trial[:half])
    before = stack.bits
    bits = coder.encode(trial[half:], stack=stack).bits
    rest = len(k) - len(trial)
    return bits + (rest * (bits - before) / (len(trial) - half) if rest else 0.0)


def _check_finite(tensor, name):
    """The tensor as an array; `ValueError` at NaN or infinity."""
    array = np.asarray(tensor)
    if not np.isfinite(array).all():
        raise ValueError(
            f"the model's {name} must be finite, got NaN or infinity: check its weights"
        )
    return array
