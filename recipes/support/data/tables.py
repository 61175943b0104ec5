"""Data of `tables.py`: breast cancer, a TFDS data set, or your own CSV or Parquet file.

`load` reads a data frame (`table_files.py` for CSV and Parquet), takes the label out, encodes each
column as float32 (`table_columns.py`), and splits the rows. Missing values become NaN.
"""

import dataclasses
from typing import Any

import numpy as np
from support.data import table_columns, table_files, table_tfds
from support.run.cli import InputError

SUFFIXES = (".csv", ".parquet")


@dataclasses.dataclass
class Table:
    """Rows `[N, columns]` float32 to train on and held out.

    Attributes:
        name: name of the data.
        columns: names of the columns.
        titles: names of the columns for figures, with the number that was subtracted.
        category_names: for each column the names of its categories, or None if it is numeric.
        offsets: for each column the number that was subtracted.
        train: rows to train on, all of them normal.
        held_out: rows to evaluate.
        anomaly: True for each held-out row that is an anomaly, or None without a label.
        classes: names of normal rows and of anomalies.
        notes: changes of the data, for the user.
    """

    name: str
    columns: list
    titles: list
    category_names: list
    offsets: list
    train: Any
    held_out: Any
    anomaly: Any
    classes: tuple = ("normal", "anomaly")
    notes: tuple = ()

    @property
    def normal(self):
        """Held-out rows that are not anomalies."""
        return self.held_out if self.anomaly is None else self.held_out[~self.anomaly]

    @property
    def categories(self):
        """For each column its number of categories, 0 if it is numeric."""
        return [0 if names is None else len(names) for names in self.category_names]


def load(options):
    """Load the `Table` of --data or --dataset, or else breast cancer."""
    if options.data is not None and options.dataset is not None:
        raise InputError("--data", "expected either --data or --dataset, got both; leave one out")
    if options.data is not None:
        name, frame = options.data.name, _from_file(options.data)
    elif options.dataset is not None:
        name, frame = options.dataset, table_tfds.read_frame(options.dataset, options.data_dir)
    else:
        name, frame, options.label = "breast cancer", _breast_cancer(), "malignant"
    frame, anomaly = _take_label(frame, options)
    frame = _drop(frame, options.drop)
    _check(frame, options)
    frame = table_columns.categories_as_strings(frame, options.categorical)
    train, held_out = _split(anomaly, len(frame), options)
    columns = table_columns.encode(frame, train)
    values = np.stack([column.values for column in columns], 1)
    return Table(
        name,
        [column.name for column in columns],
        [column.title for column in columns],
        [column.categories for column in columns],
        [column.offset for column in columns],
        values[train],
        values[held_out],
        None if anomaly is None else anomaly[held_out],
        ("benign", "malignant") if name == "breast cancer" else ("normal", "anomaly"),
        tuple(_notes(columns)),
    )


def _notes(columns):
    """Changes of values that float32 or a model cannot represent."""
    for column in columns:
        if column.offset:
            yield f"column {column.name!r}: {column.offset:.12g} is subtracted"
        if column.clipped:
            yield (
                f"column {column.name!r}: {column.clipped} values outside of the training rows are "
                f"more than {table_columns.MAX_STDS:g} standard deviations from these rows' mean, "
                "and are clipped to that distance"
            )


def _breast_cancer():
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    return bunch.data.assign(malignant=(bunch.target == 0).astype(int))


def _from_file(path):
    if path.suffix.lower() not in SUFFIXES:
        raise InputError("--data", f"expected a .csv or .parquet file, got {path}")
    frame = table_files.read_frame(path)
    for separator, plural in ((";", "semicolons"), ("\t", "tabs")):
        if len(frame.columns) == 1 and separator in frame.columns[0]:
            raise InputError(
                "--data",
                f"expected values separated by commas, got {plural} in {path.name}; convert the "
                "file",
            )
    return frame


def _take_label(frame, options):
    """The frame without the column --label, and which rows are anomalies; None without --label."""
    name = options.label
    if name is None:
        if options.anomaly:
            raise InputError("--anomaly", "needs --label, the column that has these values")
        return frame, None
    table_files.check_column(frame, name, "--label")
    label = frame[name]
    if label.isna().any():
        raise InputError(
            "--label",
            f"expected a value in each row, got {label.isna().sum()} missing ones in column "
            f"{name!r}; remove these rows",
        )
    wanted = options.anomaly or ["1"]
    if label.dtype.kind in "biuf":
        values = label.astype(float).astype(str)
        wanted = [str(float(v)) if _is_number(v) else v for v in map(_truth_as_number, wanted)]
    else:
        values = label.astype(str)
    anomaly = values.isin(wanted).to_numpy(bool)
    if not 0 < anomaly.sum() < len(anomaly):
        argument = "--anomaly" if options.anomaly else "--label"
        raise InputError(
            argument,
            f"expected anomalies and normal rows, got {anomaly.sum()} anomalies among "
            f"{len(anomaly)} rows by column {name!r}; choose the values that mark anomalies with "
            f"--anomaly, from {table_files.listing(sorted(set(label.astype(str))))}",
        )
    return frame.drop(columns=name), anomaly


def _drop(frame, columns):
    for name in columns:
        table_files.check_column(frame, name, "--drop")
    return frame.drop(columns=columns)


def _check(frame, options):
    """Raise if the frame is too small or a column cannot be used."""
    if len(frame) < 10 or not len(frame.columns):
        raise InputError(
            "--data",
            "expected at least 10 rows and 1 column besides the label, got "
            f"{len(frame)} rows and {len(frame.columns)} columns",
        )
    table_columns.check(frame)
    for name in options.categorical:
        table_files.check_column(frame, name, "--categorical")


def _split(anomaly, rows, options):
    """Row numbers to train on, all normal, and the others, with all anomalies, to hold out."""
    order = np.random.default_rng(options.seed).permutation(rows)
    normal = order if anomaly is None else order[~anomaly[order]]
    held_out = max(1, int(len(normal) * options.held_out))
    if len(normal) - held_out < 2:
        raise InputError(
            "--held-out",
            f"expected at least 2 rows to train on, got {len(normal) - held_out} of {len(normal)} "
            "normal rows; use more data or hold out less",
        )
    if options.limit is not None and options.limit < 2:
        raise InputError(
            "--limit",
            f"expected at least 2, got {options.limit}: one row is used for early stopping",
        )
    train = normal[held_out:][: options.limit]
    test = normal[:held_out]
    if anomaly is None:
        return train, _choose(test, test, options)
    return train, _choose(test, np.concatenate([test, order[anomaly[order]]]), options)


def _choose(normal, rows, options):
    """Choose --evaluate rows in a random order, at least one of them normal."""
    rows = np.random.default_rng(options.seed).permutation(rows)[: options.evaluate or None]
    if not np.isin(rows, normal).any():
        rows[0] = normal[0]
    return rows


def _truth_as_number(text):
    """Convert "true" to "1" and "false" to "0" in any case; return other texts unchanged."""
    return {"true": "1", "false": "0"}.get(text.lower(), text)


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
