"""Columns of a file as a series, for `time_series.py`: read, checked, in order of time."""

import contextlib

import numpy as np
from support.data import (
    column_kinds,
    odd_rows,
    series_grid,
    series_time_checks,
    series_times,
    table_columns,
    table_files,
    written_numbers,
)
from support.data.column_kinds import Kind
from support.data.series import Series
from support.run.cli import InputError

import zoo

LABEL_NAMES = ("label", "anomaly", "anomalous", "fault", "outlier", "attack", "target", "class")
MIN_LABEL_CORRELATION = 0.5  # of a column of 0 and 1 with --label that counts as another label


def load(options):
    """Load the `Series` of the file --data and the options about its columns."""
    name, (frame, notes) = options.data.name, table_files.read_frame(options.data, options)
    notes, decimal = list(notes), frame.attrs.get("decimal", ".")
    frame = frame.reset_index(drop=True)  # errors count rows of the file, with --where as well
    for condition in options.where or ():
        name, frame = f"{name}, {condition}", _where(frame, condition)
    frame, kinds = _without_lists(frame, options)
    times, frame, kind, time_notes = series_times.take(frame, options)
    kinds += [kind] if kind else []
    anomaly = None
    if options.label is not None:
        anomaly, why = _label(frame, options.label, decimal)
        kinds.append(Kind(options.label, "label", why))
        frame = frame.drop(columns=options.label)
    values, columns = _channels(frame, anomaly, options, kinds, decimal)
    read = frame.drop(columns=[name for name in frame if name not in columns])
    notes += odd_rows.notes(read, dict(zip(columns, values.T, strict=True)))
    if options.log_returns:
        values, times = _log_returns(values, columns, frame.index), times[1:]
        columns = [f"{column} (log return)" for column in columns]
        anomaly = None if anomaly is None else anomaly[1:]
    if options.grid is not None:
        values, times, anomaly, note = series_grid.on_grid(values, times, anomaly, options.grid)
        notes.append(note)
    split = int(len(values) * (1 - options.held_out))
    shorter = min(split, len(values) - split)
    if shorter < options.window:
        raise InputError(
            "--window",
            f"expected at most {shorter} steps, got {options.window}: --held-out "
            f"{options.held_out} splits the {len(values)} steps into two parts, and the shorter "
            f"has {shorter}",
        )
    notes = (*notes, *time_notes)
    return Series(name, columns, values.astype("float32"), times, anomaly, split, notes, kinds)


def _without_lists(frame, options):
    """The frame without columns of lists, and the `Kind` of each of these."""
    lists = [name for name in frame if zoo.tables.holds_lists(frame[name])]
    for name in lists:
        if name in (options.columns or ()):
            raise InputError("--columns", f"expected numbers, got lists in column {name!r}")
    return frame.drop(columns=lists), [Kind(name, "drop", zoo.tables.LISTS) for name in lists]


def _label(frame, name, decimal):
    """True for each step that is an anomaly, and a remark."""
    table_files.check_column(frame, name, "--label")
    values, _ = _numbers(frame[name], decimal)
    known = frame[name].dropna() if values is None else values[~np.isnan(values)]
    wrong = [value for value in known if value not in (0, 1)]
    if wrong:
        raise InputError(
            "--label",
            f"expected 0 and 1 in column {name!r}, got {wrong[0]}; write 1 for anomalies "
            "and 0 for other steps",
        )
    why, missing = f"{(values == 1).sum():,} steps are anomalies", int(np.isnan(values).sum())
    return values == 1, why + f"; {missing:,} without a value count as normal" * bool(missing)


def _channels(frame, anomaly, options, kinds, decimal):
    """Values `[steps, channels]` and names of the channels; `kinds` gains how each was read."""
    chosen, channels = options.columns or list(frame.columns), {}
    if len({*chosen}) < len(chosen):
        raise InputError("--columns", f"expected different columns, got {', '.join(chosen)}")
    for name in frame.columns:
        if name not in chosen:
            kinds.append(Kind(name, "drop", "not in --columns"))
            continue
        reason = None if options.columns else _reason_to_drop(frame[name], anomaly)
        if reason:
            kinds.append(Kind(name, "drop", reason))
            continue
        values, notes = _channel(frame, name, "--columns", decimal)
        missing = int(np.isnan(values).sum())
        notes += [f"{missing:,} missing"] if missing else []
        notes += written_numbers.value_notes(values)
        notes += _counter_note(values)
        notes += ["constant"] if len(np.unique(values[~np.isnan(values)])) == 1 else []
        kinds.append(Kind(name, "channel", "; ".join(["numbers", *notes])))
        channels[name] = values
    for name in chosen:
        table_files.check_column(frame, name, "--columns")
    if not channels:
        reasons = column_kinds.left_out(kinds)
        raise InputError(
            "--columns",
            "expected at least one column besides time and label, got none in "
            f"{options.data.name}{reasons}",
        )
    names = [name for name in chosen if name in channels]
    return np.stack([channels[name] for name in names], 1), names


def _counter_note(values):
    """A note on whole numbers that increase in each row, which may count the rows."""
    known = values[~np.isnan(values)]
    if len(known) > 2 and (np.diff(known) > 0).all() and (known == known.round()).all():
        yield "increase in each row; leave it out with --columns if it counts rows"


def _reason_to_drop(column, anomaly):
    """Why a column that --columns does not name is no channel, or None."""
    if column.isna().all():
        return "empty"
    if column.dtype == object or column.dtype.kind == "O":
        return "texts, all the same" if column.nunique() == 1 else None
    x = column.to_numpy("float64", na_value=np.nan)
    if str(column.name).startswith("Unnamed: ") and zoo.tables.is_sequence(x):
        return "row numbers"
    if not {*np.unique(x[~np.isnan(x)])} <= {0.0, 1.0}:
        return None
    words = str(column.name).lower().replace("_", " ").replace("-", " ").split()
    named = any(word in LABEL_NAMES for word in words)
    if named or (anomaly is not None and _correlation(x, anomaly) > MIN_LABEL_CORRELATION):
        return "0 and 1 alone, like another label; --columns makes it a channel"
    return None


def _correlation(x, anomaly):
    x, y = np.nan_to_num(x), anomaly.astype("float64")
    return float(np.corrcoef(x, y)[0, 1]) if x.std() and y.std() else 0.0


def _log_returns(prices, columns, rows):
    """log(p_t / p_(t-1)), one step fewer; `rows` are the row numbers in the file."""
    for name, x in zip(columns, prices.T, strict=True):
        if (x <= 0).any():
            step = int(np.argmax(x <= 0))
            raise InputError(
                "--log-returns",
                f"expected prices above 0, got {x[step]:g} in row {rows[step]} of column {name!r}; "
                "choose columns of prices with --columns",
            )
    return np.diff(np.log(prices), axis=0)


def _where(frame, condition):
    """The rows with VALUE in COLUMN, without that column, which is the same in all of them."""
    import pandas as pd

    name, equals, value = condition.partition("=")
    if not equals:
        raise InputError("--where", f"expected COLUMN=VALUE, got {condition!r}")
    table_files.check_column(frame, name, "--where")
    column = frame[name]
    matches = column.astype(str) == value
    if pd.api.types.is_numeric_dtype(column):  # 3 also means the 3.0 of a column with gaps
        with contextlib.suppress(ValueError):
            matches |= column == float(value)
    if not matches.any():
        known = [str(v) for v in column.dropna().unique()]
        more = f" and {len(known) - 5} more" if len(known) > 5 else ""
        raise InputError(
            "--where",
            f"expected a value of column {name!r}, got {value!r}; it has "
            f"{', '.join(known[:5])}{more}",
        )
    return frame[matches].drop(columns=name)


def _channel(frame, name, argument, decimal="."):
    """A numeric column as float64, NaN where it is empty, and notes; errors name the argument."""
    table_files.check_column(frame, name, argument)
    numbers, notes = _numbers(frame[name], decimal)
    if numbers is None:
        series_time_checks.dates(frame[name], name)
        row = _first_text(frame[name])
        raise InputError(
            argument,
            f"expected numbers, got {frame[name].loc[row]!r} in row {row} of column {name!r}; "
            "choose other columns with --columns, name the column of times with --time-column, or "
            "select one of several series with --where",
        )
    if np.isinf(numbers).any():
        row = frame.index[int(np.argmax(np.isinf(numbers)))]
        raise InputError(
            argument,
            f"expected finite numbers, got {numbers[np.isinf(numbers)][0]} in row {row} of column "
            f"{name!r}; correct the file or choose other columns",
        )
    remedy = "correct the file or choose other columns"
    table_columns.check_range(numbers, name, argument, remedy)
    return numbers, notes


def _numbers(column, decimal):
    """Values of a column of numbers or truth values as float64, or None, and notes."""
    numbers = column_kinds.numbers(column)
    if numbers is not None:
        return numbers, []
    if column.dropna().map(lambda value: isinstance(value, bool | np.bool_)).all():
        return column.astype("float64").to_numpy(), []
    return written_numbers.parse(column, decimal) or (None, [])


def _first_text(column):
    """Index of the first value of a column that is not a number."""
    import pandas as pd

    numbers = pd.to_numeric(column.astype("string"), errors="coerce")
    return column.index[int(np.argmax(numbers.isna() & column.notna()))]
