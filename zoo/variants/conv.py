"""VAEs for images."""

from zoo.core.argument_values import as_tuple
from zoo.decoders import ConvDecoder
from zoo.encoders import ConvEncoder
from zoo.variants.common import with_shared_options


@with_shared_options()
def conv_vae(
    *,
    latent_dim=32,
    widths=(32, 64, 64),
    blocks=1,
    stem_strides=2,
    hidden=256,
    normalization=None,
    activation="silu",
    likelihood="bernoulli",
    shared,
):
    """A VAE of residual convolutions for images of 8x8 pixels or more, with any channel count.

    Args:
        latent_dim: number of latent dimensions.
        widths: channels of the stem and of each stage; each stage halves the image.
        blocks: residual blocks in each stage.
        stem_strides: 1 or 2; 2 halves the image in the stem as well, which trains several times
            as many images a second.
        hidden: width of a dense layer before and after the latent vector; None for no such layers.
        normalization: "batch", "group" or None, after each convolution.
        activation: activation of the hidden layers.
        likelihood: identifier or `Likelihood`.
    """
    body = dict(
        widths=as_tuple(widths),
        blocks=blocks,
        stem_strides=stem_strides,
        hidden=hidden,
        activation=activation,
        normalization=normalization,
        kernel_regularizer=shared.kernel_regularizer,
    )
    return shared.vae(
        shared.single_latent(ConvEncoder(latent_dim, **body)),
        ConvDecoder(likelihood=likelihood, **body),
        name="conv_vae",
        # On a CPU, XLA's convolutions are far slower than those of TensorFlow without XLA.
        xla_on_cpu=False,
        learning_rate=2e-3,
    )
