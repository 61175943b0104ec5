"""Flows: Jacobians, inverses and structure, each against an independent computation."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from zoo import flows
from zoo.flows.conditioner import autoregressive_masks
from zoo.flows.spline import Spline

tfb, tfd = tfp.bijectors, tfp.distributions

NAMES = tuple(flows.IDENTIFIERS)
ROWS = 4


def built(name, size=3, *, conditional=True, spread=0.3, **options):
    """A small flow that moves things."""
    keras.utils.set_random_seed(2)
    flow = flows.IDENTIFIERS[name](hidden=(16,), **{"steps": 2, **options})
    flow.build((None, size), conditional=conditional)
    rng = np.random.default_rng(0)
    for weight in flow.weights:
        weight.assign_add(spread * rng.standard_normal(weight.shape))
    return flow


def numbers(*shape, seed=1):
    return tf.constant(np.random.default_rng(seed).standard_normal(shape), tf.float32)


def normal(size=3, rows=ROWS):
    """What an encoder could emit."""
    return tfd.Normal(numbers(rows, size), tf.exp(0.3 * numbers(rows, size, seed=2)))


def sizes(name):
    """A coupling needs two dimensions."""
    return (2, 5) if flows.IDENTIFIERS[name].both_ways else (1, 2, 5)


EACH_SIZE = [(name, size) for name in NAMES for size in sizes(name)]


@pytest.mark.parametrize(("name", "size"), EACH_SIZE)
@pytest.mark.parametrize("conditional", [True, False])
def test_the_log_determinant_is_that_of_the_jacobian(name, size, conditional):
    flow = built(name, size, conditional=conditional)
    u, context = numbers(ROWS, size), numbers(ROWS, 2 * size) if conditional else None
    with tf.GradientTape() as tape:
        tape.watch(u)
        z, log_det = flow.forward(u, context)

    expected = np.linalg.slogdet(np.asarray(tape.batch_jacobian(z, u), "float64"))[1]

    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(log_det, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "size", "compiled"),
    [*((*each, False) for each in EACH_SIZE), *((name, 3, True) for name in NAMES)],
)
def test_the_inverse_undoes_the_flow(name, size, compiled):
    flow, u, context = (
        built(name, size, spread=0.15),
        numbers(2, ROWS, size),
        numbers(ROWS, 2 * size),
    )

    @tf.function(jit_compile=compiled)
    def around(u):
        z, there = flow.forward(u, context)
        back, again = flow.inverse(z, context)
        return z, there, back, again

    z, there, back, again = around(u)

    assert np.abs(z - u).max() > 0.1
    np.testing.assert_allclose(back, u, atol=2e-4)
    np.testing.assert_allclose(again, there, atol=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_flow_undoes_its_inverse_and_gradients_pass_through_both(name):
    flow, z, context = built(name, spread=0.15), numbers(ROWS, 3), numbers(ROWS, 6)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        u = flow.inverse(z, context)[0]
    with tf.GradientTape() as forward_tape:
        forward_tape.watch(u)
        again = flow.forward(u, context)[0]

    np.testing.assert_allclose(again, z, atol=1e-4)
    product = tape.batch_jacobian(u, z) @ forward_tape.batch_jacobian(again, u)

    np.testing.assert_allclose(product, np.tile(np.eye(3), (ROWS, 1, 1)), atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_leading_dimensions_go_row_by_row(name):
    flow, u, context = built(name), numbers(5, ROWS, 3), numbers(ROWS, 6)

    z, log_det = flow.forward(u, context)

    assert (z.shape, log_det.shape) == ((5, ROWS, 3), (5, ROWS))
    for s in range(5):
        for b in range(ROWS):
            one, its = flow.forward(u[s, b : b + 1], context[b : b + 1])
            np.testing.assert_allclose(z[s, b], one[0], rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(log_det[s, b], its[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_moves_its_own_draws_alone(name):
    flow, u, context = built(name), numbers(ROWS, 3), numbers(ROWS, 6)

    moved = flow.forward(u, context + tf.constant([[0.5], [0.0], [0.0], [0.0]]))[0]

    changed = np.abs(moved - flow.forward(u, context)[0]).max(-1)
    assert changed[0] > 1e-3
    assert not changed[1:].any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_flow_starts_as_the_identity(name, steps):
    flow, u = built(name, spread=0.0, steps=steps), numbers(2, ROWS, 3)

    z, log_det = flow.forward(u, numbers(ROWS, 6))

    np.testing.assert_allclose(z, u, atol=1e-5)
    np.testing.assert_allclose(log_det, np.zeros((2, ROWS)), atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("conditional", [True, False])
def test_a_gradient_reaches_every_weight(name, conditional):
    flow = built(name, conditional=conditional)
    context = numbers(ROWS, 6) if conditional else None
    weights = [w.value for w in flow.trainable_weights]
    with tf.GradientTape() as tape:
        z, log_det = flow.forward(numbers(ROWS, 3), context)
        loss = tf.reduce_sum(tf.square(z)) - tf.reduce_sum(log_det)

    gradients = tape.gradient(loss, weights)

    assert len(weights) == len(flow.weights) >= 6
    assert all(np.abs(g).max() > 0 for g in gradients)


@pytest.mark.parametrize("name", NAMES)
def test_a_new_flow_learns_from_the_first_step(name):
    flow = built(name, spread=0.0)
    with tf.GradientTape() as tape:
        z = flow.forward(numbers(ROWS, 3), numbers(ROWS, 6))[0]
        loss = tf.reduce_sum(z**4)

    last = [step.network.kernels[-1].value for step in flow.chain]
    assert all(np.abs(g).max() > 1e-3 for g in tape.gradient(loss, last))


@pytest.mark.parametrize("name", NAMES)
def test_extreme_weights_give_finite_numbers(name):
    flow = built(name, spread=30.0)
    u = 10.0 * numbers(ROWS, 3)
    with tf.GradientTape() as tape:
        tape.watch(u)
        z, log_det = flow.forward(u, numbers(ROWS, 6))
        loss = tf.reduce_sum(log_det)

    assert np.isfinite(z).all() and np.isfinite(log_det).all()
    assert np.isfinite(tape.gradient(loss, u)).all()


# What `wrap` gives


@pytest.mark.parametrize("name", NAMES)
def test_the_density_of_a_draw_is_that_of_the_same_z_from_elsewhere(name):
    q = built(name, spread=0.15).wrap(normal())
    u = q.base.sample(5, seed=[1, 2])

    z, log_q = q.push(u)

    np.testing.assert_allclose(q.log_prob(z), log_q, atol=5e-3)
    assert (q.batch_shape, q.event_shape) == ((ROWS,), (3,))
    by_tfp = tfd.TransformedDistribution(tfd.Independent(q.base, 1), q.bijector)
    np.testing.assert_allclose(by_tfp.log_prob(z), log_q, atol=5e-3)


@pytest.mark.parametrize("name", NAMES)
def test_mean_and_deviation_are_those_of_many_draws(name):
    q = built(name, spread=0.1).wrap(normal())

    z = np.asarray(q.sample(20_000, seed=[1, 2]))

    scale = z.std(0)
    np.testing.assert_allclose((q.mean() - z.mean(0)) / scale, np.zeros((ROWS, 3)), atol=0.15)
    np.testing.assert_allclose(q.stddev() / scale, np.ones((ROWS, 3)), atol=0.2)


@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_known_where_the_batch_is_not(name):
    flow, found = built(name, 5), []

    @tf.function(input_signature=[tf.TensorSpec([2, None, 5]), tf.TensorSpec([None, 10])])
    def traced(u, context):
        found.extend(x.shape for x in (*flow.forward(u, context), *flow.inverse(u, context)))
        return 0.0

    traced(numbers(2, ROWS, 5), numbers(ROWS, 10))

    assert [s.as_list() for s in found] == [[2, None, 5], [2, None]] * 2


def test_the_same_seed_draws_the_same():
    q = built("iaf").wrap(normal())

    np.testing.assert_array_equal(q.sample(3, seed=[1, 2]), q.sample(3, seed=[1, 2]))
    assert np.abs(q.sample(3, seed=[1, 2]) - q.sample(3, seed=[1, 3])).max() > 0.1


# Structure of single flows


@pytest.mark.parametrize("turned", [False, True])
def test_masks_let_each_output_see_all_inputs_before_it_and_no_other(turned):
    first, *rest = autoregressive_masks(5, (7, 11), 2, turned)
    paths = first.astype(int)
    for mask in rest:
        paths = paths @ mask

    seen = np.triu(np.ones((5, 5)), 1)
    seen = seen.T if turned else seen
    np.testing.assert_array_equal(paths > 0, np.concatenate([seen, seen], 1) > 0)


def test_one_step_of_iaf_has_a_triangular_jacobian():
    flow, u = built("iaf", 5, steps=1), numbers(ROWS, 5)
    with tf.GradientTape() as tape:
        tape.watch(u)
        z = flow.forward(u, numbers(ROWS, 10))[0]

    jacobian = np.asarray(tape.batch_jacobian(z, u))

    assert not np.triu(jacobian, 1).any()
    assert (np.abs(jacobian[0][np.tril_indices(5)]) > 0).all()


@pytest.mark.parametrize("name", ["coupling", "spline"])
def test_a_coupling_step_leaves_one_half_and_then_the_other(name):
    u, context = numbers(ROWS, 5), numbers(ROWS, 10)
    first, second = (step.forward(u, context)[0] == u for step in built(name, 5, steps=2).chain)

    np.testing.assert_array_equal(first, np.tile([True, True, False, False, False], (ROWS, 1)))
    np.testing.assert_array_equal(second, np.tile([False, False, True, True, True], (ROWS, 1)))


def test_a_spline_is_tfps():
    rng = np.random.default_rng(0)
    widths, heights = (
        8.0 * rng.dirichlet(np.full(6, 3.0), (50, 3)).astype("float32") for _ in "xy"
    )
    slopes = rng.uniform(0.2, 3, (50, 3, 5)).astype("float32")
    x = rng.uniform(-5, 5, (7, 50, 3)).astype("float32")
    theirs = tfb.RationalQuadraticSpline(widths, heights, slopes, range_min=-4.0)

    y, log_slope = Spline(widths, heights, slopes, 4.0).forward(x)
    back, same = Spline(widths, heights, slopes, 4.0).inverse(y)

    np.testing.assert_allclose(y, theirs.forward(x), atol=1e-4)
    np.testing.assert_allclose(log_slope, theirs.forward_log_det_jacobian(x, 0), atol=1e-2)
    np.testing.assert_allclose(back, x, atol=1e-2)
    np.testing.assert_allclose(same, log_slope, atol=5e-2)


def test_a_spline_leaves_what_is_out_of_bounds():
    flow, u = built("spline", bound=1.0), tf.constant([[2.0, -3.0, 1.5]])

    z, log_det = flow.forward(u, numbers(1, 6))

    np.testing.assert_array_equal(z, u)
    assert float(log_det[0]) == 0


def test_sylvester_by_hand():
    step = built("sylvester", 4, steps=1, conditional=False).chain[0]
    u = np.asarray(numbers(ROWS, 4), "float64")
    raw = np.asarray(step.network(None, None), "float64")
    square, inner_raw, bias = raw[:16].reshape(4, 4), raw[16:20], raw[20:]
    a = np.triu(square, 1) + np.diag(0.99 * np.tanh(np.diag(square)))
    b = np.tril(square, -1).T + np.diag(0.99 * np.tanh(inner_raw + 1))

    h = np.tanh(u @ b.T + bias)
    jacobians = np.eye(4) + np.einsum("ij,nj,jk->nik", a, 1 - h**2, b)

    z, log_det = step.forward(tf.constant(u, tf.float32))
    np.testing.assert_allclose(z, u + h @ a.T, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(log_det, np.log(np.linalg.det(jacobians)), rtol=1e-3, atol=1e-4)


def test_sylvester_in_one_dimension_is_the_planar_flow():
    step = built("sylvester", 1, steps=1, conditional=False).chain[0]
    raw = np.asarray(step.network(None, None), "float64")
    u = np.linspace(-3, 3, 7)[:, None]
    scale, weight, bias = 0.99 * np.tanh(raw[0]), 0.99 * np.tanh(raw[1] + 1), raw[2]

    z, log_det = step.forward(tf.constant(u, tf.float32))

    h = np.tanh(weight * u + bias)
    np.testing.assert_allclose(z, u + scale * h, rtol=1e-5, atol=1e-6)
    planar = np.log(np.abs(1 + scale * weight * (1 - h**2)))[:, 0]
    np.testing.assert_allclose(log_det, planar, rtol=1e-4, atol=1e-6)


# Arguments


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be made of positive integers, got 0"),
        ({"hidden": (0,)}, "hidden must be made of positive integers"),
        ({"hidden": ()}, "hidden must hold at least one number"),
    ],
)
def test_bad_arguments_are_named(name, options, message):
    with pytest.raises(ValueError, match=message):
        flows.IDENTIFIERS[name](**options)


@pytest.mark.parametrize("bound", [0.0, -1.0, float("nan"), float("inf"), "4"])
def test_a_spline_needs_a_bound(bound):
    with pytest.raises(ValueError, match="bound must be a positive number, got"):
        flows.SplineCouplingFlow(bound=bound)
    with pytest.raises(ValueError, match="bins must be made of positive integers"):
        flows.SplineCouplingFlow(bins=0)


@pytest.mark.parametrize("name", ["coupling", "spline"])
def test_a_coupling_of_one_dimension_is_an_error(name):
    with pytest.raises(
        ValueError, match="latent_dim must be at least 2 for a coupling flow, got 1"
    ):
        flows.IDENTIFIERS[name]().build((None, 1))
