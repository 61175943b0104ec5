"""`fit` of every variant."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.variants import each_model, each_variant
from tests.helpers import assert_same, choose, data, small, values
from zoo.core.nested import map_arrays, take_rows
from zoo.objectives import MMD, MeanCovariance, Term, TotalCorrelation

OF_A_BATCH = (MMD, TotalCorrelation, MeanCovariance)
LOGS = ("loss", "elbo", "nll", "kl", "active_units")


def bound(logs, objective, prefix=""):
    """The loss by the other logs: the bound, and the terms at their weights."""
    if any(type(term).auxiliary_loss is not Term.auxiliary_loss for term in objective.terms):
        pytest.skip("a term's own loss, of its critic, is not logged")
    loss = -logs[f"{prefix}iwae"] if "iwae" in objective.LOGS else logs[f"{prefix}nll"]
    return loss + sum(term.weight * logs[prefix + term.name] for term in objective.terms)


def has_batch_normalization(vae):
    layers = vae._flatten_layers()
    return any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers)


def moved(vae, x, *args, **kwargs):
    """The trainable weights after `fit`."""
    vae.fit(x, *args, **{"batch_size": 8, "verbose": 0, "shuffle": False, **kwargs})
    return values(vae.trainable_variables)


@each_model
def test_fit_logs_loss_elbo_nll_kl_active_units_and_terms(trained, name):
    run = trained(name)
    history = run.history

    logs = {*LOGS, *run.vae.objective.LOGS, *(term.name for term in run.vae.objective.terms)}
    assert {*history} == {*logs, *(f"val_{log}" for log in logs)}
    assert np.isfinite([history[log] for log in history]).all()
    history = {name: np.array(values) for name, values in history.items()}
    np.testing.assert_allclose(history["loss"], bound(history, run.vae.objective), rtol=1e-4)
    np.testing.assert_allclose(history["elbo"], -history["nll"] - history["kl"], rtol=1e-4)


@each_model
def test_same_seed_gives_the_same_weights_bit_for_bit(trained, name):
    run = trained(name)
    first = values(run.vae.variables)

    run.repeat()

    assert_same(values(run.vae.variables), first)
    assert any(np.abs(a - b).max() > 0 for a, b in zip(first, run.beginning, strict=False))


@each_model
def test_run_eagerly_gives_the_same_weights(trained, eagerly_trained, name):
    weights = values(eagerly_trained(name).vae.variables)

    assert_same(weights, values(trained(name).vae.variables), rtol=1e-3, atol=1e-4)


@each_variant
def test_jit_compile_gives_the_same_weights_also_after_loading(trained, eagerly_trained, name):
    run = trained(name)
    again = keras.models.load_model(run.first_epoch)
    again.compile(again.optimizer, jit_compile=True)

    again.fit(run.x, batch_size=8, initial_epoch=1, epochs=2, verbose=0)

    weights = values(again.trainable_variables)
    expected = values(eagerly_trained(name).vae.trainable_variables)
    assert_same(weights, expected, rtol=1e-3, atol=1e-4)


@each_model
def test_elbo_in_the_logs_is_unweighted_by_regularizers(name):
    vae = small(name, kernel_regularizer=keras.regularizers.L2(0.5))

    logs = vae.evaluate(data(name), verbose=0, return_dict=True)

    penalty = sum(
        0.5 * float(tf.reduce_sum(v.value**2))
        for v in vae.trainable_variables
        if v.name == "kernel"
    )
    assert penalty > 0
    assert logs["loss"] == pytest.approx(bound(logs, vae.objective) + penalty, rel=1e-4)
    assert logs["elbo"] == pytest.approx(-logs["nll"] - logs["kl"], rel=1e-4)


@each_model
def test_sample_weight_zero_leaves_an_example_out(eager, name):
    vae, x = eager(name), data(name, 8)
    keep = np.array([1, 0] * 4, "float32")
    if has_batch_normalization(vae):
        pytest.skip("BatchNorm's statistics are those of all examples, whatever their weight")
    if any(isinstance(term, OF_A_BATCH) for term in vae.objective.terms):
        pytest.skip("a term that compares examples sees them all, whatever their weight")
    start = values(vae.trainable_variables)

    def gradient(x, weight):
        assert_same(values(vae.trainable_variables), start)
        return _gradient(vae, x, weight)

    weighted = gradient(x, keep)
    alone = gradient(x, np.ones(8, "float32"))
    garbage = gradient(choose(keep, x, data(name, 8, seed=1)), keep)

    assert_same(garbage, weighted, rtol=1e-5, atol=1e-6)
    assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(weighted, alone, strict=True))


@each_model
def test_sample_weights_scale_the_loss(eager, name):
    vae, x = eager(name), data(name, 8)

    plain = _loss(vae, x, None)
    ones = _loss(vae, x, np.ones(8, "float32"))
    threes = _loss(vae, x, np.full(8, 3, "float32"))

    assert ones == pytest.approx(plain, rel=1e-6)
    assert threes == pytest.approx(3 * plain, rel=1e-5)


def _loss(vae, x, weight):
    x = map_arrays(tf.constant, x)
    weight = None if weight is None else tf.constant(weight)
    return float(vae.compute_loss(x=x, y_pred=vae(x, training=False), sample_weight=weight))


def _gradient(vae, x, weight):
    x = map_arrays(tf.constant, x)
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(
            x=x, y_pred=vae(x, training=False), sample_weight=tf.constant(weight)
        )
    return [np.array(g) for g in tape.gradient(loss, [v.value for v in vae.trainable_variables])]


@each_variant
def test_fit_takes_sample_weights(eager, name):
    vae = eager(name)
    # The first call also learns units, a vocabulary and initial weights, whatever the weights are.
    before = moved(vae, data(name, 8), sample_weight=np.zeros(8))

    assert_same(moved(vae, data(name, 8), sample_weight=np.zeros(8)), before)
    moved_by_ones = moved(vae, data(name, 8), sample_weight=np.ones(8))
    assert any((a != b).any() for a, b in zip(moved_by_ones, before, strict=True))


@each_variant
def test_fit_takes_arrays_tensors_and_datasets_alike_and_ignores_labels(eager, name):
    x = data(name, 12)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(8)

    from_array = moved(eager(name), x)
    from_tensor_with_labels = moved(eager(name), map_arrays(tf.constant, x), np.arange(12))
    from_dataset = moved(eager(name), dataset, batch_size=None, shuffle=True)

    assert_same(from_tensor_with_labels, from_array)
    assert_same(from_dataset, from_array)


@each_variant
def test_validation_split_holds_the_last_rows_out_and_early_stopping_stops(eager, name):
    x = data(name, 12)
    first, last = take_rows(x, slice(9)), (take_rows(x, slice(9, None)),)
    stop = keras.callbacks.EarlyStopping(monitor="val_elbo", mode="max", min_delta=1e9)
    options = {"batch_size": 9, "verbose": 0}

    split = eager(name).fit(x, validation_split=0.25, **options).history
    explicit = eager(name).fit(first, validation_data=last, epochs=5, callbacks=[stop], **options)

    assert len(explicit.history["loss"]) == 2
    assert split == {log: values[:1] for log, values in explicit.history.items()}


@each_variant
def test_recompiling_keeps_the_weights_and_gradient_clipping_bounds_the_step(eager, name):
    vae, x = eager(name), data(name, 8)
    before = moved(vae, x)

    vae.compile(keras.optimizers.SGD(1.0, global_clipnorm=1e-2), run_eagerly=True)
    assert_same(values(vae.trainable_variables), before)
    after = moved(vae, x)

    step = np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(after, before, strict=True)))
    assert step == pytest.approx(1e-2, rel=1e-2)
