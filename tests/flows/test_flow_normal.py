"""FlowNormal: densities, moments and seeds, against TFP and many draws."""

import numpy as np
import pytest
import tensorflow_probability as tfp

from tests.flows.inputs import NAMES, ROWS, built, normal, numbers

tfd = tfp.distributions


@pytest.mark.parametrize("name", NAMES)
def test_log_q_of_a_draw_equals_log_prob_of_its_z(name):
    q = built(name, std=0.15).wrap(normal())
    u = q.base.sample(5, seed=[1, 2])

    z, log_q = q.transform_base_sample(u)

    np.testing.assert_allclose(q.log_prob(z), log_q, atol=5e-3)
    assert (q.batch_shape, q.event_shape) == ((ROWS,), (3,))
    by_tfp = tfd.TransformedDistribution(tfd.Independent(q.base, 1), q.bijector)
    np.testing.assert_allclose(by_tfp.log_prob(z), log_q, atol=5e-3)


@pytest.mark.parametrize("name", NAMES)
def test_mean_and_stddev_are_those_of_many_draws(name):
    q = built(name, std=0.1).wrap(normal())

    z = np.asarray(q.sample(20_000, seed=[1, 2]))

    scale = z.std(0)
    np.testing.assert_allclose((q.mean() - z.mean(0)) / scale, np.zeros((ROWS, 3)), atol=0.15)
    np.testing.assert_allclose(q.stddev() / scale, np.ones((ROWS, 3)), atol=0.2)


def test_a_seed_reproduces_draws():
    q = built("iaf").wrap(normal())

    np.testing.assert_array_equal(q.sample(3, seed=[1, 2]), q.sample(3, seed=[1, 2]))
    assert np.abs(q.sample(3, seed=[1, 2]) - q.sample(3, seed=[1, 3])).max() > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_the_bijector_gives_log_determinants_of_its_own_direction(name):
    bijector = built(name, std=0.15).bijector(numbers(ROWS, 6))
    u = numbers(ROWS, 3)

    z, forward_log_det = bijector.forward_and_log_det(u)
    inverse, inverse_log_det = bijector.inverse_and_log_det(z)

    np.testing.assert_allclose(inverse, u, atol=1e-3)
    np.testing.assert_allclose(inverse_log_det, -forward_log_det, atol=5e-3)
    tfp_log_det = bijector.inverse_log_det_jacobian(z + 0.0, 1)
    np.testing.assert_allclose(inverse_log_det, tfp_log_det, atol=1e-5)
