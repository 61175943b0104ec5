"""Training of pretrained weights in two phases, and its optimizer."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import zoo

pytest.importorskip("sklearn", reason="the recipes need scikit-learn: pip install '.[recipes]'")


def test_further_epochs_train_the_same_parts_with_another_bound(recipe, tmp_path, monkeypatch):
    train, specs = recipe("support.pretraining.train"), recipe("support.pretraining.specs")
    spec, fitted = specs.SPECS["dense_vae/wine"], []
    monkeypatch.setattr(train, "fit", lambda *args: fitted.append(args))
    plan = dataclasses.replace(spec.training, epochs=3, importance_epochs=2, batch_size=4)
    x = np.random.default_rng(0).random((8, 13), "float32")
    options = {"latent_dim": 2, "hidden": (4,)}

    vae, _ = train.train(dataclasses.replace(spec, options=options, training=plan), x, tmp_path)

    (first, optimizer, *_), (second, again, *_) = fitted
    assert first is vae and optimizer is again
    assert second.latents is vae.latents and second.decoder is vae.decoder
    assert isinstance(second.objective, zoo.objectives.ImportanceWeighted)
    assert [args[5] for args in fitted] == [3, 2]
    assert fitted[0][4] != fitted[1][4], "each phase needs its own checkpoints"
    assert "2 further epochs with the importance-weighted bound of 5 draws" in plan.text()


def test_kernels_decay_and_biases_do_not(recipe):
    train, specs = recipe("support.pretraining.train"), recipe("support.pretraining.specs")
    plan = specs.Training(epochs=1, warmup=1, peak=0.1, weight_decay=0.5)
    kernel, bias = (tf.keras.Variable(np.ones(2), name=name) for name in ("kernel", "bias"))
    optimizer = train.make_optimizer(plan, 10)
    optimizer.build([kernel, bias])
    optimizer.iterations.assign(1)

    optimizer.apply([tf.zeros(2), tf.zeros(2)])

    np.testing.assert_allclose(np.asarray(kernel), 0.95, atol=1e-3)
    np.testing.assert_array_equal(np.asarray(bias), 1.0)
    assert "weight decay 0.5" in plan.text()
