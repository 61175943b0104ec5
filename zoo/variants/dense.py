"""VAEs for vectors and tables."""

from zoo.core.argument_values import as_tuple
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.variants.common import with_shared_options


@with_shared_options()
def dense_vae(
    *, latent_dim=16, hidden=(512, 256), activation="relu", likelihood="bernoulli", shared
):
    """A VAE of dense layers for any event shape.

    Args:
        latent_dim: number of latent dimensions.
        hidden: widths of the encoder's layers; the decoder mirrors them.
        activation: activation of the hidden layers.
        likelihood: identifier or `Likelihood`.
    """
    hidden = as_tuple(hidden)
    body = dict(activation=activation, kernel_regularizer=shared.kernel_regularizer)
    return shared.vae(
        shared.single_latent(DenseEncoder(latent_dim, hidden=hidden, **body)),
        DenseDecoder(hidden=hidden[::-1], likelihood=likelihood, **body),
        name="dense_vae",
        steps_per_execution=32,
    )
