"""VAEs for images."""

from zoo.core.serialization import as_tuple
from zoo.decoders import ConvDecoder
from zoo.encoders import ConvEncoder
from zoo.model import VAE
from zoo.variants.common import chosen_objective, single_latent


def conv_vae(
    *,
    latent_dim=32,
    widths=(32, 64, 128),
    blocks=2,
    stem_strides=1,
    hidden=None,
    normalization="batch",
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
    """A VAE of residual convolutions for images of any size from 8x8 and any channel count.

    Args:
        latent_dim: number of latent dimensions.
        widths: channels of the stem and of each stage; each stage halves the image.
        blocks: residual blocks in each stage.
        stem_strides: 1 or 2; 2 makes the stem halve the image as well: faster.
        hidden: width of a dense layer on either side of the latent; None for none.
        normalization: "batch", "group" or None, after each convolution.
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
    body = dict(
        widths=as_tuple(widths),
        blocks=blocks,
        stem_strides=stem_strides,
        hidden=hidden,
        activation=activation,
        normalization=normalization,
        kernel_regularizer=kernel_regularizer,
    )
    return VAE(
        single_latent(ConvEncoder(latent_dim, **body), prior, flow),
        ConvDecoder(likelihood=likelihood, **body),
        objective=chosen_objective(objective, beta),
        input_noise=input_noise,
        # XLA's convolutions on a CPU are far slower than the ones that TensorFlow calls without it.
        xla_on_cpu=False,
        seed=seed,
        name="conv_vae",
    )
