"""Schedules and Anneal."""

import keras
import numpy as np
import pytest

import zoo
from tests.helpers import assert_same, data, optimizer, small, values
from zoo.callbacks import Anneal, cyclical, linear, sigmoid
from zoo.objectives import ELBO, Capacity

X = data("dense_vae", 24)


def eager(**options):
    vae = small("dense_vae", **options)
    vae.compile(optimizer(), run_eagerly=True)
    return vae


def weight(vae):
    return float(vae.objective.term("kl").current.numpy())


class Weights(keras.callbacks.Callback):
    """Records the weight after each call of the train function."""

    def __init__(self):
        super().__init__()
        self.values = []

    def on_train_batch_end(self, batch, logs=None):
        self.values.append(weight(self.model))


# Schedules


def test_linear_equals_its_formula():
    steps = np.arange(15)

    got = [linear(10, 0.2, 0.7)(step) for step in steps]

    np.testing.assert_allclose(got, 0.2 + 0.5 * np.minimum(1, steps / 10))


def test_sigmoid_reaches_both_ends_and_is_symmetric():
    schedule = sigmoid(100, 0.1, 0.9)
    got = np.array([schedule(step) for step in range(101)])

    assert got[0] == pytest.approx(0.1)
    assert got[100] == schedule(10**6) == pytest.approx(0.9)
    assert (np.diff(got) > 0).all()
    np.testing.assert_allclose(got + got[::-1], 1.0)


def test_cyclical_repeats_its_ramp():
    schedule = cyclical(8, ramp=0.5, cycles=2)

    assert [schedule(step) for step in range(8)] == [0, 0.25, 0.5, 0.75, 1, 1, 1, 1]
    assert [schedule(step) for step in range(8, 16)] == [schedule(step) for step in range(8)]
    assert schedule(16) == schedule(1000) == 1.0


@pytest.mark.parametrize("make", [linear, sigmoid, cyclical])
def test_schedules_refuse_lengths_that_are_not_positive(make):
    with pytest.raises(ValueError, match="must be positive, got 0"):
        make(0)


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (linear, {"steps": "x"}, "steps must be a finite number, got 'x'"),
        (linear, {"steps": np.nan}, "steps must be a finite number, got nan"),
        (sigmoid, {"steps": 5, "steepness": None}, "steepness must be a finite number, got None"),
        (cyclical, {"period": 5, "end": np.inf}, "end must be a finite number, got inf"),
        (cyclical, {"period": 5, "cycles": 0.5}, "cycles must be made of positive integers, got"),
    ],
)
def test_schedules_refuse_arguments_that_are_not_numbers(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


# Anneal


def test_weight_follows_the_optimizers_steps_over_epochs():
    vae, weights = eager(), Weights()

    history = vae.fit(
        X, batch_size=8, epochs=2, callbacks=[Anneal(linear(5)), weights], verbose=0
    ).history

    assert weights.values == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert history["kl_weight"] == pytest.approx([0.4, 1.0])


def test_the_weight_is_that_of_the_first_of_several_steps_per_execution():
    vae, weights = small("dense_vae"), Weights()
    vae.compile(optimizer(), jit_compile=False, steps_per_execution=4)

    vae.fit(X, batch_size=3, epochs=2, callbacks=[Anneal(linear(16)), weights], verbose=0)

    assert weights.values == pytest.approx([0.0, 4 / 16, 8 / 16, 12 / 16])


def test_the_weight_changes_the_loss_and_not_the_logged_elbo():
    vae = eager()
    full = vae.evaluate(X, verbose=0, return_dict=True)

    vae.objective.term("kl").current.assign(0.25)
    quarter = vae.evaluate(X, verbose=0, return_dict=True)

    assert all(full[log] == quarter[log] for log in ("elbo", "nll", "kl"))
    assert full["loss"] == pytest.approx(full["nll"] + full["kl"], rel=1e-5)
    assert quarter["loss"] == pytest.approx(full["nll"] + 0.25 * full["kl"], rel=1e-5)


def test_early_stopping_monitors_an_elbo_that_beta_does_not_change():
    vae = small("dense_vae")
    vae.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    stop = keras.callbacks.EarlyStopping(monitor="val_elbo", mode="max", patience=2)

    history = vae.fit(
        X, validation_data=(X,), epochs=6, callbacks=[Anneal(linear(100)), stop], verbose=0
    ).history

    assert len({*history["val_elbo"]}) == 1
    assert history["val_loss"] == sorted(history["val_loss"])
    assert len(history["loss"]) == 3


def test_annealing_continues_after_save_and_load(tmp_path):
    def fit(vae, first, last):
        anneal = Anneal(cyclical(5, cycles=1))
        vae.fit(X, batch_size=8, initial_epoch=first, epochs=last, callbacks=anneal, verbose=0)
        return vae

    uninterrupted = fit(eager(), 0, 2)
    half = fit(eager(), 0, 1)
    half.save(tmp_path / "half.keras")
    loaded = keras.models.load_model(tmp_path / "half.keras")
    saved_weight = weight(loaded)
    fit(loaded, 1, 2)

    assert saved_weight == pytest.approx(weight(half))
    assert 0 < saved_weight < 1
    assert_same(values(loaded.variables), values(uninterrupted.variables))


def test_beta_is_the_initial_weight():
    assert weight(small("dense_vae", beta=4.0)) == 4.0


def test_unknown_terms_are_refused_by_name():
    with pytest.raises(ValueError, match=r"term must be one of \['kl'\], got 'ki'"):
        eager().fit(X, callbacks=[Anneal(linear(5), term="ki")], verbose=0)


def test_a_capacity_follows_its_schedule_and_is_saved(tmp_path):
    vae = eager(objective=ELBO((Capacity(0.0, weight=3.0),)))
    moved = Anneal(linear(4, 0.0, 25.0), quantity="capacity")

    logs = vae.fit(X, batch_size=8, epochs=2, callbacks=moved, verbose=0).history
    vae.save(tmp_path / "vae.keras")

    assert logs["kl_capacity"] == pytest.approx([25 * 2 / 4, 25])
    loaded = keras.models.load_model(tmp_path / "vae.keras").objective.term("kl")
    assert loaded.current_capacity == 25
    assert loaded.current == 3


def test_unknown_quantities_are_refused_by_name():
    with pytest.raises(
        ValueError, match=r"quantity must be one of \['weight'\] for the term 'kl', got 'capacity'"
    ):
        eager().fit(X, callbacks=[Anneal(linear(5), quantity="capacity")], verbose=0)


def test_a_schedule_that_is_not_callable_is_refused():
    with pytest.raises(
        TypeError, match="schedule must be a function from step to value, got float"
    ):
        Anneal(0.5)


@pytest.mark.parametrize("value", [np.nan, None, "x"])
def test_a_schedule_must_return_a_finite_number(value):
    with pytest.raises(ValueError, match=r"schedule must return a finite number, got .* at step 0"):
        eager().fit(X, callbacks=Anneal(lambda step: value), verbose=0)


@pytest.mark.parametrize("argument", ["term", "quantity"])
def test_a_name_that_is_not_text_is_refused(argument):
    with pytest.raises(TypeError, match=f"{argument} must be a name, got 5"):
        Anneal(linear(5), **{argument: 5})


def test_public_names_are_those_of_the_package():
    assert zoo.Anneal is Anneal
    assert zoo.callbacks.linear is linear
