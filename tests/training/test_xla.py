"""XLA on a CPU: where "auto" uses it, and that it trains as a plain graph does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import assert_same, data, optimizer, small, values
from zoo.training import xla

X = data("dense_vae", 20)


def vae(**options):
    model = small("dense_vae", run_eagerly=False)
    model.compile(optimizer(), **options)
    return model


@pytest.mark.parametrize(
    ("options", "steps", "expected"),
    [
        ({}, xla.MIN_STEPS - 1, False),
        ({}, xla.MIN_STEPS, True),
        ({}, None, True),
        ({"jit_compile": True}, 1, True),
        ({"jit_compile": False}, None, False),
    ],
)
def test_auto_compiles_long_training_alone(options, steps, expected):
    assert xla.of_training(vae(**options), steps) is expected


def test_auto_evaluates_without_xla():
    assert not xla.of_evaluation(vae())
    assert xla.of_evaluation(vae(jit_compile=True))


def test_an_assigned_value_is_not_auto():
    model = small("conv_vae", run_eagerly=False)
    model.jit_compile = True

    assert xla.of_training(model, 1) and xla.of_evaluation(model)


def test_convolutions_never_compile_by_auto():
    model = small("conv_vae", run_eagerly=False)

    assert not xla.of_training(model, None)


@pytest.mark.parametrize("fails", [False, True])
def test_a_setting_is_restored_with_its_origin(fails):
    model = vae()

    try:
        with xla.enabled(model, False):
            assert not model.jit_compile
            if fails:
                raise RuntimeError
    except RuntimeError:
        pass

    assert model.jit_compile and not xla.of_training(model, 1)


def fit(model, x, **options):
    model.fit(x, batch_size=8, epochs=2, verbose=0, **options)
    return values(model.variables)


@pytest.fixture(scope="module")
def eager():
    return fit(vae(run_eagerly=True), X, validation_data=X)


def test_xla_with_a_smaller_last_batch_gives_the_weights_of_eager_steps(eager):
    assert_same(fit(vae(jit_compile=True), X, validation_data=X), eager, rtol=1e-3, atol=1e-4)


def test_a_dataset_trains_without_xla_and_then_with_it(monkeypatch):
    model, x = vae(steps_per_execution=1), tf.data.Dataset.from_tensor_slices(X[:16]).batch(8)
    functions = []
    for least in (100, 100, 2):
        monkeypatch.setattr(xla, "MIN_STEPS", least)
        model.fit(x, verbose=0)
        functions.append(model.train_function)

    assert functions[0] is functions[1] is not functions[2]
    assert model._train_function_jit is True
    assert np.isfinite(model.evaluate(x, verbose=0)).all()


def test_a_loaded_model_keeps_auto(tmp_path):
    model = vae()
    model.save(tmp_path / "vae.keras")

    loaded = keras.models.load_model(tmp_path / "vae.keras")

    assert loaded.jit_compile and not xla.of_training(loaded, 1)
