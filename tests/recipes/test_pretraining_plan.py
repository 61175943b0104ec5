"""Training of pretrained weights in two phases."""

import dataclasses

import numpy as np
import pytest

import zoo

pytest.importorskip("sklearn", reason="the recipes need scikit-learn: pip install '.[recipes]'")


def test_further_epochs_train_the_same_parts_with_another_bound(recipe, tmp_path, monkeypatch):
    train, specs = recipe("support.pretraining.train"), recipe("support.pretraining.specs")
    spec, fitted = specs.SPECS["dense_vae/wine"], []
    monkeypatch.setattr(train, "fit", lambda *args: fitted.append(args))
    monkeypatch.setattr(train, "make_optimizer", lambda plan, steps: ("optimizer", steps))
    plan = dataclasses.replace(
        spec.training, epochs=3, importance_epochs=2, batch_size=4, importance_batch_size=2
    )
    x = np.random.default_rng(0).random((8, 13), "float32")
    options = {"latent_dim": 2, "hidden": (4,)}

    vae, _ = train.train(dataclasses.replace(spec, options=options, training=plan), x, tmp_path)

    (first, optimizer, *_), (second, again, *_) = fitted
    assert first is vae and optimizer is again
    assert second.latents is vae.latents and second.decoder is vae.decoder
    assert isinstance(second.objective, zoo.objectives.ImportanceWeighted)
    assert [args[5] for args in fitted] == [3, 2]
    assert fitted[0][4] != fitted[1][4], "each phase needs its own checkpoints"
    assert [args[2].batch_size for args in fitted] == [4, 2]
    assert optimizer == ("optimizer", 3 * 2 + 2 * 4)
    text = "2 further epochs with the importance-weighted bound of 5 draws and batches of 2"
    assert text in plan.text()
