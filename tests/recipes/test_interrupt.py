"""Ctrl-C during training: a step ends first, and no Ctrl-C is lost."""

import signal

import keras
import numpy as np
import pytest

from tests.helpers import data, small

X = data("dense_vae", 24)


class CtrlC(keras.callbacks.Callback):
    """Press it so many times when the second batch begins."""

    def __init__(self, times):
        super().__init__()
        self.times = times

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 1:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def ctrl_c_means_an_interrupt():
    """As in a terminal: a shell's background jobs ignore it, and so does what they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def steps_after(recipe):
    """steps_after(times) -> how many steps of three were trained."""

    def run(times):
        vae = small("dense_vae")
        vae.compile(run_eagerly=True)
        vae.optimizer.build(vae.trainable_variables)
        before = signal.getsignal(signal.SIGINT)
        between_steps = recipe("support.run.interrupt").BetweenSteps()
        with pytest.raises(KeyboardInterrupt), between_steps as last:
            vae.fit(X, batch_size=8, verbose=0, callbacks=[CtrlC(times), last])
        assert signal.getsignal(signal.SIGINT) is before
        assert np.isfinite(vae.elbo(X)).all()
        return int(vae.optimizer.iterations)

    return run


def test_the_first_waits_for_the_end_of_the_step(steps_after):
    assert steps_after(1) == 2


def test_the_second_comes_at_once(steps_after):
    assert steps_after(2) == 1


def test_one_that_a_destructor_would_swallow_ends_training(recipe):
    class Destroyed:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), recipe("support.run.interrupt").BetweenSteps() as last:
        Destroyed()
        last.on_epoch_end(0)


def test_one_after_the_last_step_is_not_lost(recipe):
    with pytest.raises(KeyboardInterrupt), recipe("support.run.interrupt").BetweenSteps():
        signal.raise_signal(signal.SIGINT)
