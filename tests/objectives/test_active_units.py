"""Number of active units: over batches, layers and dtypes, and in the logs of `fit`."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import data
from tests.objectives.test_free_bits import still
from zoo.objectives.active_units import ActiveUnits


def updated(*batches):
    metric = ActiveUnits(sum(m.shape[-1] for m in batches[0]))
    for means in batches:
        metric.update_state(means)
    return float(metric.result())


def means(n=50, seed=0):
    """Means in five dimensions with standard deviations on both sides of 0.1."""
    stds = np.array([1.0, 0.3, 0.12, 0.08, 0.0])
    z = np.random.default_rng(seed).standard_normal((n, 5))
    z = (z - z.mean(0)) / z.std(0)  # exact standard deviations
    return (z * stds).astype("float32")


def test_active_units_count_dimensions_whose_means_vary_by_more_than_a_hundredth():
    z = means()

    assert updated([z]) == (z.var(0) > 0.01).sum() == 3


@pytest.mark.parametrize("shift", [-3.0, 30.0])
def test_a_shift_of_the_means_does_not_change_active_units(shift):
    assert updated([means() + np.float32(shift)]) == 3


def test_active_units_are_counted_over_all_batches():
    z = means()

    assert updated([z[:1]], [z[1:20]], [z[20:]]) == updated([z])
    apart = updated([np.zeros((5, 1), "float32")], [np.ones((5, 1), "float32")])
    assert apart == 1  # neither batch varies, both together do


def test_active_units_of_several_layers_add_up():
    z = means()

    assert updated([z[:, :2], z[:, 2:]]) == 3


def test_no_unit_is_active_in_one_example_or_in_none():
    assert updated([means()[:1]]) == 0
    assert float(ActiveUnits(3).result()) == 0


def test_active_units_are_zero_after_a_reset():
    metric = ActiveUnits(5)
    metric.update_state([means()])
    metric.reset_state()
    metric.update_state([np.ones((8, 5), "float32")])

    assert float(metric.result()) == 0


def test_active_units_take_means_of_any_float():
    assert updated([tf.cast(means(), tf.bfloat16)]) == 3


@pytest.mark.parametrize("name", ["dense_vae", "transformer_vae"])
def test_fit_and_its_validation_log_the_active_units_of_the_posterior_means(name):
    dropout = {"dropout": 0.0, "word_dropout": 0.0} if name == "transformer_vae" else {}
    vae, x = still(name, latent_dim=4, **dropout), data(name, 60)
    head = vae.latents.encoder.posterior.dense.kernel
    head.assign(head * [1, 1, 0.001, 0, 1, 1, 1, 1])  # two of the means hardly move

    logs = vae.fit(x, batch_size=16, epochs=2, validation_data=(x[:1],), verbose=0).history

    active = (np.asarray(vae.encode(x).loc).var(0) > 0.01).sum()
    assert 0 < active <= 2
    assert logs["active_units"] == [active, active]
    assert logs["val_active_units"] == [0, 0]
