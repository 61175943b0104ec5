"""JAX networks of the workloads, for `jax_loop.py`."""

import itertools

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp
from jax_layers import dense, glorot, init_dense, init_norm
from jax_text_models import (
    init_text_vae,
    ragged_text_encode,
    ragged_text_nll,
    text_encode,
    text_nll,
)
from workload import CHANNELS, LATENT, PIXELS, STEPS

# `state` has the moving averages of BatchNorm by name.


def init_mlp(rng, *sizes):
    return [init_dense(rng, a, b) for a, b in itertools.pairwise(sizes)]


def mlp(layers, x):
    for layer in layers[:-1]:
        x = jax.nn.relu(dense(layer, x))
    return dense(layers[-1], x)


def conv(w, x, stride=1):
    # Padding as in PyTorch: one pixel on every side for a 3x3 kernel.
    pad = w.shape[0] // 2
    return lax.conv_general_dilated(
        x, w, (stride, stride), [(pad, pad)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def norm(p, x, state, name):
    """BatchNorm in training mode; writes the new moving averages into `state`."""
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    old_mean, old_variance = state.get(name, (jnp.zeros_like(mean), jnp.ones_like(mean)))
    state[name] = (0.9 * old_mean + 0.1 * mean, 0.9 * old_variance + 0.1 * variance)
    return (x - mean) * (lax.rsqrt(variance + 1e-5) * p["gamma"]) + p["beta"]


def upsample(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def init_residual(rng, c_in, c, resized):
    p = {
        "conv1": glorot(rng, 3, 3, c_in, c),
        "norm1": init_norm(c),
        "conv2": glorot(rng, 3, 3, c, c),
        "norm2": init_norm(c),
    }
    if resized:
        p.update(skip=glorot(rng, 1, 1, c_in, c), skip_norm=init_norm(c))
    return p


def residual(p, x, state, name, stride=1, enlarge=lambda x: x):
    """Residual block of two 3x3 convolutions; the 1x1 skip is applied before it is enlarged."""
    h = jax.nn.relu(norm(p["norm1"], conv(p["conv1"], enlarge(x), stride), state, name + "1"))
    h = norm(p["norm2"], conv(p["conv2"], h), state, name + "2")
    if "skip" in p:
        x = enlarge(norm(p["skip_norm"], conv(p["skip"], x, stride), state, name + "s"))
    return jax.nn.relu(h + x)


def init_conv_vae(rng):
    return {
        "stem": glorot(rng, 3, 3, 1, 32),
        "stem_norm": init_norm(32),
        "down": [
            init_residual(rng, *a)
            for a in ((32, 64, True), (64, 64, False), (64, 128, True), (128, 128, False))
        ],
        "heads": init_dense(rng, 7 * 7 * 128, 2 * LATENT),
        "grow": init_dense(rng, LATENT, 7 * 7 * 128),
        "up": [
            init_residual(rng, *a)
            for a in ((128, 128, False), (128, 64, True), (64, 64, False), (64, 32, True))
        ],
        "pixels": glorot(rng, 3, 3, 32, 1),
        "pixels_bias": jnp.zeros(1),
    }


def conv_encode(p, x, state):
    h = conv(p["stem"], x.reshape(-1, 28, 28, 1))
    h = jax.nn.relu(norm(p["stem_norm"], h, state, "stem"))
    for i, block in enumerate(p["down"]):
        h = residual(block, h, state, f"down{i}", stride=2 if "skip" in block else 1)
    return dense(p["heads"], h.reshape(len(h), -1))


def conv_decode(p, z, state):
    h = jax.nn.relu(dense(p["grow"], z)).reshape(-1, 7, 7, 128)
    for i, block in enumerate(p["up"]):
        h = residual(
            block, h, state, f"up{i}", enlarge=upsample if "skip" in block else lambda x: x
        )
    return (conv(p["pixels"], h) + p["pixels_bias"]).reshape(len(z), -1)


def init_dense_vae(rng):
    return {
        "encoder": init_mlp(rng, PIXELS, 512, 256, 2 * LATENT),
        "decoder": init_mlp(rng, LATENT, 256, 512, PIXELS),
    }


def init_lstm(rng, n_in, units):
    return {
        "input": init_dense(rng, n_in, 4 * units),
        "recurrent": jnp.asarray(np.linalg.qr(rng.normal(size=(4 * units, units)))[0].T, "float32"),
    }


def lstm(p, x):
    """All hidden states, time first, of inputs `[T, B, F]`, whose product is computed at once."""

    def step(carry, gates):
        h, c = carry
        i, f, g, o = jnp.split(gates + h @ p["recurrent"], 4, axis=-1)
        c = jax.nn.sigmoid(f + 1.0) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((x.shape[1], p["recurrent"].shape[0]))
    return lax.scan(step, (zeros, zeros), dense(p["input"], x))[1]


def init_series_vae(rng):
    return {
        "encoder": init_lstm(rng, CHANNELS, 64),
        "heads": init_dense(rng, 64, 2 * LATENT),
        "decoder": init_lstm(rng, LATENT, 64),
        "values": init_dense(rng, 64, CHANNELS),
    }


def series_encode(p, x, state):
    return dense(p["heads"], lstm(p["encoder"], x.swapaxes(0, 1))[-1])


def series_decode(p, z, state):
    h = lstm(p["decoder"], jnp.broadcast_to(z, (STEPS, *z.shape)))
    return dense(p["values"], h).swapaxes(0, 1)


def bernoulli_nll(logits, x):
    return (jax.nn.softplus(logits) - x * logits).sum()


def normal_nll(means, x):
    """Negative log-likelihood of Normal(means, 0.1) without its constant."""
    return 0.5 * (((x - means) / 0.1) ** 2).sum()


def scored(decode, nll):
    return lambda p, z, x, state: nll(decode(p, z, state), x)


# Initial weights; encoder, x -> loc and raw scale; decoder, (z, x) -> -log p(x|z) of the batch.
WORKLOADS = {
    "w1": (
        init_dense_vae,
        lambda p, x, state: mlp(p["encoder"], x),
        scored(lambda p, z, state: mlp(p["decoder"], z), bernoulli_nll),
    ),
    "w2": (init_conv_vae, conv_encode, scored(conv_decode, bernoulli_nll)),
    "w3": (init_series_vae, series_encode, scored(series_decode, normal_nll)),
    "w4": (init_text_vae, text_encode, text_nll),
    "w4-ragged": (init_text_vae, ragged_text_encode, ragged_text_nll),
}
