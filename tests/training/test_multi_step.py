"""Several optimizer steps a call: the hook into Keras' `fit`, and what is restored after it."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, data, optimizer, small, values
from zoo.training import multi_step
from zoo.training.methods import TrainingMethods

X = data("dense_vae", 24)


def compiled_vae(steps):
    vae = small("dense_vae", run_eagerly=False)
    vae.compile(optimizer(), steps_per_execution=steps, jit_compile=False)
    return vae


def test_the_hook_is_make_train_function(monkeypatch):
    vae, functions = compiled_vae(3), []
    hook = zoo.VAE.make_train_function

    def spy(self, force=False):
        hook(self, force)
        functions.append(self.train_function)

    monkeypatch.setattr(zoo.VAE, "make_train_function", spy)
    vae.fit(X, batch_size=8, epochs=2, verbose=0)

    assert len(functions) == 1 and functions[0] is not None
    assert vae.train_function is not functions[0]


def test_settings_are_restored_after_fit():
    vae = compiled_vae(50)

    vae.fit(X, batch_size=8, epochs=1, verbose=0)

    assert vae.steps_per_execution == 50
    assert vae.train_function is None
    assert vae._multi_step_function is None
    assert np.isfinite(vae.train_on_batch(X[:8])[0])


def test_settings_are_restored_after_an_error():
    vae = compiled_vae(4)

    def fail(iterator):
        raise RuntimeError("in the middle")

    with (
        pytest.raises(RuntimeError, match="in the middle"),
        multi_step.train_function(vae, fail, 2),
    ):
        vae.make_train_function()
        vae.train_function(None)

    assert vae.steps_per_execution == 4 and vae.train_function is None


def trained(steps):
    """Weights after two epochs of five steps, the last of which is smaller."""
    vae = compiled_vae(steps)
    vae.fit(X, batch_size=5, epochs=2, verbose=0)
    return values(vae.variables)


def test_steps_a_call_that_do_not_divide_the_epoch_give_the_weights_of_single_ones():
    """Numbers that divide it or are larger are in test_array_data.py."""
    assert_same(trained(3), trained(1), rtol=1e-5, atol=1e-6)


def test_steps_of_a_dataset_end_with_its_epoch():
    vae = compiled_vae(4)
    dataset = tf.data.Dataset.from_tensor_slices(X).batch(4).repeat()

    history = vae.fit(dataset, steps_per_epoch=6, epochs=2, verbose=0)

    assert int(vae.optimizer.iterations.numpy()) == 12
    assert len(history.history["loss"]) == 2


def test_validation_data_are_checked_once(monkeypatch):
    vae, checks = small("dense_vae"), []

    def counted(x, argument="x"):
        checks.append(argument)

    monkeypatch.setattr(vae.preprocessor, "validate", counted)
    vae.fit(X, validation_data=(X[:8],), epochs=3, verbose=0)

    assert checks == ["x", "validation_data"]


def test_evaluate_checks_what_fit_did_not():
    vae = small("dense_vae")
    vae.fit(X, validation_data=(X[:8],), epochs=1, verbose=0)

    with pytest.raises(ValueError, match="x must be finite"):
        vae.evaluate(X * np.nan, verbose=0)


def test_training_needs_no_private_build_hook_of_keras(monkeypatch):
    """Keras may rename the method that `VAE` overrides for several workers."""
    monkeypatch.delattr(TrainingMethods, "_maybe_symbolic_build")
    vae = compiled_vae(2)

    history = vae.fit(X, batch_size=8, epochs=1, verbose=0)

    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
def test_fit_works_while_tensorflow_runs_functions_eagerly():
    vae = small("dense_vae", run_eagerly=False)
    tf.config.run_functions_eagerly(True)
    try:
        history = vae.fit(data("dense_vae", 8), batch_size=4, epochs=1, verbose=0).history
    finally:
        tf.config.run_functions_eagerly(False)

    assert np.isfinite(history["loss"]).all()
