"""Series for `time_series.py`: simulated sensors, or columns of a CSV or Parquet file, in order."""

import contextlib
import dataclasses
from typing import Any

import numpy as np
from support.run.cli import InputError, blame

DAY = 96  # steps of 15 minutes
STEPS = 80 * DAY
FAULTS = ("spike", "stuck", "drift", "noise", "shift", "out of step")
# Options that say how to read --data.
FILE_ONLY = ("where", "columns", "time_column", "label", "log_returns")


@dataclasses.dataclass
class Series:
    """One long multivariate series `[steps, channels]`, NaN where nothing was measured.

    `times` are what to write along the axis; `anomaly` says at which steps something is known to be
    wrong, or is None; training ends before step `split`.
    """

    name: str
    channels: list
    values: Any
    times: Any
    anomaly: Any
    split: int

    @property
    def train(self):
        return self.values[: self.split]

    @property
    def held_out(self):
        return self.values[self.split :]


def load(options):
    """The `Series` that --data asks for, or simulated sensors."""
    if options.data is not None:
        return _file(options)
    for name in FILE_ONLY:
        if getattr(options, name):
            raise InputError("--" + name.replace("_", "-"), "needs a file, --data FILE")
    return simulated(options.seed, options.held_out)


def simulated(seed=0, held_out=0.3):
    """Four made-up sensors of a pump over 80 days; the held-out part has known faults.

    The load follows the day, the temperature lags behind the load, the pressure falls as the load
    grows, and the vibration's strength follows the load.
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
    anomaly = _break(values, split, rng)
    values[rng.random(values.shape) < 0.01] = np.nan  # readings get lost
    channels = ["load (%)", "temperature (deg C)", "pressure (bar)", "vibration (mm/s)"]
    return Series("simulated sensors", channels, values, t / DAY, anomaly, split)


def _smooth(x, steps):
    """Exponential moving average: what a slow sensor makes of x."""
    y, a = np.empty_like(x), 1 / steps
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = y[i - 1] + a * (x[i] - y[i - 1])
    return y


def _break(values, split, rng):
    """Put each kind of fault twice into what comes after `split`; where they are."""
    anomaly = np.zeros(len(values), bool)
    kinds = [*FAULTS, *FAULTS]
    starts = np.linspace(split + DAY, len(values) - DAY, len(kinds) + 1)[:-1].astype(int)
    for kind, start in zip(kinds, starts, strict=True):
        start += int(rng.integers(0, DAY // 4))
        length = 2 if kind == "spike" else int(rng.integers(16, 40))
        at = slice(start, min(start + length, len(values)))
        channel = 1 if kind in ("stuck", "drift") else int(rng.integers(values.shape[1]))
        values[at, channel] = _faulty(kind, values[:, channel], at, rng)
        anomaly[at] = True
    return anomaly


def _faulty(kind, x, at, rng):
    """What a sensor shows in `at` while it has a fault of this kind."""
    true, spread = x[at], x.std()
    ramp = np.linspace(0, 1, len(true), dtype=np.float32)
    return {
        "spike": true + 4 * spread * rng.choice([-1, 1]),
        "stuck": np.full_like(true, true[0]),
        "drift": true + 2.5 * spread * ramp,
        "noise": true + 1.2 * spread * rng.standard_normal(len(true)),
        "shift": true + 2 * spread * rng.choice([-1, 1]),
        "out of step": x[at.start - DAY // 2 : at.start - DAY // 2 + len(true)],
    }[kind]


def _file(options):
    """Columns of the user's own file, checked."""
    name, frame = options.data.name, _read(options.data)
    if options.where is not None:
        name, frame = f"{name}, {options.where}", _where(frame, options.where)
    times = np.arange(len(frame))
    if options.time_column is not None:
        times = _times(frame, options.time_column)
        frame = frame.drop(columns=options.time_column)
    anomaly = None
    if options.label is not None:
        anomaly = _column(frame, options.label, "--label") > 0
        frame = frame.drop(columns=options.label)
    columns = options.columns or list(frame.columns)
    if not columns:
        raise InputError("--columns", f"{options.data.name} holds no other column, got no channel")
    values = np.stack([_column(frame, name, "--columns") for name in columns], 1)
    if options.log_returns:
        values, times = _log_returns(values, columns, frame.index), times[1:]
        columns = [f"{column} (log return)" for column in columns]
        anomaly = None if anomaly is None else anomaly[1:]
    split = int(len(values) * (1 - options.held_out))
    shorter = min(split, len(values) - split)
    if shorter < options.window:
        raise InputError(
            "--window",
            f"{options.window} steps do not fit into {shorter}, the shorter part of {len(values)} "
            f"steps after the split by --held-out {options.held_out}",
        )
    return Series(name, columns, values.astype("float32"), times, anomaly, split)


def _log_returns(prices, columns, rows):
    """log(p_t / p_(t-1)), one step fewer; `rows` are those of the file."""
    for name, x in zip(columns, prices.T, strict=True):
        if (x <= 0).any():
            at = int(np.argmax(x <= 0))
            raise InputError(
                "--log-returns", f"{name!r} holds {x[at]:g} in row {rows[at]}, not a price"
            )
    return np.diff(np.log(prices), axis=0)


def _read(path):
    import pandas as pd

    if not path.is_file():
        raise InputError("--data", f"{path} is no file")
    with blame("--data", ValueError, OSError):  # pandas' own errors are ValueErrors
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    frame.columns = [str(c) for c in frame.columns]
    return frame.reset_index(drop=True)  # so that messages count rows, with --where as well


def _where(frame, condition):
    """The rows that have VALUE in COLUMN, without that column: it is the same in all of them."""
    import pandas as pd

    name, equals, value = condition.partition("=")
    if not equals:
        raise InputError("--where", f"expected COLUMN=VALUE, got {condition!r}")
    if name not in frame:
        raise InputError("--where", f"there is no column {name!r} in {list(frame.columns)}")
    column = frame[name]
    kept = column.astype(str) == value
    if pd.api.types.is_numeric_dtype(column):  # 3 is the 3.0 of a column with gaps
        with contextlib.suppress(ValueError):
            kept |= column == float(value)
    if not kept.any():
        known = [str(v) for v in column.dropna().unique()]
        some = ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
        raise InputError("--where", f"no row has {value!r} in {name!r}, which holds {some}")
    return frame[kept].drop(columns=name)


def _times(frame, name):
    """The time column as dates, or as numbers where it holds numbers; increasing."""
    import pandas as pd

    if name not in frame:
        raise InputError("--time-column", f"there is no column {name!r} in {list(frame.columns)}")
    times = frame[name]
    if not pd.api.types.is_numeric_dtype(times):
        with blame("--time-column", ValueError, TypeError):
            times = pd.to_datetime(times)
    if times.isna().any():
        row = int(np.argmax(times.isna()))
        raise InputError("--time-column", f"{name!r} has no time in row {frame.index[row]}")
    repeated = times.duplicated()
    if repeated.any():
        row = int(np.argmax(repeated))
        raise InputError(
            "--time-column",
            f"{name!r} repeats {times.iloc[row]} in row {frame.index[row]}: if the file holds "
            f"several series, keep one of them, as by --where {_example(frame, name)}",
        )
    if not times.is_monotonic_increasing:
        row = int(np.argmax(times.diff() < times.iloc[0] - times.iloc[0])) if len(times) else 0
        raise InputError(
            "--time-column",
            f"{name!r} goes back in row {frame.index[row]}: sort the file by it",
        )
    return times.to_numpy()


def _example(frame, time):
    """A COLUMN=VALUE that keeps one of several series: no time repeats among its rows."""
    columns = frame.columns.drop(time)
    for name in sorted(columns, key=lambda column: frame[column].nunique()):  # names are few
        if not frame.duplicated([time, name]).any():
            return f"{name}={frame[name].iloc[0]}"
    return "COLUMN=VALUE"


def _column(frame, name, argument):
    """A numeric column as float64, NaN where it is empty."""
    import pandas as pd

    if name not in frame:
        raise InputError(argument, f"there is no column {name!r} in {list(frame.columns)}")
    numbers = pd.to_numeric(frame[name], errors="coerce")
    wrong = numbers.isna() & frame[name].notna()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            argument,
            f"{name!r} must hold numbers, got {frame[name].iloc[row]!r} in row {frame.index[row]}; "
            "choose other columns with --columns, name the one that holds times with "
            "--time-column, or keep one of several series with --where",
        )
    numbers = numbers.to_numpy("float64")
    if np.isinf(numbers).any():
        row = frame.index[int(np.argmax(np.isinf(numbers)))]
        raise InputError(argument, f"{name!r} is infinite in row {row}")
    return numbers
