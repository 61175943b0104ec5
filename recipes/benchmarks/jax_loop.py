"""A hand-written JAX loop for the dense (w1), convolutional (w2) and LSTM (w3) workload.

The same architecture, batch, likelihood and optimizer as `zoo_fit.py`: one jitted step with donated
buffers, Adam by hand, data on the device, each step gathers its batch by index; `--scan N` runs N
steps in one program. One JSON line.
"""

import functools
import itertools

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp
from workload import CHANNELS, LATENT, PIXELS, STEPS, Clock, data_of, examples_of, parser

# Parameters are nested dicts of arrays; BatchNorm's moving averages live in `state`, by name.


def glorot(rng, *shape):
    receptive = int(np.prod(shape[:-2]))
    limit = np.sqrt(6.0 / (receptive * (shape[-2] + shape[-1])))
    return jnp.asarray(rng.uniform(-limit, limit, shape), jnp.float32)


def init_dense(rng, n_in, n_out):
    return {"w": glorot(rng, n_in, n_out), "b": jnp.zeros(n_out)}


def dense(p, x):
    return x @ p["w"] + p["b"]


def init_mlp(rng, *sizes):
    return [init_dense(rng, a, b) for a, b in itertools.pairwise(sizes)]


def mlp(layers, x):
    for layer in layers[:-1]:
        x = jax.nn.relu(dense(layer, x))
    return dense(layers[-1], x)


def conv(w, x, stride=1):
    # Padding as PyTorch's: one pixel on every side of a 3x3 kernel.
    pad = w.shape[0] // 2
    return lax.conv_general_dilated(
        x, w, (stride, stride), [(pad, pad)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def init_norm(channels):
    return {"gamma": jnp.ones(channels), "beta": jnp.zeros(channels)}


def norm(p, x, state, name):
    """BatchNorm in training; writes the new moving averages into `state`."""
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
    """Two 3x3 convolutions and a skip; the 1x1 skip is enlarged after it (the two commute)."""
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
    """All hidden states, time first, of inputs `[T, B, F]`; their share is one product."""

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
    """Of Normal(means, 0.1), up to its constant."""
    return 0.5 * (((x - means) / 0.1) ** 2).sum()


# Weights, encoder, decoder, -log p(x|z).
WORKLOADS = {
    "w1": (
        init_dense_vae,
        lambda p, x, state: mlp(p["encoder"], x),
        lambda p, z, state: mlp(p["decoder"], z),
        bernoulli_nll,
    ),
    "w2": (init_conv_vae, conv_encode, conv_decode, bernoulli_nll),
    "w3": (init_series_vae, series_encode, series_decode, normal_nll),
}


def loss_fn(params, state, x, key, workload):
    """The negative ELBO in nats, averaged over the batch; and BatchNorm's new state."""
    state = dict(state)
    _, encode, decode, nll = WORKLOADS[workload]
    hidden = encode(params, x, state)
    loc, raw = jnp.split(hidden, 2, axis=-1)
    scale = 1e-4 + jax.nn.softplus(raw)
    z = loc + scale * jax.random.normal(key, loc.shape)
    distortion = nll(decode(params, z, state), x)
    kl = 0.5 * (loc**2 + scale**2 - 1.0).sum() - jnp.log(scale).sum()
    return (distortion + kl) / len(x), state


def adam(params, grads, m, v, step, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8):
    each = jax.tree.map
    m = each(lambda a, g: b1 * a + (1 - b1) * g, m, grads)
    v = each(lambda a, g: b2 * a + (1 - b2) * g * g, v, grads)
    alpha = lr * jnp.sqrt(1 - b2**step) / (1 - b1**step)
    return each(lambda p, a, b: p - alpha * a / (jnp.sqrt(b) + eps), params, m, v), m, v


def train_step(carry, index, data, workload):
    params, m, v, state, key, step, total = carry
    key, noise = jax.random.split(key)
    (loss, state), grads = jax.value_and_grad(loss_fn, has_aux=True)(
        params, state, data[index], noise, workload
    )
    step = step + 1
    params, m, v = adam(params, grads, m, v, step)
    return (params, m, v, state, key, step, total + loss)


@functools.partial(jax.jit, donate_argnums=0, static_argnames="workload")
def run_step(carry, index, data, workload):
    return train_step(carry, index, data, workload)


@functools.partial(jax.jit, donate_argnums=0, static_argnames="workload")
def run_steps(carry, indices, data, workload):
    return lax.scan(lambda c, i: (train_step(c, i, data, workload), None), carry, indices)[0]


def initial_carry(workload, data, batch):
    rng, key = np.random.default_rng(0), jax.random.key(0)
    params = WORKLOADS[workload][0](rng)
    # One abstract pass tells the names and shapes of BatchNorm's averages.
    shapes = jax.eval_shape(lambda: loss_fn(params, {}, data[:batch], key, workload)[1])
    state = {name: (jnp.zeros(s[0].shape), jnp.ones(s[0].shape)) for name, s in shapes.items()}
    m, v = (jax.tree.map(jnp.zeros_like, params) for _ in range(2))
    return (params, m, v, state, key, jnp.zeros(()), jnp.zeros(()))


def main():
    """Train and print."""
    p = parser(__doc__)
    p.add_argument("--scan", type=int, default=1, help="steps in one program")
    args = p.parse_args()
    examples = examples_of(args)
    steps = examples // args.batch
    rng = np.random.default_rng(1)
    data = jnp.asarray(data_of(args))
    carry = initial_carry(args.workload, data, args.batch)
    clock, loss = Clock(steps * args.batch), 0.0
    for _ in range(args.epochs):
        end, before = clock.epoch(), float(carry[-1])
        order = rng.permutation(examples)[: steps * args.batch].reshape(steps, args.batch)
        for at in range(0, steps, args.scan):
            if args.scan > 1:
                carry = run_steps(carry, order[at : at + args.scan], data, args.workload)
            else:
                carry = run_step(carry, order[at], data, args.workload)
            if clock.first_step is None:
                jax.block_until_ready(carry[-1])
            clock.step()
        loss = (float(carry[-1]) - before) / steps  # waits for the device
        end()
    clock.report("jax jit" if args.scan == 1 else f"jax scan {args.scan}", args.workload, loss)


if __name__ == "__main__":
    main()
