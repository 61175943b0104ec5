"""NonFiniteGuard: training that diverges ends, and good weights are restored."""

import keras
import numpy as np
import pytest

from tests.helpers import assert_same, data, optimizer, small, values
from zoo.callbacks import NonFiniteGuard

X = data("dense_vae", 24)


def eager(**options):
    vae = small("dense_vae", **options)
    vae.compile(optimizer(), run_eagerly=True)
    return vae


class Poison(keras.callbacks.Callback):
    """Sets a weight to NaN before one step of one epoch."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.at, self.epoch = (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            kernel = self.model.trainable_variables[0]
            kernel.assign(np.full(kernel.shape, np.nan))


def test_a_nan_loss_raises_with_its_step_and_advice():
    vae = eager()

    with pytest.raises(FloatingPointError, match=r"became nan by step 5 \(epoch 2\)") as error:
        vae.fit(X, batch_size=8, epochs=3, callbacks=[Poison(1, 1)], verbose=0)

    assert "gradient clipping" in str(error.value)
    assert "learning rate" in str(error.value)


def test_the_last_finite_weights_and_optimizer_state_are_restored():
    vae, good = eager(), eager()
    good.fit(X, batch_size=8, verbose=0)

    with pytest.raises(
        FloatingPointError, match="The weights of step 3, all finite, were restored"
    ):
        vae.fit(X, batch_size=8, epochs=3, callbacks=[Poison(1, 1)], verbose=0)

    assert_same(values(vae.trainable_variables), values(good.trainable_variables))
    assert_same(values(vae.optimizer.variables), values(good.optimizer.variables))
    assert np.isfinite(vae.elbo(X)).all()


def test_an_exploding_learning_rate_leaves_finite_weights():
    vae = small("dense_vae", likelihood="normal")
    vae.compile(keras.optimizers.SGD(1e12), run_eagerly=True)

    with pytest.raises(FloatingPointError, match="loss became"):
        vae.fit(X, batch_size=4, epochs=5, verbose=0)

    assert all(np.isfinite(v).all() for v in values(vae.trainable_variables))


def test_nan_is_detected_with_several_steps_per_execution():
    vae = small("dense_vae", likelihood="normal")
    vae.compile(keras.optimizers.SGD(1e12), jit_compile=False, steps_per_execution=6)

    with pytest.raises(FloatingPointError, match="by step 6"):
        vae.fit(X, batch_size=4, epochs=5, verbose=0)

    assert all(np.isfinite(v).all() for v in values(vae.trainable_variables))


def test_a_guard_of_the_user_replaces_the_default():
    vae, guard = eager(), NonFiniteGuard(seconds=0.0)

    # A copy was made after each step, and step 4 began with the finite weights of step 3.
    with pytest.raises(FloatingPointError, match="The weights of step 3, all finite, were"):
        vae.fit(X, batch_size=8, epochs=3, callbacks=[Poison(1, 1), guard], verbose=0)


class Raise(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise KeyboardInterrupt


def test_weights_that_the_last_step_made_infinite_do_not_stay():
    vae = small("dense_vae", likelihood="normal")
    vae.compile(keras.optimizers.SGD(float("inf")), run_eagerly=True)
    before = values(vae.trainable_variables)

    with pytest.raises(FloatingPointError, match=r"became NaN or infinite by step 1 \(epoch 1\)"):
        vae.fit(X, batch_size=24, verbose=0)

    assert_same(values(vae.trainable_variables), before)


def test_weights_that_are_not_finite_do_not_stay_after_another_error():
    vae = small("dense_vae", likelihood="normal")
    vae.compile(keras.optimizers.SGD(float("inf")), run_eagerly=True)

    with pytest.raises(KeyboardInterrupt):
        vae.fit(X, batch_size=8, callbacks=Raise(), verbose=0)

    assert all(np.isfinite(v).all() for v in values(vae.trainable_variables))


def test_weights_whose_next_loss_is_nan_are_not_restored():
    vae = small("dense_vae", likelihood="normal")
    vae.compile(keras.optimizers.SGD(1e38), run_eagerly=True)  # finite after one step

    with pytest.raises(FloatingPointError, match=r"by step 2 .* The weights of step 0"):
        vae.fit(X, batch_size=24, epochs=2, verbose=0)


def epochs(guard, *losses):
    """End one epoch of one step after the other, with these losses."""
    guard.set_model(small("dense_vae"))
    guard.on_train_begin()
    for epoch, loss in enumerate(losses):
        guard.on_epoch_begin(epoch)
        guard.on_train_batch_end(0, {"loss": loss})
        guard.on_epoch_end(epoch, {"loss": loss})


@pytest.mark.parametrize("losses", [(8.0, 3.0, 2e5), (-5.0, 1e5), (1e-3, 1e5)])
def test_a_finite_loss_that_explodes_ends_training(losses):
    with pytest.raises(FloatingPointError, match=r"mean loss of an epoch rose from .* to .00000"):
        epochs(NonFiniteGuard(), *losses)


@pytest.mark.parametrize(
    "losses", [(8.0, 3.0, 3e4), (-5.0, 4e4), (1e6, 10.0, 1e6), (0.0, 9e3), (1e9, -50.0, 5e8)]
)
def test_noisy_losses_do_not_end_training(losses):
    epochs(NonFiniteGuard(), *losses)


@pytest.mark.parametrize("seconds", ["x", None, -1.0, np.nan, True])
def test_seconds_that_are_not_a_time_are_refused(seconds):
    with pytest.raises(ValueError, match="seconds must be a number of at least 0, got"):
        NonFiniteGuard(seconds)
