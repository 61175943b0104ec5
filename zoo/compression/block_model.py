"""Compiled functions of a VAE on blocks of a fixed size, for coding.

Encoding and decoding need bit-identical floats. Each function is therefore compiled once and called
in both directions with the same numbers in the same rows of a block, padded to a fixed size. It
runs on the CPU, because GPU kernels may add in a different order each time.
"""

import math

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.compression.grids import MixtureGrid, NormalGrid
from zoo.compression.symbols import alphabet, elements
from zoo.core import inputs
from zoo.core.functions import compiled
from zoo.latents import LadderLatent, SingleLatent

tfd = tfp.distributions

MAX_ROWS = 64
MAX_PROBABILITIES = 2**23  # of a block: 32 MB


class BlockModel:
    """q(z|x), p(z) and the symbol probabilities of p(x|z) of a VAE with one stochastic layer.

    The state that the methods pass on is the decoder input once all levels are merged.
    """

    levels = 1

    def __init__(self, model):
        self.model, self.latents = model, model.latents
        self.alphabet = alphabet(model.decoder.likelihood)
        self.event_shape = model.decoder.free_event_shape
        # Number of groups of elements of x that are coded one after the other.
        self.groups = self.event_shape[-1] if self.alphabet.channelwise else 1
        per_row = math.prod(self.event_shape) // self.groups * self.alphabet.count
        self.rows = max(1, min(MAX_ROWS, MAX_PROBABILITIES // per_row))
        self.top_grid, self._top_prior = top_prior(model.latents)

    def encoder_outputs(self, x):
        """Encoder outputs of x `[rows, *event]`, from which all posteriors are computed."""
        return self._run("encoder outputs", self._encoder_outputs, x)

    def prior(self, level, state):
        """The state before a level, and the parameters of p(z|z above) for its grid."""
        if level == 0:
            return state, self._run("prior 0", self._top_prior)
        state, *parameters = self._run(f"prior {level}", self._prior(level), state)
        return state, parameters

    def grid(self, level):
        """The class of the grid of a level's z."""
        return self.top_grid if level == 0 else NormalGrid

    def posterior(self, level, state, outputs, prior):
        """Loc and scale of q(z|x, z above), `[rows, D]`; `prior` holds that level's parameters."""
        return self._run(f"posterior {level}", self._posterior(level), state, outputs, *prior)

    def merge(self, level, state, z):
        """The state after z `[rows, D]` of a level."""
        return self._run(f"merge {level}", self._merge(level), state, z)

    def probabilities(self, group, state, x):
        """Probabilities of each symbol of a group of elements, `[rows, ..., K]`.

        Args:
            group: 0 <= group < `groups`: the channel if the alphabet is channelwise, otherwise all
                elements.
            state: after all levels.
            x: values of the groups before it, `[rows, ..., group]`; not used for group 0.
        """
        return self._run(f"probabilities {group}", self._probabilities, state, x)

    def _run(self, name, function, *arguments):
        with tf.device("CPU:0"):
            return compiled(self.model, ("compression", name), function)(*arguments)

    def _encoder_inputs(self, x):
        preprocessor = self.model.preprocessor
        return preprocessor.encoder_inputs(preprocessor.to_tensor(x))

    def _probabilities(self, state, x):
        distribution = elements(self.model.decoder(state, training=False))
        before = (x,) if self.alphabet.channelwise else ()
        return self.alphabet.probabilities(distribution, *before)

    def _encoder_outputs(self, x):
        q = self.latents.encoder(self._encoder_inputs(x), training=False)
        return q.loc, q.scale

    def _posterior(self, level):
        del level
        return lambda state, outputs, *prior: outputs

    def _merge(self, level):
        del level
        return lambda state, z: z


class LadderBlockModel(BlockModel):
    """`BlockModel` of a ladder, top level first; the state is that of the levels above."""

    def __init__(self, model):
        super().__init__(model)
        self.levels = 1 + len(self.latents.lower_levels)

    def _encoder_outputs(self, x):
        return self.latents.encoder.bottom_up(self._encoder_inputs(x), False)

    def _prior(self, level):
        layer = self.latents.lower_levels[level - 1]

        def prior(state):
            state = layer.upsample(state, False)
            p = layer.prior(state)
            return state, p.loc, p.scale

        return prior

    def _posterior(self, level):
        def posterior(state, outputs, *prior):
            if level == 0:
                q = self.latents.encoder.posterior(outputs[0])
            else:
                layer = self.latents.lower_levels[level - 1]
                q = layer.posterior(state, outputs[level], tfd.Normal(*prior))
            return q.loc, q.scale

        return posterior

    def _merge(self, level):
        if level == 0:
            return lambda state, z: self.latents.top_state(z)
        return lambda state, z: self.latents.lower_levels[level - 1].merge(state, z, False)


BLOCK_MODELS = {SingleLatent: BlockModel, LadderLatent: LadderBlockModel}


def make_block_model(model):
    """The `BlockModel` of a VAE.

    Raises:
        ValueError: the model is not built, or one of its parts cannot be coded.
    """
    inputs.require_built(model)
    latents = model.latents
    kind = BLOCK_MODELS.get(type(latents))
    if kind is None:
        names = " or ".join(known.__name__ for known in BLOCK_MODELS)
        raise ValueError(
            f"the latents of model must be {names} for compression, got {type(latents).__name__}: "
            "use a model with one stochastic layer or a ladder"
        )
    alphabet(model.decoder.likelihood)  # raises for a likelihood that is not discrete
    if isinstance(latents, SingleLatent) and latents.flow is not None:
        raise ValueError(
            "the posterior of model must be a Normal for compression, got the flow "
            f"{type(latents.flow).__name__}: use a model without flow="
        )
    if model.decoder.variable_axes:
        raise ValueError(
            "the examples of model must have one shape for compression, got "
            f"{type(model.decoder).__name__}, a decoder of variable shapes: use another decoder"
        )
    return kind(model)


def top_prior(latents):
    """The grid class of the top level's p(z), and a function that returns the grid's parameters."""

    def distribution():
        p = latents.prior.distribution(latents.encoder)
        return p.distribution if isinstance(p, tfd.Independent) else p

    def normal():
        p = distribution()
        return p.loc, p.scale

    def mixture():
        p = distribution()
        components = p.components_distribution
        weights = p.mixture_distribution.logits_parameter()
        return weights, components.mean(), components.stddev()

    p = distribution()
    if isinstance(p, tfd.Normal):
        return NormalGrid, normal
    is_mixture = isinstance(p, tfd.MixtureSameFamily)
    if is_mixture and isinstance(p.components_distribution, tfd.MultivariateNormalDiag):
        return MixtureGrid, mixture
    raise ValueError(
        "the prior of model must be made of Normals for compression (StandardNormal, NormalPrior, "
        f"MixturePrior, VampPrior or LabelPrior), got {type(latents.prior).__name__}"
    )
