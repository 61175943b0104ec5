"""VAEs for vectors and tables."""

from zoo.component import as_tuple
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.latents import SingleLatent
from zoo.model import VAE
from zoo.objectives import KL, WeightedSum


def dense_vae(
    *,
    latent_dim=16,
    hidden=(512, 256),
    activation="relu",
    likelihood="bernoulli",
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
        beta: weight of the KL in the loss.
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
        SingleLatent(encoder),
        decoder,
        objective=WeightedSum((KL(beta),)),
        input_noise=input_noise,
        xla_on_cpu=True,
        steps_per_call=32,
        seed=seed,
        name="dense_vae",
    )
