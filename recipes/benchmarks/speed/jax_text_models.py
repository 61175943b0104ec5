"""JAX networks of the text workloads."""

import jax
from jax import lax
from jax import numpy as jnp
from jax_layers import dense, glorot, init_dense, init_norm
from workload import BLOCKS, HEADS, LATENTS, VOCABULARY, WIDTH, positions


def init_text_vae(rng):
    width = WIDTH

    def block():
        return {
            "norm1": init_norm(width),
            "qkv": init_dense(rng, width, 3 * width),
            "out": init_dense(rng, width, width),
            "norm2": init_norm(width),
            "up": init_dense(rng, width, 4 * width),
            "down": init_dense(rng, 4 * width, width),
        }

    def stack():
        return {"blocks": [block() for _ in range(BLOCKS)], "norm": init_norm(width)}

    return {
        "table": jnp.asarray(rng.normal(0, width**-0.5, (VOCABULARY, width)), "float32"),
        "encoder": stack(),
        "heads": init_dense(rng, width, 2 * LATENTS["w4"]),
        "code": glorot(rng, LATENTS["w4"], width),
        "decoder": stack(),
    }


def layer_norm(p, x):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-6) * p["gamma"] + p["beta"]


def attention(p, h, causal, mask):
    batch, length, width = h.shape
    qkv = dense(p["qkv"], h).reshape(batch, length, 3, HEADS, width // HEADS)
    options = {"mask": mask, "is_causal": causal}
    mixed = jax.nn.dot_product_attention(*jnp.moveaxis(qkv, 2, 0), **options)
    return dense(p["out"], mixed.reshape(h.shape))


def transformer(p, h, causal, mask=None):
    for block in p["blocks"]:
        h = h + attention(block, layer_norm(block["norm1"], h), causal, mask)
        inner = jax.nn.gelu(dense(block["up"], layer_norm(block["norm2"], h)), approximate=False)
        h = h + dense(block["down"], inner)
    return layer_norm(p["norm"], h)


def embed(p, x):
    return p["table"][x] * WIDTH**0.5 + positions(x.shape[1])


def text_encode(p, x, state):
    return dense(p["heads"], transformer(p["encoder"], embed(p, x), False).mean(1))


def text_nll(p, z, x, state):
    """Negative log-likelihood of the tokens, with the end of the text, summed."""
    return token_nll(p, z, x).sum()


def token_nll(p, z, x):
    before, after = jnp.pad(x, ((0, 0), (1, 0))), jnp.pad(x, ((0, 0), (0, 1)))
    h = transformer(p["decoder"], embed(p, before) + (z @ p["code"])[:, None], True)
    logits = h @ p["table"].T
    chosen = jnp.take_along_axis(logits, after[..., None], -1)[..., 0]
    return jax.nn.logsumexp(logits, -1) - chosen


def ragged_text_encode(p, x, state):
    mask = x != 0
    h = transformer(p["encoder"], embed(p, x), False, mask[:, None, None])
    total = (h * mask[..., None]).sum(1)
    return dense(p["heads"], total / mask.sum(1, keepdims=True))


def ragged_text_nll(p, z, x, state):
    mask = jnp.pad(x != 0, ((0, 0), (1, 0)), constant_values=True)
    return jnp.where(mask, token_nll(p, z, x), 0.0).sum()
