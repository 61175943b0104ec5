"""What recipes print about the duration of training."""

import pytest


@pytest.fixture
def module(recipe):
    return recipe("support.run.progress")


class Clock:
    """Stands for `time`: its seconds are set."""

    now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(module, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def train(callback, clock, epochs, steps, seconds, first=0):
    """Call the callback as `fit` does, with this many seconds for each step."""
    callback.set_params({"epochs": epochs, "steps": steps})
    callback.on_train_begin()
    for epoch in range(first, epochs):
        callback.on_epoch_begin(epoch)
        for step in range(steps):
            clock.now += 30 if epoch == first and step == 0 else seconds  # the compilation
            callback.on_train_batch_end(step)
        callback.on_epoch_end(epoch, {"elbo": -3.21})


@pytest.mark.parametrize(
    ("epochs", "steps", "seconds", "first", "text"),
    [
        (60, 100, 1.0, 0, "training takes about 1.7 h for 60 epochs; it may stop earlier"),
        (400, 1, 0.1, 0, "training takes about 40 s for 400 epochs; it may stop earlier"),
        (60, 100, 1.0, 57, "training takes about 5 min for 3 epochs; it may stop earlier"),
    ],
)
def test_estimate_leaves_the_compilation_out(module, clock, epochs, steps, seconds, first, text):
    printed = []

    train(module.DurationEstimate(True, printed.append), clock, epochs, steps, seconds, first)

    assert printed == ["\n" + text]


def test_a_silent_phase_prints_some_lines(module, clock):
    printed = []

    train(module.EpochLines(100, ("elbo",), 10, printed.append), clock, 100, 10, 0.1)

    assert len(printed) == 11 and printed[0].startswith("epoch 1 of 100: elbo -3.21; 31 s")
    assert printed[5] == "epoch 50 of 100: elbo -3.21; 80 s, about 80 s left"
    assert printed[-1] == "epoch 100 of 100: elbo -3.21; 2 min"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.1, "1 s"), (99, "99 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_durations(module, seconds, text):
    assert module.duration(seconds) == text
