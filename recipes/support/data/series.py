"""Data of `time_series.py`: simulated sensors, or your own file (read in `series_files.py`)."""

import dataclasses
from typing import Any

import numpy as np
from support.run.cli import InputError

DAY = 96  # steps of 15 minutes
STEPS = 80 * DAY
FAULTS = ("spike", "stuck", "drift", "noise", "shift", "out of step")
# Options about the file of --data.
FILE_OPTIONS = ("where", "columns", "time_column", "label", "log_returns", "grid", "sep", "decimal")
FILE_OPTIONS += ("encoding", "header", "sheet")


@dataclasses.dataclass
class Series:
    """A long multivariate series.

    Attributes:
        name: name of the data.
        channels: names of the channels.
        values: `[steps, channels]` float32, NaN where nothing was measured.
        times: a date or number for each step.
        anomaly: True for each step with a known anomaly, or None without labels.
        split: the first held-out step.
        notes: step, gaps and what else was understood, for the user.
        kinds: how each column of the file was read.
    """

    name: str
    channels: list
    values: Any
    times: Any
    anomaly: Any
    split: int
    notes: tuple = ()
    kinds: tuple = ()

    @property
    def train(self):
        """Values before the split."""
        return self.values[: self.split]

    @property
    def held_out(self):
        """Values from the split on."""
        return self.values[self.split :]


def load(options):
    """Load the `Series` of --data, or simulate sensors."""
    if options.data is not None:
        from support.data import series_files

        return series_files.load(options)
    for name in FILE_OPTIONS:
        if getattr(options, name):
            raise InputError("--" + name.replace("_", "-"), "needs a file: --data FILE")
    return simulated(options.seed, options.held_out)


def simulated(seed=0, held_out=0.3):
    """Simulate four sensors of a pump over 80 days, with known faults in the held-out part.

    The load follows the time of day, the temperature lags behind the load, the pressure falls with
    the load, and the strength of the vibration is proportional to the load.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(STEPS)
    weather = _smooth(rng.standard_normal(STEPS), DAY) * 0.3
    load_ = 50 + 20 * np.sin(2 * np.pi * t / DAY) + 6 * np.sin(4 * np.pi * t / DAY + 1)
    load_ += 20 * weather + rng.normal(0, 1, STEPS)
    temperature = 20 + 0.5 * _smooth(load_, 16) + rng.normal(0, 0.3, STEPS)
    pressure = 6 - 0.03 * load_ + rng.normal(0, 0.05, STEPS)
    vibration = 0.02 * load_ * (1 + 0.15 * rng.standard_normal(STEPS))
    values = np.stack([load_, temperature, pressure, vibration], 1).astype("float32")
    split = int(STEPS * (1 - held_out))
    anomaly = _add_faults(values, split, rng)
    values[rng.random(values.shape) < 0.01] = np.nan  # lost readings
    channels = ["load (%)", "temperature (deg C)", "pressure (bar)", "vibration (mm/s)"]
    return Series("simulated sensors", channels, values, t / DAY, anomaly, split)


def _smooth(x, steps):
    """Exponential moving average of x, like the reading of a slow sensor."""
    y, a = np.empty_like(x), 1 / steps
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = y[i - 1] + a * (x[i] - y[i - 1])
    return y


def _add_faults(values, split, rng):
    """Add each kind of fault twice after `split`, in place; return the steps that have one."""
    anomaly = np.zeros(len(values), bool)
    kinds = [*FAULTS, *FAULTS]
    starts = np.linspace(split + DAY, len(values) - DAY, len(kinds) + 1)[:-1].astype(int)
    for kind, start in zip(kinds, starts, strict=True):
        start += int(rng.integers(0, DAY // 4))
        length = 2 if kind == "spike" else int(rng.integers(16, 40))
        steps = slice(start, min(start + length, len(values)))
        channel = 1 if kind in ("stuck", "drift") else int(rng.integers(values.shape[1]))
        values[steps, channel] = _faulty(kind, values[:, channel], steps, rng)
        anomaly[steps] = True
    return anomaly


def _faulty(kind, x, steps, rng):
    """Readings of a sensor with a fault of this kind in a slice of steps."""
    true, std = x[steps], x.std()
    ramp = np.linspace(0, 1, len(true), dtype=np.float32)
    return {
        "spike": true + 4 * std * rng.choice([-1, 1]),
        "stuck": np.full_like(true, true[0]),
        "drift": true + 2.5 * std * ramp,
        "noise": true + 1.2 * std * rng.standard_normal(len(true)),
        "shift": true + 2 * std * rng.choice([-1, 1]),
        "out of step": x[steps.start - DAY // 2 : steps.start - DAY // 2 + len(true)],
    }[kind]
