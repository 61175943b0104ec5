"""Options that variants share, documented and handled in one place."""

import dataclasses
import functools
import inspect
from typing import Any

from zoo import flows, objectives, priors
from zoo.core.identifiers import resolve
from zoo.core.suggestions import refuse_unknown_options
from zoo.latents import SingleLatent
from zoo.model import VAE
from zoo.objectives import ELBO, KL


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shared:
    """Options of the variants that do not depend on the architecture.

    Args:
        prior: identifier or `zoo.priors.Prior`; the standard Normal by default.
        flow: identifier or `zoo.flows.Flow` that transforms the encoder's Normal; None for none.
        objective: identifier or `zoo.objectives.Objective`; the ELBO by default.
        beta: weight of the KL in the loss; must be 1 if `objective` is given.
        input_noise: identifier or corruption of the encoder's input in training.
        kernel_regularizer: regularizer of the kernels of all layers.
        seed: seed of the noise and of the order of the data.
    """

    prior: Any = None
    flow: Any = None
    objective: Any = None
    beta: float = 1.0
    input_noise: Any = None
    kernel_regularizer: Any = None
    seed: int | None = None

    def single_latent(self, encoder):
        """One stochastic layer with the chosen prior and flow."""
        flow = resolve(self.flow, flows.IDENTIFIERS, "flow")
        return SingleLatent(encoder, prior=self.prior_of(encoder.latent_dim), flow=flow)

    def prior_of(self, latent_dim):
        """The chosen prior over `latent_dim` dimensions; None for the default."""
        known = {n: functools.partial(p, latent_dim) for n, p in priors.IDENTIFIERS.items()}
        return resolve(self.prior, known, "prior")

    def vae(
        self,
        latents,
        decoder,
        *,
        name,
        default=None,
        input_noise=None,
        initial_fit=None,
        **auto_compile,
    ):
        """The `VAE` of these parts.

        Args:
            latents, decoder, name, initial_fit: as in `VAE`.
            default: objective if the user chose none; the ELBO with weight beta by default.
            input_noise: corruption of the variant, which replaces the option `input_noise`.
            **auto_compile: as in `VAE`.
        """
        return VAE(
            latents,
            decoder,
            objective=self._objective(default),
            input_noise=input_noise or self.input_noise,
            initial_fit=initial_fit,
            auto_compile=auto_compile,
            seed=self.seed,
            name=name,
        )

    def _objective(self, default):
        if self.objective is None:
            return ELBO((KL(self.beta),)) if default is None else default
        if self.beta != 1:
            raise ValueError(
                f"beta must be 1 where an objective is given, got {self.beta!r}: give the weight "
                "to the objective's KL"
            )
        return resolve(self.objective, objectives.IDENTIFIERS, "objective")


def with_shared_options(*names):
    """Decorator: add options of `Shared` to a variant, which takes them as its argument `shared`.

    The decorated function has the options in its signature and docstring.

    Args:
        *names: the options that the variant has; all of them by default.
    """

    def decorate(function):
        fields = [f.name for f in dataclasses.fields(Shared) if not names or f.name in names]
        own = [p for p in inspect.signature(function).parameters.values() if p.name != "shared"]
        common = inspect.signature(Shared).parameters
        parameters = [*own, *(common[name] for name in fields)]

        @functools.wraps(function)
        def variant(**options):
            refuse_unknown_options(function.__name__, options, [p.name for p in parameters])
            shared = Shared(**{n: options.pop(n) for n in fields if n in options})
            return function(**options, shared=shared)

        variant.__signature__ = inspect.Signature(parameters)
        variant.__doc__ = f"{inspect.cleandoc(function.__doc__)}\n{_documentation(fields)}"
        return variant

    return decorate


def _documentation(fields):
    """The lines of `Shared`'s docstring about these options."""
    lines = inspect.cleandoc(Shared.__doc__).partition("Args:\n")[2].splitlines()
    return "\n".join(line for line in lines if line.split(":")[0].strip() in fields)
