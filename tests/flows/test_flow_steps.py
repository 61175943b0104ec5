"""Steps of single flows: masks, triangular Jacobians, halves, splines; and flows' arguments."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.flows.inputs import NAMES, ROWS, built, numbers
from zoo import flows
from zoo.flows.conditioner import autoregressive_masks
from zoo.flows.spline import Spline

tfb = tfp.bijectors


@pytest.mark.parametrize("reverse", [False, True])
def test_masks_connect_each_output_to_all_earlier_inputs_and_no_other(reverse):
    first, *rest = autoregressive_masks(5, (7, 11), 2, reverse)
    paths = first.astype(int)
    for mask in rest:
        paths = paths @ mask

    expected = np.triu(np.ones((5, 5)), 1)
    expected = expected.T if reverse else expected
    np.testing.assert_array_equal(paths > 0, np.concatenate([expected, expected], 1) > 0)


def test_one_step_of_iaf_has_a_triangular_jacobian():
    flow, u = built("iaf", 5, steps=1), numbers(ROWS, 5)
    with tf.GradientTape() as tape:
        tape.watch(u)
        z = flow.forward(u, numbers(ROWS, 10))[0]

    jacobian = np.asarray(tape.batch_jacobian(z, u))

    assert not np.triu(jacobian, 1).any()
    assert (np.abs(jacobian[0][np.tril_indices(5)]) > 0).all()


@pytest.mark.parametrize("name", ["coupling", "spline"])
def test_coupling_steps_keep_the_first_half_and_then_the_second(name):
    u, context = numbers(ROWS, 5), numbers(ROWS, 10)
    first, second = (step.forward(u, context)[0] == u for step in built(name, 5, steps=2).chain)

    np.testing.assert_array_equal(first, np.tile([True, True, False, False, False], (ROWS, 1)))
    np.testing.assert_array_equal(second, np.tile([False, False, True, True, True], (ROWS, 1)))


def test_a_spline_equals_that_of_tfp():
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


def test_a_spline_is_the_identity_out_of_bounds():
    flow, u = built("spline", bound=1.0), tf.constant([[2.0, -3.0, 1.5]])

    z, log_det = flow.forward(u, numbers(1, 6))

    np.testing.assert_array_equal(z, u)
    assert float(log_det[0]) == 0


def test_sylvester_equals_numpy():
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


def test_sylvester_in_one_dimension_equals_the_planar_flow():
    step = built("sylvester", 1, steps=1, conditional=False).chain[0]
    raw = np.asarray(step.network(None, None), "float64")
    u = np.linspace(-3, 3, 7)[:, None]
    scale, weight, bias = 0.99 * np.tanh(raw[0]), 0.99 * np.tanh(raw[1] + 1), raw[2]

    z, log_det = step.forward(tf.constant(u, tf.float32))

    h = np.tanh(weight * u + bias)
    np.testing.assert_allclose(z, u + scale * h, rtol=1e-5, atol=1e-6)
    planar = np.log(np.abs(1 + scale * weight * (1 - h**2)))[:, 0]
    np.testing.assert_allclose(log_det, planar, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be made of positive integers, got 0"),
        ({"hidden": (0,)}, "hidden must be made of positive integers"),
        ({"hidden": ()}, "hidden must hold at least one number"),
    ],
)
def test_bad_arguments_are_refused_by_name(name, options, message):
    with pytest.raises(ValueError, match=message):
        flows.IDENTIFIERS[name](**options)


@pytest.mark.parametrize("bound", [0.0, -1.0, float("nan"), float("inf"), "4"])
def test_a_spline_refuses_bad_bounds_and_bins(bound):
    with pytest.raises(ValueError, match="bound must be a positive number, got"):
        flows.SplineCouplingFlow(bound=bound)
    with pytest.raises(ValueError, match="bins must be made of positive integers"):
        flows.SplineCouplingFlow(bins=0)


@pytest.mark.parametrize("name", ["coupling", "spline"])
def test_a_coupling_flow_refuses_one_dimension(name):
    with pytest.raises(
        ValueError, match="latent_dim must be at least 2 for a coupling flow, got 1"
    ):
        flows.IDENTIFIERS[name]().build((None, 1))
