"""VAEs with several stochastic layers."""

from zoo.core.argument_values import as_tuple
from zoo.decoders import ConvDecoder, DenseDecoder
from zoo.encoders import ConvLadderEncoder, DenseLadderEncoder
from zoo.encoders.ladder import stages_of_levels
from zoo.latents import ConvLevel, DenseLevel, LadderLatent
from zoo.objectives import ELBO, KL, FreeBits, LevelKL
from zoo.variants.common import with_shared_options

LADDER_OPTIONS = ("prior", "objective", "beta", "input_noise", "kernel_regularizer", "seed")


@with_shared_options(*LADDER_OPTIONS)
def ladder_vae(
    *,
    latent_dim=16,
    level_dims=(4,),
    widths=(32, 64, 128),
    blocks=1,
    stem_strides=2,
    normalization="batch",
    activation="relu",
    likelihood="bernoulli",
    free_bits=0.5,
    shared,
):
    """A convolutional ladder VAE for images: a latent vector on top, latent maps below it.

    Args:
        latent_dim: number of dimensions of the top level, to which `prior` applies.
        level_dims: latent channels of each level below the top, from the top down; () for none.
        widths: channels of the stem and of each stage; each stage halves the image.
        blocks: residual blocks for each level, bottom-up and top-down.
        stem_strides: 1 or 2; 2 halves the image in the stem as well, which trains three times as
            many images a second.
        normalization: "batch", "group" or None, after each convolution of a block.
        activation: activation of the hidden layers.
        likelihood: identifier or `Likelihood`.
        free_bits: nats of each level's KL that cost nothing, against posterior collapse; None or 0
            for the plain ELBO.
    """
    widths, level_dims = as_tuple(widths), as_tuple(level_dims)
    layers = dict(activation=activation, kernel_regularizer=shared.kernel_regularizer)
    body = dict(blocks=blocks, normalization=normalization, **layers)
    levels = len(level_dims)
    encoder = ConvLadderEncoder(
        latent_dim, lower_levels=levels, widths=widths, stem_strides=stem_strides, **body
    )
    # The decoder starts at the stage of the lowest level.
    stages = len(widths) - 1
    last = [stages, *stages_of_levels(levels, stages)][-1]
    decoder = ConvDecoder(
        widths=widths[: last + 1], stem_strides=stem_strides, likelihood=likelihood, **body
    )
    return shared.vae(
        LadderLatent(
            encoder,
            [ConvLevel(channels, **body) for channels in level_dims],
            prior=shared.prior_of(latent_dim),
            **layers,
        ),
        decoder,
        name="ladder_vae",
        default=_elbo(free_bits, shared.beta, levels + 1),
        xla_on_cpu=False,
        learning_rate=2e-3,
    )


@with_shared_options(*LADDER_OPTIONS)
def dense_ladder_vae(
    *,
    latent_dim=16,
    level_dims=(32,),
    hidden=256,
    depth=1,
    activation="relu",
    likelihood="bernoulli",
    free_bits=0.5,
    shared,
):
    """A ladder VAE of residual dense layers, for any event shape.

    Args:
        latent_dim: number of dimensions of the top level, to which `prior` applies.
        level_dims: latent dimensions of each level below the top, from the top down; () for none.
        hidden: width of every hidden layer.
        depth: residual layers of each level, bottom-up and top-down.
        activation: activation of the hidden layers.
        likelihood: identifier or `Likelihood`.
        free_bits: nats of each level's KL that cost nothing, against posterior collapse; None or 0
            for the plain ELBO.
    """
    level_dims = as_tuple(level_dims)
    body = dict(activation=activation, kernel_regularizer=shared.kernel_regularizer)
    levels = len(level_dims)
    encoder = DenseLadderEncoder(
        latent_dim, lower_levels=levels, hidden=hidden, depth=depth, **body
    )
    return shared.vae(
        LadderLatent(
            encoder,
            [DenseLevel(units, depth=depth, **body) for units in level_dims],
            prior=shared.prior_of(latent_dim),
            **body,
        ),
        DenseDecoder(hidden=(hidden,) * depth, likelihood=likelihood, **body),
        name="dense_ladder_vae",
        default=_elbo(free_bits, shared.beta, levels + 1),
        steps_per_execution=32,
    )


def _elbo(free_bits, beta, levels):
    """The ELBO with free bits for each level, and each level's KL in the logs."""
    kl = FreeBits(free_bits, beta, group_size=None) if free_bits else KL(beta)
    return ELBO((kl, *(LevelKL(level) for level in range(1, levels + 1))))
