"""VAEs with several stochastic layers."""

from zoo.core.serialization import as_tuple
from zoo.decoders import ConvDecoder, DenseDecoder
from zoo.encoders import ConvLadderEncoder, DenseLadderEncoder
from zoo.encoders.ladder import stages_of_levels
from zoo.latents import ConvLevel, DenseLevel, LadderLatent
from zoo.model import VAE
from zoo.objectives import ELBO, KL, FreeBits, LevelKL
from zoo.variants.common import chosen_objective, named_prior


def ladder_vae(
    *,
    latent_dim=16,
    level_dims=(4,),
    widths=(32, 64, 128),
    blocks=1,
    stem_strides=1,
    normalization="batch",
    activation="relu",
    likelihood="bernoulli",
    free_bits=0.5,
    prior=None,
    objective=None,
    beta=1.0,
    input_noise=None,
    kernel_regularizer=None,
    seed=None,
):
    """A ladder of latents for images: a vector on top, maps below it.

    Args:
        latent_dim: dimensions of the top level.
        level_dims: latent channels of each level below the top, from the top down; () makes a VAE
            with one stochastic layer.
        widths: channels of the stem and of each stage; each stage halves the image.
        blocks: residual blocks for each level, on the way up and on the way down.
        stem_strides: 1 or 2; 2 makes the stem halve the image as well: faster.
        normalization: "batch", "group" or None, after each convolution of a block.
        activation: of the hidden layers.
        likelihood: identifier or `Likelihood`.
        free_bits: nats that each level has free, so that none dies; None or 0 for the plain ELBO.
        prior: identifier or `Prior` of the top level; the standard Normal by default.
        objective: identifier or objective; the ELBO by default.
        beta: weight of the KL in the loss, where no objective is given.
        input_noise: identifier or corruption.
        kernel_regularizer: for every layer.
        seed: of noise and data order.
    """
    widths, level_dims = as_tuple(widths), as_tuple(level_dims)
    body = dict(
        blocks=blocks,
        normalization=normalization,
        activation=activation,
        kernel_regularizer=kernel_regularizer,
    )
    encoder = ConvLadderEncoder(
        latent_dim, lower_levels=len(level_dims), widths=widths, stem_strides=stem_strides, **body
    )
    # The decoder goes on from the stage where the last rung stands.
    stages = len(widths) - 1
    last = [stages, *stages_of_levels(len(level_dims), stages)][-1]
    return VAE(
        LadderLatent(
            encoder,
            [ConvLevel(channels, **body) for channels in level_dims],
            prior=named_prior(prior, latent_dim),
            activation=activation,
            kernel_regularizer=kernel_regularizer,
        ),
        ConvDecoder(
            widths=widths[: last + 1], stem_strides=stem_strides, likelihood=likelihood, **body
        ),
        objective=chosen_objective(objective, beta, _bound(free_bits, beta, len(level_dims) + 1)),
        input_noise=input_noise,
        xla_on_cpu=False,
        seed=seed,
        name="ladder_vae",
    )


def dense_ladder_vae(
    *,
    latent_dim=16,
    level_dims=(32,),
    hidden=256,
    depth=1,
    activation="relu",
    likelihood="bernoulli",
    free_bits=0.5,
    prior=None,
    objective=None,
    beta=1.0,
    input_noise=None,
    kernel_regularizer=None,
    seed=None,
):
    """A ladder of latents of dense layers, for any event shape.

    Args:
        latent_dim: dimensions of the top level.
        level_dims: latent dimensions of each level below the top, from the top down; () makes it a
            VAE with one stochastic layer.
        hidden: width of every hidden layer.
        depth: residual layers of each level, on the way up and on the way down.
        activation: of the hidden layers.
        likelihood: identifier or `Likelihood`.
        free_bits: nats that each level has free, so that none dies; None or 0 for the plain ELBO.
        prior: identifier or `Prior` of the top level; the standard Normal by default.
        objective: identifier or objective; the ELBO by default.
        beta: weight of the KL in the loss, where no objective is given.
        input_noise: identifier or corruption.
        kernel_regularizer: for every layer.
        seed: of noise and data order.
    """
    level_dims = as_tuple(level_dims)
    body = dict(activation=activation, kernel_regularizer=kernel_regularizer)
    encoder = DenseLadderEncoder(
        latent_dim, lower_levels=len(level_dims), hidden=hidden, depth=depth, **body
    )
    return VAE(
        LadderLatent(
            encoder,
            [DenseLevel(units, depth=depth, **body) for units in level_dims],
            prior=named_prior(prior, latent_dim),
            **body,
        ),
        DenseDecoder(hidden=(hidden,) * depth, likelihood=likelihood, **body),
        objective=chosen_objective(objective, beta, _bound(free_bits, beta, len(level_dims) + 1)),
        input_noise=input_noise,
        xla_on_cpu=True,
        steps_per_call=32,
        seed=seed,
        name="dense_ladder_vae",
    )


def _bound(free_bits, beta, levels):
    """The ELBO with so many nats free for each level, and each level's KL in the logs."""
    kl = FreeBits(free_bits, beta, group_size=None) if free_bits else KL(beta)
    return ELBO((kl, *(LevelKL(level) for level in range(1, levels + 1))))
