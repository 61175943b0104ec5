"""FusedAdam is keras.optimizers.Adam: same values, same saved state."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, values

SHAPES = ((3, 4), (4,), ())
OPTIONS = {
    "plain": {},
    "betas and epsilon": {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2},
    "weight decay": {"weight_decay": 0.1},
    "clipnorm": {"clipnorm": 0.3},
    "global clipnorm": {"global_clipnorm": 0.3},
    "clipvalue": {"clipvalue": 0.1},
    "moving average": {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 5},
    "amsgrad": {"amsgrad": True},
    "accumulation": {"gradient_accumulation_steps": 2},
}


def variables():
    rng = np.random.default_rng(0)
    return [keras.Variable(rng.standard_normal(shape).astype("float32")) for shape in SHAPES]


def steps(optimizer, trained, first, last):
    for i in range(first, last):
        rng = np.random.default_rng(i)
        gradients = [tf.constant(rng.standard_normal(s), tf.float32) for s in SHAPES]
        optimizer.apply(gradients, trained)


def run(family, n=20, **options):
    trained = variables()
    optimizer = family(0.05, **options)
    optimizer.build(trained)
    steps(optimizer, trained, 0, n)
    return optimizer, trained


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_twenty_steps_equal_those_of_keras(options):
    fused, fused_variables = run(zoo.FusedAdam, **options)
    plain, plain_variables = run(keras.optimizers.Adam, **options)

    assert_same(values(fused_variables), values(plain_variables), rtol=1e-4, atol=1e-5)
    assert_same(values(fused.variables), values(plain.variables), rtol=1e-4, atol=1e-5)


@pytest.fixture
def keras_without_moments(monkeypatch):
    """A version of Keras whose Adam keeps its moments in an attribute of another name."""
    build, update_step = keras.optimizers.Adam.build, keras.optimizers.Adam.update_step

    def hide(self):
        self.hidden_moments = self._momentums, self._velocities
        del self._momentums, self._velocities

    def build_and_hide(self, variables):
        if not self.built:
            build(self, variables)
            hide(self)

    def update_with_hidden(self, *arguments):
        self._momentums, self._velocities = self.hidden_moments
        update_step(self, *arguments)
        hide(self)

    monkeypatch.setattr(keras.optimizers.Adam, "build", build_and_hide)
    monkeypatch.setattr(keras.optimizers.Adam, "update_step", update_with_hidden)


def test_without_keras_private_moments_the_plain_update_runs(monkeypatch, keras_without_moments):
    monkeypatch.setattr(tf.raw_ops, "ResourceApplyAdam", None)

    fused, fused_variables = run(zoo.FusedAdam)

    monkeypatch.undo()
    plain, plain_variables = run(keras.optimizers.Adam)
    assert_same(values(fused_variables), values(plain_variables), rtol=1e-4, atol=1e-5)
    assert_same(values(fused.variables), values(plain.variables), rtol=1e-4, atol=1e-5)


def test_the_installed_keras_has_the_moments_of_the_fused_update():
    optimizer, trained = run(zoo.FusedAdam, n=1)

    for variable in trained:
        momentum, velocity = optimizer._moments(variable)
        assert momentum.shape == velocity.shape == variable.shape


def test_twenty_steps_of_a_schedule_equal_those_of_keras():
    def schedule():
        return keras.optimizers.schedules.CosineDecay(0.1, 20)

    results = []
    for family in (zoo.FusedAdam, keras.optimizers.Adam):
        trained = variables()
        steps(family(schedule()), trained, 0, 20)
        results.append(values(trained))

    assert_same(*results, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("before", "after"),
    [(zoo.FusedAdam, keras.optimizers.Adam), (keras.optimizers.Adam, zoo.FusedAdam)],
)
def test_saved_state_is_interchangeable(before, after):
    first, trained = run(before, n=10)
    second = after(0.05)
    second.build(trained)
    state = {}
    first.save_own_variables(state)

    second.load_own_variables(state)
    steps(second, trained, 10, 20)

    assert_same(values(trained), values(run(before)[1]), rtol=1e-4, atol=1e-5)


def test_sparse_gradients_equal_those_of_keras():
    results = []
    for family in (zoo.FusedAdam, keras.optimizers.Adam):
        (table, *_), optimizer = variables(), family(0.05)
        for i in range(3):
            rows = tf.IndexedSlices(tf.ones([2, 4]) * i, tf.constant([0, 2]), tf.constant([3, 4]))
            optimizer.apply([rows], [table])
        results.append([table.numpy()])

    assert_same(*results, rtol=1e-4, atol=1e-5)


def test_config_gives_the_same_optimizer_back():
    optimizer = zoo.FusedAdam(0.02, clipnorm=1.0, weight_decay=0.1)

    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))

    assert type(again) is zoo.FusedAdam
    assert again.get_config() == optimizer.get_config()


def test_learning_rate_can_be_changed_while_training():
    optimizer, trained = run(zoo.FusedAdam, n=1)
    before = values(trained)

    optimizer.learning_rate = 0.0
    steps(optimizer, trained, 1, 2)

    assert_same(values(trained), before)


def test_a_nan_gradient_reaches_every_weight():
    trained = variables()
    optimizer = zoo.FusedAdam(0.05)
    optimizer.build(trained)
    gradients = [tf.ones(shape) for shape in SHAPES]
    gradients[1] = tf.fill(SHAPES[1], np.nan)

    optimizer.apply(gradients, trained)

    assert all(np.isnan(v.numpy()).all() for v in trained)
