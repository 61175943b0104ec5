"""A VAE in the steps in which it is coded, each a compiled function of blocks of one size.

Whoever decodes must come to the very floats that whoever encoded had. So each step is one program,
called in both directions with the same numbers in the same rows of a block that is filled up to a
fixed size; on the CPU, also beside a GPU, whose kernels may add in another order each time.
"""

import math

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.compression.grids import MixtureGrid, NormalGrid
from zoo.compression.symbols import alphabet, elements
from zoo.core import inputs
from zoo.decoders import event_shapes
from zoo.latents import LadderLatent, SingleLatent

tfd = tfp.distributions

MAX_ROWS = 64
MAX_NUMBERS = 2**23  # probabilities of a block: 32 MB


class Steps:
    """One stochastic layer: q(z|x), p(z), and p(x|z) as probabilities of symbols.

    The state is what the decoder eats once all levels are merged.
    """

    levels = 1

    def __init__(self, model):
        self.model, self.latents = model, model.latents
        self.alphabet = alphabet(model.decoder.likelihood)
        self.event_shape = model.free_event_shape
        numbers = math.prod(self.event_shape) * self.alphabet.count
        self.rows = max(1, min(MAX_ROWS, MAX_NUMBERS // numbers))
        self.top_grid, self._top_prior = prior_parts(model.latents)

    def features(self, x):
        """What all posteriors need to know of x `[rows, *event]`."""
        return self._run("features", self._features, x)

    def prior(self, level, state):
        """The state before a level, and the parameters of p(z|z above) that its grid takes."""
        if level == 0:
            return state, self._run("prior 0", self._top_prior)
        state, *parameters = self._run(f"prior {level}", self._prior(level), state)
        return state, parameters

    def grid(self, level):
        """The class of grid on which a level's z lies."""
        return self.top_grid if level == 0 else NormalGrid

    def posterior(self, level, state, features, prior):
        """Loc and scale of q(z|x, z above), `[rows, D]`; `prior` is that level's parameters."""
        return self._run(f"posterior {level}", self._posterior(level), state, features, *prior)

    def merge(self, level, state, z):
        """The state after z `[rows, D]` of a level."""
        return self._run(f"merge {level}", self._merge(level), state, z)

    def probabilities(self, state):
        """p(x|z) of each symbol: `[rows, *event, K]`."""
        return self._run("probabilities", self._probabilities, state)

    def _run(self, name, function, *arguments):
        with tf.device("CPU:0"):
            return self.model.compiled_function(("compression", name), function)(*arguments)

    def _seen(self, x):
        likelihood = self.model.decoder.likelihood
        return likelihood.features(likelihood.read(x))

    def _probabilities(self, state):
        found = self.model.decoder(state, training=False)
        return self.alphabet.probabilities(elements(found))

    def _features(self, x):
        q = self.latents.encoder(self._seen(x), training=False)
        return q.loc, q.scale

    def _posterior(self, level):
        del level
        return lambda state, features, *prior: features

    def _merge(self, level):
        del level
        return lambda state, z: z


class LadderSteps(Steps):
    """A ladder, the top first: the state is what the levels above have said."""

    def __init__(self, model):
        super().__init__(model)
        self.levels = 1 + len(self.latents.lower_levels)

    def _features(self, x):
        return self.latents.encoder.bottom_up(self._seen(x), False)

    def _prior(self, level):
        layer = self.latents.lower_levels[level - 1]

        def prior(state):
            state = layer.upsample(state, False)
            p = layer.prior(state)
            return state, p.loc, p.scale

        return prior

    def _posterior(self, level):
        def posterior(state, features, *prior):
            if level == 0:
                q = self.latents.encoder.posterior(features[0])
            else:
                layer = self.latents.lower_levels[level - 1]
                q = layer.posterior(state, features[level], tfd.Normal(*prior))
            return q.loc, q.scale

        return posterior

    def _merge(self, level):
        if level == 0:
            return lambda state, z: self.latents.top_state(z)
        return lambda state, z: self.latents.lower_levels[level - 1].merge(state, z, False)


LATENTS = {SingleLatent: Steps, LadderLatent: LadderSteps}


def steps(model):
    """The `Steps` of a model.

    Raises:
        ValueError: it has no shapes yet, or one of its parts cannot be coded.
    """
    inputs.built(model)
    latents = model.latents
    kind = LATENTS.get(type(latents))
    if kind is None:
        names = " or ".join(known.__name__ for known in LATENTS)
        raise ValueError(f"only {names} can be coded, got {type(latents).__name__}")
    alphabet(model.decoder.likelihood)
    if getattr(latents, "flow", None) is not None:
        raise ValueError(
            "only a posterior that is a Normal can be coded, got a flow, "
            f"{type(latents.flow).__name__}"
        )
    if event_shapes.varies(model.decoder):
        raise ValueError(
            "only examples of one shape can be coded, and those of "
            f"{type(model.decoder).__name__} may vary"
        )
    return kind(model)


def prior_parts(latents):
    """The class of grid for p(z) of the top, and a function that gives what the grid takes."""

    def distribution():
        p = latents.prior.distribution(latents.encoder)
        return p.distribution if isinstance(p, tfd.Independent) else p

    def normal():
        p = distribution()
        return p.loc, p.scale

    def mixture():
        p = distribution()
        parts = p.components_distribution
        return p.mixture_distribution.logits_parameter(), parts.mean(), parts.stddev()

    p = distribution()
    if isinstance(p, tfd.Normal):
        return NormalGrid, normal
    parts = getattr(p, "components_distribution", None)
    if isinstance(parts, tfd.MultivariateNormalDiag):
        return MixtureGrid, mixture
    raise ValueError(
        "only a prior of Normals can be coded, StandardNormal, NormalPrior, MixturePrior, "
        f"VampPrior or LabelPrior, got {type(latents.prior).__name__}"
    )
