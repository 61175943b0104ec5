"""Traps of this stack that no other test covers, and where the others are covered."""

# Trap: the tests that fail without its remedy ("here" is below).
# - TFP needs tf-keras, and what builds on it is Keras 2:
#   here; test_imports (no tf_keras, tfp.layers)
# - tensorflow-cpu beside tensorflow:
#   here
# - KERAS_BACKEND set to something else:
#   test_catalogue (another backend)
# - a loss that drops regularizers, or counts once for each replica:
#   test_distribute; conformance/test_training (regularizers)
# - fit under MultiWorkerMirroredStrategy dies on scalar logs:
#   here; test_distribute (two workers)
# - predict and export of a model that returns a distribution:
#   conformance/test_model (predict); conformance/test_saving (TensorFlow alone)
# - sampling ops block TFLite:
#   conformance/test_saving (no random op, TFLite)
# - unseeded sampling cannot be reproduced or resumed:
#   conformance/test_training (same seed); test_resume
# - Keras does not save seed generators:
#   here; conformance/test_saving (continued training)
# - automatic get_config covers primitives only:
#   test_component (every argument)
# - lists for tuples in saved configs:
#   test_component (tuples)
# - layers without build() warn; naive build() fails on load:
#   here; warnings are errors in this suite
# - the loss shown while annealing is weighted:
#   test_callbacks (unweighted elbo, early stopping)
# - batch callbacks fire once per execution:
#   test_callbacks (many steps a call)
# - exp(log-variance) overflows, log of zero scale:
#   test_distributions (bounded_scale, huge features)
# - BackupAndRestore:
#   test_resume (killed processes)
# - the TFLite converter drops tf.tile before a broadcast:
#   conformance/test_saving (TFLite at a batch of several)
# - XLA draws other random numbers than the same op without it:
#   test_sampling (in and out of XLA); conformance/test_training (jit)
# - a fused cross entropy does not broadcast:
#   test_distributions (broadcasts like tfp)

import importlib.metadata

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import data, optimizer, small
from zoo.core.serialization import ensure_built
from zoo.training import workers


def installed(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def test_tensorflow_probability_has_the_package_that_it_needs():
    assert installed("tf-keras")


def test_tensorflow_is_installed_once():
    assert installed("tensorflow")
    assert not installed("tensorflow-cpu")


@pytest.mark.parametrize(
    ("strategy", "shape"),
    [(tf.distribute.MultiWorkerMirroredStrategy, (1,)), (tf.distribute.MirroredStrategy, ())],
)
def test_logs_have_an_axis_where_several_workers_train(monkeypatch, strategy, shape):
    # Without its constructor, which would start a server.
    monkeypatch.setattr(tf.distribute, "get_strategy", lambda: object.__new__(strategy))

    logs = workers.per_worker({"loss": tf.constant(1.0), "elbo": tf.constant(-1.0)})

    assert {tuple(value.shape) for value in logs.values()} == {shape}


def test_seed_generators_state_is_saved_with_weights(tmp_path):
    vae = small("dense_vae", input_noise="masking")
    vae.compile(optimizer(), run_eagerly=True)
    begun = [state.numpy() for state in (vae._seed_state, vae.input_noise.seed_state)]
    vae.fit(data("dense_vae"), batch_size=8, verbose=0)
    vae.save_weights(tmp_path / "vae.weights.h5")

    weights = str(tmp_path / "vae.weights.h5")
    again = small("dense_vae", input_noise="masking", seed=77, weights=weights)

    ended = [state.numpy() for state in (vae._seed_state, vae.input_noise.seed_state)]
    loaded = [state.numpy() for state in (again._seed_state, again.input_noise.seed_state)]
    for start, end, state in zip(begun, ended, loaded, strict=True):
        np.testing.assert_array_equal(state, end)
        assert (end - start).tolist() == [0, 3]


def test_ensure_built_builds_once():
    layer = keras.layers.Dense(2)

    ensure_built(layer, (None, 3))
    kernel = layer.kernel
    ensure_built(layer, (None, 3))

    assert layer.kernel is kernel


def test_plain_keras_still_does_not_save_seed_generators(tmp_path):
    """When this fails, Keras has learned it, and the zoo's own remedy can go."""

    class Noisy(keras.layers.Layer):
        def __init__(self, seed):
            super().__init__()
            self.generator = keras.random.SeedGenerator(seed)

        def call(self, x):
            return x

    first, second = (keras.Sequential([keras.Input((1,)), Noisy(seed)]) for seed in (1, 2))
    first.save_weights(tmp_path / "plain.weights.h5")

    second.load_weights(tmp_path / "plain.weights.h5")

    assert second.layers[0].generator.state.numpy()[0] == 2
