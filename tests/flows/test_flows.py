"""Flows: Jacobians, inverses and gradients, each against an independent computation."""

import numpy as np
import pytest
import tensorflow as tf

from tests.flows.inputs import NAMES, ROWS, built, numbers
from zoo import flows


def sizes(name):
    """Numbers of dimensions to test; a coupling flow needs at least two."""
    return (2, 5) if flows.IDENTIFIERS[name].cheap_inverse else (1, 5)


EACH_SIZE = [(name, size) for name in NAMES for size in sizes(name)]


def jacobian(tape, z, u):
    """dz/du of each row, `[B, D, D]`: rows do not depend on each other, as a test below checks."""
    directions = np.eye(z.shape[-1], dtype="float32")
    rows = [tape.gradient(z, u, np.tile(unit, (ROWS, 1))) for unit in directions]
    return np.stack(rows, 1).astype("float64")


@pytest.mark.parametrize(("name", "size"), EACH_SIZE)
@pytest.mark.parametrize("conditional", [True, False])
def test_the_log_determinant_equals_that_of_the_jacobian(name, size, conditional):
    flow = built(name, size, conditional=conditional)
    u, context = numbers(ROWS, size), numbers(ROWS, 2 * size) if conditional else None
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(u)
        z, log_det = flow.forward(u, context)

    expected = np.linalg.slogdet(jacobian(tape, z, u))[1]

    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(log_det, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "size", "compiled"),
    [*((*each, False) for each in EACH_SIZE), *((name, 3, True) for name in NAMES)],
)
def test_the_inverse_of_a_forward_pass_is_its_input(name, size, compiled):
    flow, u, context = (
        built(name, size, std=0.15),
        numbers(2, ROWS, size),
        numbers(ROWS, 2 * size),
    )

    @tf.function(jit_compile=compiled)
    def around(u):
        z, forward_log_det = flow.forward(u, context)
        inverse, inverse_log_det = flow.inverse(z, context)
        return z, forward_log_det, inverse, inverse_log_det

    z, forward_log_det, inverse, inverse_log_det = around(u)

    assert np.abs(z - u).max() > 0.1
    np.testing.assert_allclose(inverse, u, atol=2e-4)
    np.testing.assert_allclose(inverse_log_det, forward_log_det, atol=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_jacobians_of_forward_and_inverse_are_inverse(name):
    flow, z, context = built(name, std=0.15), numbers(ROWS, 3), numbers(ROWS, 6)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        u = flow.inverse(z, context)[0]
    with tf.GradientTape(persistent=True) as forward_tape:
        forward_tape.watch(u)
        again = flow.forward(u, context)[0]

    np.testing.assert_allclose(again, z, atol=1e-4)
    product = jacobian(tape, u, z) @ jacobian(forward_tape, again, u)

    np.testing.assert_allclose(product, np.tile(np.eye(3), (ROWS, 1, 1)), atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_leading_dimensions_are_independent(name):
    flow, u, context = built(name), numbers(5, ROWS, 3), numbers(ROWS, 6)

    z, log_det = flow.forward(u, context)

    assert (z.shape, log_det.shape) == ((5, ROWS, 3), (5, ROWS))
    for s in range(5):
        for b in range(ROWS):
            one, its = flow.forward(u[s, b : b + 1], context[b : b + 1])
            np.testing.assert_allclose(z[s, b], one[0], rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(log_det[s, b], its[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_context_changes_its_own_rows_alone(name):
    flow, u, context = built(name), numbers(ROWS, 3), numbers(ROWS, 6)

    moved = flow.forward(u, context + tf.constant([[0.5], [0.0], [0.0], [0.0]]))[0]

    changed = np.abs(moved - flow.forward(u, context)[0]).max(-1)
    assert changed[0] > 1e-3
    assert not changed[1:].any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_flow_starts_as_the_identity(name, steps):
    flow, u = built(name, std=0.0, steps=steps), numbers(2, ROWS, 3)

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
def test_a_new_flow_has_gradients_at_its_zero_kernels(name):
    flow = built(name, std=0.0)
    with tf.GradientTape() as tape:
        z = flow.forward(numbers(ROWS, 3), numbers(ROWS, 6))[0]
        loss = tf.reduce_sum(z**4)

    last = [step.network.kernels[-1].value for step in flow.chain]
    assert all(np.abs(g).max() > 1e-3 for g in tape.gradient(loss, last))


@pytest.mark.parametrize("name", NAMES)
def test_extreme_weights_give_finite_values_and_gradients(name):
    flow = built(name, std=30.0)
    u = 10.0 * numbers(ROWS, 3)
    with tf.GradientTape() as tape:
        tape.watch(u)
        z, log_det = flow.forward(u, numbers(ROWS, 6))
        loss = tf.reduce_sum(log_det)

    assert np.isfinite(z).all() and np.isfinite(log_det).all()
    assert np.isfinite(tape.gradient(loss, u)).all()


@pytest.mark.parametrize("name", NAMES)
def test_static_shapes_are_known_with_an_unknown_batch(name):
    flow, shapes = built(name, 5), []

    @tf.function(input_signature=[tf.TensorSpec([2, None, 5]), tf.TensorSpec([None, 10])])
    def traced(u, context):
        shapes.extend(x.shape for x in (*flow.forward(u, context), *flow.inverse(u, context)))
        return 0.0

    traced(numbers(2, ROWS, 5), numbers(ROWS, 10))

    assert [s.as_list() for s in shapes] == [[2, None, 5], [2, None]] * 2
