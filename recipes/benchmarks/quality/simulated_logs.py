"""Generators of series with known anomalies: logs of machines, and single series.

A machine has eight correlated sensors that follow a duty cycle, a load and the ambient temperature.
Its log has a few hundred normal steps to train on, and steps to score in which one kind of fault
lasts long. A single series holds its anomalies in the steps that a detector is fitted to.
"""

import numpy as np

MACHINE_FAULTS = (
    "drift",
    "joint drift",
    "lost correlation",
    "stuck",
    "level",
    "amplitude",
    "bursts",
    "rate",
)
SERIES_KINDS = ("cycle", "counts", "level", "slow", "spiky", "walk")
SERIES_FAULTS = ("level", "flat", "amplitude", "bursts", "spikes", "drift")


def noise(rng, steps, memory, std=1.0):
    """Stationary autoregressive noise of first order, `[steps]`."""
    values, state = np.empty(steps), rng.normal()
    for i, innovation in enumerate(rng.normal(size=steps) * np.sqrt(1 - memory**2)):
        values[i] = state = memory * state + innovation
    return std * values


def stretches(rng, steps, share, count):
    """bool `[steps]`, True in `count` stretches that are `share` of the steps together."""
    mask, length, part = np.zeros(steps, bool), int(share * steps / count), steps // count
    for i in range(count):
        start = i * part + rng.integers(0, part - length + 1)
        mask[start : start + length] = True
    return mask


def spans(mask):
    """Start and end of each stretch of True."""
    change = np.diff(mask.astype(int), prepend=0, append=0)
    return list(zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1), strict=True))


class Machine:
    """Sensors that are functions of three hidden drivers, each with noise and a unit of its own."""

    def __init__(self, rng, channels):
        self.rng, self.channels = rng, channels
        self.period = int(rng.integers(18, 60))
        self.weights = rng.normal(size=(3, channels))
        self.bend = 0.4 * rng.normal(size=(3, channels))
        self.offset = 10 * rng.normal(size=channels)
        self.unit = 10.0 ** rng.uniform(-2, 3, channels)
        self.noise_std = rng.uniform(0.1, 0.3, channels)
        self.noise_memory = rng.uniform(0.0, 0.8, channels)
        self.square_cycle = rng.random() < 0.5

    def drivers(self, steps, rate=1.0):
        """Duty cycle, load and ambient temperature, `[steps, 3]`; `rate` is that of the cycle."""
        rng = self.rng
        speed = rate * (1 + 0.05 * noise(rng, steps, 0.9)) * 2 * np.pi / self.period
        phase = np.cumsum(speed) + rng.uniform(0, 2 * np.pi)
        rounded = np.sin(phase) + 0.4 * np.sin(2 * phase + 1)
        cycle = np.tanh(2 * np.sin(phase)) if self.square_cycle else rounded
        return np.stack([1.2 * cycle, noise(rng, steps, 0.9, 0.7), noise(rng, steps, 0.98, 0.6)], 1)

    def sensors(self, drivers):
        """Values of the sensors, `[steps, channels]`, without their units."""
        values = drivers @ self.weights + np.tanh(drivers) ** 2 @ self.bend
        pairs = zip(self.noise_memory, self.noise_std, strict=True)
        return values + np.stack([noise(self.rng, len(drivers), *pair) for pair in pairs], 1)


def machine_log(fault, seed, channels=8, train_steps=400, steps=1200):
    """Steps to train on, steps to score, 1 for each anomalous one of these, and the period.

    The normal part depends on the seed alone.
    """
    rng = np.random.default_rng(seed)
    machine = Machine(rng, channels)
    drivers = machine.drivers(train_steps + steps)
    values = machine.sensors(drivers)
    train, log = values[:train_steps], values[train_steps:].copy()
    broken = rng.permutation(channels)[: max(1, channels // 4)]
    mask = _anomalous_steps(fault, rng, steps)
    change = {
        "drift": _drift,
        "joint drift": _joint_drift,
        "lost correlation": _lost_correlation,
        "stuck": _stuck,
        "level": _level,
        "amplitude": _amplitude,
        "bursts": _bursts,
        "rate": _rate,
    }[fault]
    log = change(machine, drivers[train_steps:], log, mask, broken, train)
    in_units = ((machine.offset + part) * machine.unit for part in (train, log))
    return *in_units, mask.astype(int), machine.period


def _anomalous_steps(fault, rng, steps):
    if "drift" not in fault:
        return stretches(rng, steps, rng.uniform(0.2, 0.5), int(rng.integers(1, 4)))
    return np.arange(steps) >= int(steps * rng.uniform(0.4, 0.6))


def _ramp(rng, mask):
    """From 0 at the first anomalous step to 2 to 4 at the end, up or down."""
    start = np.argmax(mask)
    ramp = np.clip((np.arange(len(mask)) - start) / (len(mask) - start), 0, 1)
    return rng.choice([-1, 1]) * rng.uniform(2, 4) * ramp


def _drift(machine, drivers, log, mask, broken, train):
    log[:, broken[0]] += _ramp(machine.rng, mask) * train[:, broken[0]].std()
    return log


def _joint_drift(machine, drivers, log, mask, broken, train):
    loaded = drivers.copy()
    loaded[:, 1] += _ramp(machine.rng, mask)
    return machine.sensors(loaded)


def _lost_correlation(machine, drivers, log, mask, broken, train):
    other = machine.sensors(machine.drivers(len(log)))
    log[np.ix_(mask, broken)] = other[np.ix_(mask, broken)]
    return log


def _stuck(machine, drivers, log, mask, broken, train):
    for start, end in spans(mask):
        jitter = 0.02 * train[:, broken[0]].std() * machine.rng.normal(size=end - start)
        log[start:end, broken[0]] = log[start, broken[0]] + jitter
    return log


def _level(machine, drivers, log, mask, broken, train):
    rng = machine.rng
    steps = rng.choice([-1, 1], len(broken)) * rng.uniform(1, 2) * train[:, broken].std(0)
    log[np.ix_(mask, broken)] += steps
    return log


def _amplitude(machine, drivers, log, mask, broken, train):
    mean = train[:, broken].mean(0)
    factor = machine.rng.choice([0.4, 1.8])
    log[np.ix_(mask, broken)] = mean + factor * (log[np.ix_(mask, broken)] - mean)
    return log


def _bursts(machine, drivers, log, mask, broken, train):
    rng = machine.rng
    hit = mask & (rng.random(len(log)) < 0.15)
    size = 2 * train[:, broken].std(0)
    log[np.ix_(hit, broken)] += size * rng.normal(size=(hit.sum(), len(broken)))
    return log


def _rate(machine, drivers, log, mask, broken, train):
    other = machine.drivers(len(log), machine.rng.choice([0.6, 1.6]))
    return machine.sensors(np.where(mask[:, None], other, drivers))


def single_series(kind, fault, seed, steps=3000):
    """A series `[steps, 1]` with a tenth of its steps anomalous, its labels and its period."""
    rng = np.random.default_rng([seed, SERIES_KINDS.index(kind)])
    period = int(rng.choice([24, 48, 96, 144]))
    values = _normal_series(kind, rng, steps, period)
    std = values.std()
    mask = stretches(rng, steps, 0.1, int(rng.integers(1, 4)))
    for start, end in spans(mask):
        values[start:end] = _changed(fault, rng, values[start:end], std)
    return values[:, None], mask.astype(int), period


def _normal_series(kind, rng, steps, period):
    days = np.arange(steps) // period
    phase = 2 * np.pi * np.arange(steps) / period
    parts = zip(rng.normal(size=3) * [1, 0.5, 0.3], rng.uniform(0, 6, 3), range(1, 4), strict=True)
    cycle = sum(size * np.sin(order * phase + shift) for size, shift, order in parts)
    cycle *= (1 + 0.15 * rng.normal(size=days.max() + 1))[days] / cycle.std()
    if kind == "cycle":
        return cycle + 0.2 * noise(rng, steps, 0.5)
    if kind == "counts":
        return rng.poisson(np.exp(1.5 + 0.7 * cycle + 0.3 * noise(rng, steps, 0.9))) + 0.0
    if kind == "level":
        return noise(rng, steps, 0.3) + (rng.random(steps) < 0.01) * rng.exponential(3, steps)
    if kind == "slow":
        return noise(rng, steps, 0.999) + 0.5 * cycle + 0.1 * rng.normal(size=steps)
    if kind == "walk":
        return np.cumsum(0.1 * rng.standard_t(5, steps)) + 0.3 * rng.normal(size=steps)
    peaks = (rng.random(steps) < 0.02) * 3 * rng.pareto(2.5, steps)
    return np.maximum(0, 0.3 * cycle + noise(rng, steps, 0.8, 0.5)) + peaks


def _changed(fault, rng, values, std):
    """The values of a stretch with a fault."""
    steps, sign = len(values), rng.choice([-1, 1])
    if fault == "level":
        return values + sign * 1.5 * std
    if fault == "flat":
        return values[0] + 0.05 * std * rng.normal(size=steps)
    if fault == "amplitude":
        return values.mean() + rng.choice([0.3, 2.0]) * (values - values.mean())
    if fault == "bursts":
        return values + (rng.random(steps) < 0.2) * 2 * std * rng.normal(size=steps)
    if fault == "drift":
        return values + sign * 2.5 * std * np.linspace(0, 1, steps)
    changed = values.copy()
    changed[rng.integers(0, steps, 4)] += sign * 4 * std
    return changed
