"""Hand-written training loop in JAX, for comparison with `zoo_fit.py`; started by `speed.py`.

It has the same architecture, batch, likelihood and optimizer: a jitted step with donated buffers, a
hand-written Adam, and data on the device, of which each step gathers its batch by index. `--scan N`
runs N steps in one program. Prints one JSON line.
"""

import functools

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp
from jax_models import WORKLOADS
from workload import Clock, data_of, examples_of, parser


def loss_fn(params, state, x, key, workload):
    """Negative ELBO in nats, averaged over the batch, and the new state of BatchNorm."""
    state = dict(state)
    _, encode, nll = WORKLOADS[workload]
    hidden = encode(params, x, state)
    loc, raw = jnp.split(hidden, 2, axis=-1)
    scale = 1e-4 + jax.nn.softplus(raw)
    z = loc + scale * jax.random.normal(key, loc.shape)
    distortion = nll(params, z, x, state)
    kl = 0.5 * (loc**2 + scale**2 - 1.0).sum() - jnp.log(scale).sum()
    return (distortion + kl) / len(x), state


def adam(params, grads, m, v, step, lr=1e-3, b1=0.9, b2=0.999, eps=1e-7):
    tree_map = jax.tree.map
    m = tree_map(lambda a, g: b1 * a + (1 - b1) * g, m, grads)
    v = tree_map(lambda a, g: b2 * a + (1 - b2) * g * g, v, grads)
    alpha = lr * jnp.sqrt(1 - b2**step) / (1 - b1**step)
    return tree_map(lambda p, a, b: p - alpha * a / (jnp.sqrt(b) + eps), params, m, v), m, v


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
    # An abstract pass gives the names and shapes of BatchNorm's averages.
    shapes = jax.eval_shape(lambda: loss_fn(params, {}, data[:batch], key, workload)[1])
    state = {name: (jnp.zeros(s[0].shape), jnp.ones(s[0].shape)) for name, s in shapes.items()}
    m, v = (jax.tree.map(jnp.zeros_like, params) for _ in range(2))
    return (params, m, v, state, key, jnp.zeros(()), jnp.zeros(()))


def main():
    """Train and print the times."""
    p = parser(__doc__)
    p.add_argument("--scan", type=int, default=1, help="training steps in one program")
    args = p.parse_args()
    examples = examples_of(args)
    steps = examples // args.batch
    rng = np.random.default_rng(1)
    data = jnp.asarray(data_of(args))
    carry = initial_carry(args.workload, data, args.batch)
    clock, loss = Clock(steps * args.batch), 0.0
    for _ in range(args.epochs):
        end, total_before = clock.epoch(), float(carry[-1])
        order = rng.permutation(examples)[: steps * args.batch].reshape(steps, args.batch)
        for step in range(0, steps, args.scan):
            if args.scan > 1:
                carry = run_steps(carry, order[step : step + args.scan], data, args.workload)
            else:
                carry = run_step(carry, order[step], data, args.workload)
            if clock.first_step is None:
                jax.block_until_ready(carry[-1])
            clock.step()
        loss = (float(carry[-1]) - total_before) / steps  # waits for the device
        end()
    clock.report("jax jit" if args.scan == 1 else f"jax scan {args.scan}", args.workload, loss)


if __name__ == "__main__":
    main()
