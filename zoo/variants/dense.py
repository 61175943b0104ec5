"""VAEs for vectors and tables."""

from zoo.core.serialization import as_tuple
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.model import VAE
from zoo.variants.common import chosen_objective, single_latent


def dense_vae(
    *,
    latent_dim=16,
    hidden=(512, 256),
    activation="relu",
    likelihood="bernoulli",
    prior=None,
    flow=None,
    objective=None,
    beta=1.0,
    input_noise=None,
    kernel_regularizer=None,
    seed=None,
):
    """A VAE of dense layers for any event shape.

    Args:
        latent_dim: number of latent dimensions.
        hidden: widths of the encoder's layers; the decoder mirrors them.
        activation: of the hidden layers.
        likelihood: identifier or `Likelihood`.
        prior: identifier or `Prior`; the standard Normal by default.
        flow: identifier or `zoo.flows.Flow` that makes more than a Normal of the posterior.
        objective: identifier or objective; the ELBO by default.
        beta: weight of the KL in the loss, where no objective is given.
        input_noise: identifier or corruption.
        kernel_regularizer: for every layer.
        seed: of noise and data order.
    """
    hidden = as_tuple(hidden)
    encoder = DenseEncoder(
        latent_dim, hidden=hidden, activation=activation, kernel_regularizer=kernel_regularizer
    )
    decoder = DenseDecoder(
        hidden=hidden[::-1],
        activation=activation,
        likelihood=likelihood,
        kernel_regularizer=kernel_regularizer,
    )
    return VAE(
        single_latent(encoder, prior, flow),
        decoder,
        objective=chosen_objective(objective, beta),
        input_noise=input_noise,
        xla_on_cpu=True,
        steps_per_call=32,
        seed=seed,
        name="dense_vae",
    )
