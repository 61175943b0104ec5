"""VAEs for texts."""

from zoo.core.identifiers import resolve
from zoo.decoders import TextDecoder
from zoo.encoders import TransformerEncoder
from zoo.layers.autoregressive import CausalLSTM, CausalTransformer
from zoo.model import VAE
from zoo.objectives import ELBO, FreeBits
from zoo.variants.common import chosen_objective, single_latent


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
    prior=None,
    flow=None,
    objective=None,
    beta=1.0,
    kernel_regularizer=None,
    seed=None,
):
    """A VAE for texts: strings or word numbers in, strings or word numbers out.

    Args:
        latent_dim: number of latent dimensions.
        blocks, heads, hidden: of the encoder, and of a decoder by name.
        dropout: fraction of what the blocks add that is dropped in training.
        pooling: "mean", "attention" or a layer: from words to the text.
        decoder: "transformer", "lstm" (`hidden` units) or an object that reads from left to right.
        word_dropout: fraction of the words hidden from the decoder in training: against collapse.
        free_bits: nats that each latent dimension has free, against collapse; None or 0 for the
            plain ELBO. With a prior or a flow given, all dimensions together have their sum free.
        likelihood: "text" or a `zoo.likelihoods.Text`, which holds vocabulary, length and width.
        prior: identifier or `Prior`; the standard Normal by default.
        flow: identifier or `zoo.flows.Flow` that makes more than a Normal of the posterior.
        objective: identifier or objective; the ELBO by default.
        beta: weight of the KL in the loss, where no objective is given.
        kernel_regularizer: for every layer.
        seed: of noise and data order.
    """
    body = dict(heads=heads, hidden=hidden, dropout=dropout, kernel_regularizer=kernel_regularizer)
    readers = {
        "transformer": lambda: CausalTransformer(blocks, **body),
        "lstm": lambda: CausalLSTM(
            (hidden,), dropout=dropout, kernel_regularizer=kernel_regularizer
        ),
    }
    free_bits = free_bits or 0.0
    if not free_bits >= 0:
        raise ValueError(f"free_bits must be None or nats from 0, got {free_bits!r}")
    exact = flow is None and prior is None  # the KL, in closed form for each dimension
    return VAE(
        single_latent(
            TransformerEncoder(latent_dim, blocks=blocks, pooling=pooling, **body), prior, flow
        ),
        TextDecoder(
            body=resolve(decoder, readers, "decoder"),
            word_dropout=word_dropout,
            likelihood=likelihood,
            kernel_regularizer=kernel_regularizer,
        ),
        objective=chosen_objective(objective, beta, _bound(free_bits, beta, latent_dim, exact)),
        # A graph skips padding and keeps the processor's own products; XLA does neither.
        xla_on_cpu=False,
        steps_per_call=10,
        seed=seed,
        name="transformer_vae",
    )


def _bound(free_bits, beta, latent_dim, exact):
    """The ELBO with so many nats free for each latent dimension, or for all of them together."""
    if not free_bits:
        return None
    if exact:
        return ELBO((FreeBits(free_bits, beta),))
    return ELBO((FreeBits(free_bits * latent_dim, beta, group_size=None),))
