"""Several stochastic layers, each expected from those above."""

import math

import keras
import tensorflow as tf

from zoo.core.distributions import as_event
from zoo.core.outputs import Draw
from zoo.core.random import normal
from zoo.core.serialization import component, ensure_built
from zoo.latents.base import Latents
from zoo.priors import StandardNormal

ROWS = 256  # codes are completed so many at a time


@component
class LadderLatent(Latents):
    """A ladder of L levels: p(z) = p(z_L) prod_l p(z_l|z above), q(z|x) likewise, top first.

    On the way up the encoder leaves features of x; on the way down each rung draws its level from
    what was drawn above and, in q, from the features of its size. Sonderby et al., Ladder
    variational autoencoders, 2016; residual posteriors as in Vahdat and Kautz, NVAE, 2020.

    z is `[B, D]`: the top's `encoder.latent_dim` dimensions first, then those of each rung on the
    way down. The decoder eats the state that the last rung leaves.

    Args:
        encoder: x -> q(z_L|x), a `tfd.Normal`; its `bottom_up(x)` gives the features.
        rungs: the levels below the top, from the top down; none makes it a `SingleLatent`.
        prior: p(z_L), a `Prior`; the standard Normal by default.
        activation: of the layer that makes the first state of z_L.
        kernel_regularizer: of that layer.

    Raises:
        ValueError: not as many rungs as the encoder has features for, or a prior of another size.
    """

    def __init__(
        self,
        encoder,
        lower_levels,
        *,
        prior=None,
        activation="relu",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.encoder, self.lower_levels = encoder, list(lower_levels)
        self.prior = StandardNormal(encoder.latent_dim) if prior is None else prior
        self.activation = activation
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        if len(self.lower_levels) != encoder.lower_levels:
            raise ValueError(
                f"rungs must be {encoder.lower_levels}, as many as the encoder has features for, "
                f"got {len(self.lower_levels)}"
            )
        if self.prior.latent_dim != encoder.latent_dim:
            raise ValueError(
                f"prior has latent_dim={self.prior.latent_dim}, expected {encoder.latent_dim} as "
                "the encoder has"
            )

    def build(self, input_shape):
        ensure_built(self.encoder, input_shape)
        ensure_built(self.prior, input_shape)
        top, *features = self.encoder.feature_shapes
        self.first = keras.layers.Dense(
            math.prod(top),
            activation=self.activation,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="first_state",
        )
        ensure_built(self.first, (None, self.encoder.latent_dim))
        self.first_shape = self.code_shape = tuple(top)
        for level, shape in zip(self.lower_levels, features, strict=True):
            ensure_built(level, ((None, *self.code_shape), (None, *shape)))
            self.code_shape = tuple(level.state_shape)

    @property
    def adapted(self):
        """Whether the prior needs no data before training, or has seen them."""
        return self.prior.adapted

    def adapt(self, features):
        """Let the prior see what the encoder sees."""
        self.prior.adapt(features)

    @property
    def level_dims(self):
        """Dimensions of each level, from the top down."""
        return (self.encoder.latent_dim, *(level.latent_dim for level in self.lower_levels))

    @property
    def latent_dim(self):
        """D, of all levels together."""
        return sum(self.level_dims)

    def infer(self, x, sampler, training=None):
        """`(code [S * B, ...], (Draw, ...))` for x `[B, ...]`, the top's draw first."""
        top, *features = self.encoder.bottom_up(x, training)
        posterior = self.encoder.posterior(top)
        z, log_q = sampler(posterior)
        draws = [Draw(posterior, self.prior.distribution(self.encoder), z, log_q)]
        state = self._first_state(z)
        for level, seen in zip(self.lower_levels, features, strict=True):
            state = level.descend(state, training)
            prior = level.prior(state)
            posterior = level.posterior(state, sampler.tile(seen), prior)
            z, log_q = sampler.each(posterior)
            draws.append(Draw(posterior, prior, z, log_q))
            state = level.merge(state, z, training)
        return state, tuple(draws)

    def code(self, z, training=None):
        """The state that the last rung leaves, for z `[B, D]` of all levels."""
        top, *levels = self.split(z)
        state = self._first_state(top)
        for level, z_level in zip(self.lower_levels, levels, strict=True):
            state = level.merge(level.descend(state, training), z_level, training)
        return state

    def split(self, z):
        """z `[B, D]` -> a list of `[B, D_l]`, the top first."""
        return tf.split(z, self.level_dims, -1)

    def generate(self, n, seed):
        """n draws of z from the prior, `[n, D]`; `seed` is an int32 tensor `[2]`."""
        top = as_event(self.prior.distribution(self.encoder)).sample(n, seed=seed)
        noise = self.noise(n, tf.random.experimental.stateless_fold_in(seed, 1))
        if not isinstance(n, int):
            return self.complete(top, noise)
        # The states of many codes at once would fill the memory; the noise does not.
        parts = range(0, n, ROWS)
        return tf.concat([self.complete(top[i : i + ROWS], noise[i : i + ROWS]) for i in parts], 0)

    def noise(self, n, seed):
        """Standard-normal numbers `[n, D - D_L]` for all levels below the top."""
        return normal([n, self.latent_dim - self.encoder.latent_dim], seed)

    def complete(self, z, noise=None):
        """z `[B, D]` of which the upper levels are given: the lower ones come from their priors.

        Args:
            z: `[B, D_L + ...]`, whole levels from the top down.
            noise: standard-normal numbers `[B, at least what is missing]`, of which the last are
                taken; None puts each level at its prior's mean.

        Raises:
            ValueError: z does not end where a level ends.
        """
        given, missing = self._given(z.shape[-1])
        top, *levels = tf.split(z, given, -1)
        drawn = [None] * len(self.lower_levels)
        if noise is not None:
            drawn = tf.split(noise[:, -sum(missing) :], missing, -1) if missing else []
            drawn = [None] * len(levels) + drawn
        state, found = self._first_state(top), [top]
        for i, level in enumerate(self.lower_levels):
            state = level.descend(state)
            if i < len(levels):
                z_level = levels[i]
            else:
                prior = level.prior(state)
                z_level = prior.loc if drawn[i] is None else prior.loc + prior.scale * drawn[i]
            found.append(z_level)
            state = level.merge(state, z_level)
        return tf.concat(found, -1)

    def _given(self, size):
        """The sizes of the levels that `size` dimensions are, and of those that are missing."""
        dims = list(self.level_dims)
        for levels in range(1, len(dims) + 1):
            if sum(dims[:levels]) == size:
                return dims[:levels], dims[levels:]
        raise ValueError(
            f"z must hold whole levels of {tuple(dims)} dimensions, from the top down, got {size}"
        )

    def _first_state(self, z):
        return tf.reshape(self.first(z), [-1, *self.first_shape])
