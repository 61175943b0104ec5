"""VAEs for texts."""

from zoo.core.identifiers import resolve
from zoo.decoders import TextDecoder
from zoo.encoders import TransformerEncoder
from zoo.layers.autoregressive import CausalLSTM, CausalTransformer
from zoo.objectives import ELBO, FreeBits
from zoo.variants.common import with_shared_options


@with_shared_options("prior", "flow", "objective", "beta", "kernel_regularizer", "seed")
def transformer_vae(
    *,
    latent_dim=32,
    blocks=2,
    heads=4,
    hidden=512,
    dropout=0.1,
    pooling="mean",
    decoder="transformer",
    word_dropout=0.3,
    free_bits=0.1,
    likelihood="text",
    shared,
):
    """A VAE for texts: strings or token ids in, strings or token ids out.

    Args:
        latent_dim: number of latent dimensions.
        blocks: number of blocks of the encoder, and of the decoder "transformer".
        heads: number of attention heads of each block.
        hidden: width of the inner layer of each block, or units of the decoder "lstm".
        dropout: dropout rate of each residual branch.
        pooling: "mean", "attention" or a layer that maps the states of all tokens to one vector.
        decoder: "transformer", "lstm" or a layer that reads tokens left to right.
        word_dropout: fraction of the tokens hidden from the decoder in training, against posterior
            collapse.
        free_bits: nats of each latent dimension's KL that cost nothing, against posterior collapse;
            None or 0 for the plain ELBO. If a prior or a flow is given, the sum of these nats
            applies to all dimensions together.
        likelihood: "text" or a `zoo.likelihoods.Text`, which sets vocabulary, length and width.
    """
    regularizer = dict(kernel_regularizer=shared.kernel_regularizer)
    body = dict(heads=heads, hidden=hidden, dropout=dropout, **regularizer)
    decoders = {
        "transformer": lambda: CausalTransformer(blocks, **body),
        "lstm": lambda: CausalLSTM((hidden,), dropout=dropout, **regularizer),
    }
    free_bits = free_bits or 0.0
    if not free_bits >= 0:
        raise ValueError(f"free_bits must be None or nats from 0, got {free_bits!r}")
    # The KL of each dimension is known where both distributions are diagonal Normals.
    per_dimension = shared.flow is None and shared.prior is None
    encoder = TransformerEncoder(latent_dim, blocks=blocks, pooling=pooling, **body)
    return shared.vae(
        shared.single_latent(encoder),
        TextDecoder(
            body=resolve(decoder, decoders, "decoder"),
            word_dropout=word_dropout,
            likelihood=likelihood,
            **regularizer,
        ),
        name="transformer_vae",
        default=_elbo(free_bits, shared.beta, latent_dim, per_dimension),
        # Without XLA, TensorFlow skips padding and uses the faster matrix products of its library.
        xla_on_cpu=False,
        steps_per_execution=10,
    )


def _elbo(free_bits, beta, latent_dim, per_dimension):
    """The ELBO with free nats for each latent dimension, or their sum for all together."""
    if not free_bits:
        return None
    if per_dimension:
        return ELBO((FreeBits(free_bits, beta),))
    return ELBO((FreeBits(free_bits * latent_dim, beta, group_size=None),))
