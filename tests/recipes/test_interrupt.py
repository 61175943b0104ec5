"""Ctrl-C during training: the current step is finished, and no Ctrl-C is lost."""

import signal

import keras
import numpy as np
import pytest

from tests.helpers import data, small

X = data("dense_vae", 24)


class CtrlC(keras.callbacks.Callback):
    """Press Ctrl-C `times` times when the second batch begins."""

    def __init__(self, times):
        super().__init__()
        self.times = times

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 1:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def default_handler():
    """Handle Ctrl-C as in a terminal; background jobs of a shell ignore it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture
def steps_after(recipe):
    """steps_after(times) is how many of three steps were trained."""

    def run(times):
        vae = small("dense_vae")
        vae.compile(run_eagerly=True)
        vae.optimizer.build(vae.trainable_variables)
        previous = signal.getsignal(signal.SIGINT)
        between_steps = recipe("support.run.interrupt").BetweenSteps()
        with pytest.raises(KeyboardInterrupt), between_steps as callback:
            vae.fit(X, batch_size=8, verbose=0, callbacks=[CtrlC(times), callback])
        assert signal.getsignal(signal.SIGINT) is previous
        assert np.isfinite(vae.elbo(X)).all()
        return int(vae.optimizer.iterations)

    return run


def test_first_ctrl_c_waits_for_the_end_of_the_step(steps_after):
    assert steps_after(1) == 2


def test_second_ctrl_c_interrupts_at_once(steps_after):
    assert steps_after(2) == 1


def test_ctrl_c_in_a_destructor_is_not_lost(recipe):
    class WithDestructor:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    between_steps = recipe("support.run.interrupt").BetweenSteps()
    with pytest.raises(KeyboardInterrupt), between_steps as callback:
        WithDestructor()
        callback.on_epoch_end(0)


def test_ctrl_c_after_the_last_step_is_not_lost(recipe):
    with pytest.raises(KeyboardInterrupt), recipe("support.run.interrupt").BetweenSteps():
        signal.raise_signal(signal.SIGINT)
