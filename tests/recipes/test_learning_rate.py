"""Learning rate of a run: that of the variant, and its fall along a cosine."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import data, small

for package in ("matplotlib", "sklearn", "PIL"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


@pytest.fixture
def build(recipe, parse):
    """build("images", *flags) is the tiny model of a recipe's command line."""

    def build(name, *flags):
        options = parse(name, *flags, "--option", "widths=(2,)")
        strategy = tf.distribute.get_strategy()
        return recipe("support.run.model").build(options, (8, 8, 1), "bernoulli", strategy, {})

    return build


def learning_rate(vae):
    return float(vae.optimizer.learning_rate.numpy())


@pytest.mark.parametrize(("flags", "expected"), [((), 2e-3), (("--learning-rate", 0.5), 0.5)])
def test_the_learning_rate_is_that_of_the_variant_or_of_the_command(build, flags, expected):
    assert learning_rate(build("images", *flags)) == pytest.approx(expected)


def test_the_learning_rate_falls_along_a_cosine_and_returns(recipe):
    vae, rates = small("conv_vae"), []
    vae.optimizer.learning_rate = 0.25
    decay = recipe("support.run.learning_rate").CosineDecay(0.5, epochs=3)
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: rates.append(learning_rate(vae)))

    vae.fit(data("conv_vae", 4), epochs=3, verbose=0, callbacks=[decay, watch])

    done = (np.arange(3) + 0.5) / 3
    np.testing.assert_allclose(rates, 0.25 * (1 + np.cos(np.pi * done)), rtol=1e-5)
    assert learning_rate(vae) == 0.5


def test_an_epoch_beyond_the_last_has_no_negative_phase(recipe):
    decay = recipe("support.run.learning_rate").CosineDecay(0.5, epochs=3)

    assert decay.rate(3) == pytest.approx(0)
