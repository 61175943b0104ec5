"""Tiny models for whole runs, and checks of the run folder that a recipe writes."""

import json

import numpy as np
import pytest

from tests.helpers import values

SMALL = ["--samples", "2", "--evaluate", "16", "--epochs", "2", "--limit", "64", "--no-report"]
TINY_IMAGES = [*SMALL, "--option", "widths=(4,8)", "--option", "blocks=1", "--latent-dim", "2"]
FIGURES_OF_IMAGES = {"curves", "interpolation", "latent", "manifold", "reconstructions", "samples"}
FIGURES_OF_IMAGES |= {"traversal", "uncertainty"}


def metrics(folder):
    """The content of metrics.json."""
    return json.loads((folder / "metrics.json").read_text())


def write_empty_saved_model(folder):
    """Stand for `export`, which takes longer to trace than a tiny model to train."""
    folder.mkdir()
    (folder / "saved_model.pb").touch()


def check_results(folder, figures):
    """Check the files of a finished run without its models; return metrics.json.

    Args:
        folder: the run folder.
        figures: names of the figures that must be in it.
    """
    assert {path.stem for path in (folder / "figures").glob("*.png")} == figures
    assert list((folder / "tensorboard").rglob("events.out.*"))
    record = metrics(folder)
    assert record["finished"] and not record["interrupted"] and record["versions"]["zoo"]
    held_out = record["held_out"]
    assert held_out["elbo"] == pytest.approx(-held_out["nll"] - held_out["kl"], abs=1e-2)
    return record


def check_run(folder, figures, x=None):
    """Check the files of a finished run, and that its models load; return metrics.json.

    Args:
        folder: the run folder.
        figures: names of the figures that must be in it.
        x: two examples to encode; zeros if None.
    """
    import keras
    import tensorflow as tf

    record = check_results(folder, figures)
    vae = keras.models.load_model(folder / "model.keras")
    served = tf.saved_model.load(str(folder / "saved_model"))
    x = np.zeros((2, *vae.decoder.event_shape), "float32") if x is None else x
    loc = served.signatures["encode"](tf.constant(x))["loc"]
    np.testing.assert_allclose(loc, vae.encode(x).loc, atol=1e-5)
    return record


X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")


def make_run(recipe, out, *flags, **options):
    """A run of tables.py in the folder `out`, and its tiny model.

    The model takes its few steps eagerly, and its SavedModel is an empty file.
    """
    flags = ["--out", out, "--learning-rate", 0.1, *flags]
    parsed = recipe("tables").parser().parse_args([str(f) for f in flags])
    run = recipe("support.run.run").Run("tables", parsed)
    vae = run.model((3,), "normal", **(options or {"hidden": (6,), "latent_dim": 2}))
    vae.compile(vae.optimizer, run_eagerly=True)
    vae.export = write_empty_saved_model
    return run, vae


def early_stopping(recipe):
    """Early stopping as the recipes have it."""
    return recipe("support.run.run").early_stopping(5)


def train(recipe, out, *flags, callbacks=()):
    """Train with early stopping; return the run and the state of model and optimizer."""
    run, vae = make_run(recipe, out, "--epochs", 40, *flags)
    run.train(vae, X[:16], X[16:], early_stopping(recipe), *callbacks)
    return run, values([*vae.variables, *vae.optimizer.variables])
