"""Ladder latents: several stochastic layers, each conditioned on those above."""

import math
from collections.abc import Iterable, Sequence

import keras
import tensorflow as tf

from zoo.core.distributions import as_event
from zoo.core.identifiers import as_regularizer
from zoo.core.outputs import Draw
from zoo.core.random import normal
from zoo.core.serialization import component, ensure_built
from zoo.latents.base import Latents, prior_or_default
from zoo.latents.levels import Level
from zoo.priors import Prior

# Number of codes that `generate` completes at once, to bound the memory of their states.
CHUNK_SIZE = 256


@component
class LadderLatent(Latents):
    """Ladder of L levels: p(z) = p(z_L) prod_l p(z_l|z above), q(z|x) likewise, top first.

    The encoder's bottom-up pass computes features of x for each level. The top-down pass samples
    one level after the other, given the state of the levels above and, for q, the features of the
    level. Sonderby et al., Ladder variational autoencoders, 2016; residual posteriors as in
    Vahdat and Kautz, NVAE, 2020.

    z is `[B, D]`: the top's `encoder.latent_dim` dimensions first, then those of each lower level,
    from the top down. The decoder input is the state after the lowest level.

    Args:
        encoder: x -> q(z_L|x), a `tfd.Normal`; its `bottom_up(x)` returns the features.
        lower_levels: the levels below the top, from the top down; an empty list makes it a
            `SingleLatent`.
        prior: p(z_L), a `Prior`; the standard Normal by default.
        activation: activation of the layer that projects z_L to the first state.
        kernel_regularizer: regularizer of that layer.

    Raises:
        ValueError: the encoder has features for another number of levels, or the prior has another
            `latent_dim` than the encoder.
    """

    def __init__(
        self,
        encoder: keras.Model,
        lower_levels: Iterable[Level],
        *,
        prior: Prior | None = None,
        activation="relu",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not hasattr(encoder, "lower_levels"):
            raise TypeError(f"encoder must be one of a ladder, got {type(encoder).__name__}")
        if not isinstance(lower_levels, Sequence):
            raise TypeError(f"lower_levels must be a list, got {type(lower_levels).__name__}")
        wrong = [level for level in lower_levels if not isinstance(level, Level)]
        if wrong:
            raise TypeError(f"lower_levels must hold levels, got {wrong[0]!r}")
        self.encoder, self.lower_levels = encoder, list(lower_levels)
        self.activation = activation
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        if len(self.lower_levels) != encoder.lower_levels:
            raise ValueError(
                f"lower_levels must be {encoder.lower_levels} levels, since the encoder has "
                f"features for that many, got {len(self.lower_levels)}"
            )
        self.prior = prior_or_default(prior, encoder)

    def build(self, input_shape):
        ensure_built(self.encoder, input_shape)
        ensure_built(self.prior, input_shape)
        top_shape, *feature_shapes = self.encoder.feature_shapes
        self.top_projection = keras.layers.Dense(
            math.prod(top_shape),
            activation=self.activation,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="top_projection",
        )
        ensure_built(self.top_projection, (None, self.encoder.latent_dim))
        self.top_state_shape = self.code_shape = tuple(top_shape)
        for level, shape in zip(self.lower_levels, feature_shapes, strict=True):
            ensure_built(level, ((None, *self.code_shape), (None, *shape)))
            self.code_shape = tuple(level.state_shape)

    @property
    def adapted(self) -> bool:
        """True if the prior was adapted to data, or does not need any."""
        return self.prior.adapted

    def adapt(self, encoder_inputs: Iterable) -> None:
        """Adapt the prior to an iterable of batches of encoder inputs."""
        self.prior.adapt(encoder_inputs)

    @property
    def level_dims(self) -> tuple[int, ...]:
        """Dimensions of each level, from the top down."""
        return (self.encoder.latent_dim, *(level.latent_dim for level in self.lower_levels))

    @property
    def latent_dim(self) -> int:
        """D, the dimensions of all levels together."""
        return sum(self.level_dims)

    def infer(
        self, x: tf.Tensor, sampler, training: bool | None = None
    ) -> tuple[tf.Tensor, tuple[Draw, ...]]:
        """`(code [S * B, ...], (Draw, ...))` for x `[B, ...]`, the top's draw first."""
        top_features, *features = self.encoder.bottom_up(x, training)
        posterior = self.encoder.posterior(top_features)
        z, log_q = sampler(posterior)
        draws = [Draw(posterior, self.prior.distribution(self.encoder), z, log_q)]
        state = self.top_state(z)
        for level, level_features in zip(self.lower_levels, features, strict=True):
            state = level.upsample(state, training)
            prior = level.prior(state)
            posterior = level.posterior(state, sampler.tile(level_features), prior)
            z, log_q = sampler.each(posterior)
            draws.append(Draw(posterior, prior, z, log_q))
            state = level.merge(state, z, training)
        return state, tuple(draws)

    def code(self, z: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Decoder input for z `[B, D]` of all levels: the state after the lowest level."""
        top, *lower = self.split(z)
        state = self.top_state(top)
        for level, z_level in zip(self.lower_levels, lower, strict=True):
            state = level.merge(level.upsample(state, training), z_level, training)
        return state

    def split(self, z: tf.Tensor) -> list[tf.Tensor]:
        """z `[B, D]` -> a list of `[B, D_l]`, the top first."""
        return tf.split(z, self.level_dims, -1)

    def generate(self, n: int | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """n draws of z from the prior, `[n, D]`; `seed` is an int32 tensor `[2]`."""
        top = as_event(self.prior.distribution(self.encoder)).sample(n, seed=seed)
        noise = self.noise(n, tf.random.experimental.stateless_fold_in(seed, 1))
        if not isinstance(n, int):
            return self.complete(top, noise)
        # The states of many codes may not fit into memory, so they are computed in chunks.
        chunks = [slice(start, start + CHUNK_SIZE) for start in range(0, n, CHUNK_SIZE)]
        return tf.concat([self.complete(top[chunk], noise[chunk]) for chunk in chunks], 0)

    def noise(self, n: int | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Standard-normal numbers `[n, D - D_L]` for all levels below the top."""
        return normal([n, self.latent_dim - self.encoder.latent_dim], seed)

    def complete(self, z: tf.Tensor, noise: tf.Tensor | None = None) -> tf.Tensor:
        """Complete z `[B, D]` from its upper levels; the lower levels come from their priors.

        Args:
            z: `[B, D_L + ...]`, complete levels from the top down.
            noise: standard-normal numbers `[B, at least the missing dimensions]`, of which the last
                are used; None puts each missing level at its prior's mean.

        Raises:
            ValueError: z does not consist of complete levels.
        """
        present_dims, missing_dims = self._split_dims(z.shape[-1])
        top, *present = tf.split(z, present_dims, -1)
        missing_noise = [None] * len(missing_dims)
        if noise is not None and missing_dims:
            missing_noise = tf.split(noise[:, -sum(missing_dims) :], missing_dims, -1)
        state, z_levels = self.top_state(top), [top]
        for i, level in enumerate(self.lower_levels):
            state = level.upsample(state)
            if i < len(present):
                z_level = present[i]
            else:
                prior, e = level.prior(state), missing_noise[i - len(present)]
                z_level = prior.loc if e is None else prior.loc + prior.scale * e
            z_levels.append(z_level)
            state = level.merge(state, z_level)
        return tf.concat(z_levels, -1)

    def _split_dims(self, size):
        """Dimensions of the levels that make up the first `size`, and of the levels below them."""
        dims = list(self.level_dims)
        for count in range(1, len(dims) + 1):
            if sum(dims[:count]) == size:
                return dims[:count], dims[count:]
        raise ValueError(
            f"z must hold complete levels of {tuple(dims)} dimensions, from the top down, got "
            f"{size} dimensions"
        )

    def top_state(self, z: tf.Tensor) -> tf.Tensor:
        """First state of the top-down pass, for z_L `[B, D_L]`."""
        return tf.reshape(self.top_projection(z), [-1, *self.top_state_shape])
