"""Data of `tables.py`: breast cancer, a TFDS data set, or your own file.

`load` reads a data frame (`table_files.py`), takes the label out, decides how each column is read
(`column_kinds.py`), splits the rows, and encodes the columns as float32 (`table_columns.py`).
Missing values become NaN.
"""

import dataclasses
from typing import Any

import numpy as np
from support.data import (
    column_kinds,
    odd_rows,
    table_columns,
    table_files,
    table_tfds,
    written_texts,
)
from support.run.cli import InputError

MIN_ROWS = 10


@dataclasses.dataclass
class Table:
    """Rows `[N, columns]` float32 of a file, and which of them to train on and to hold out.

    Attributes:
        name: name of the data.
        columns: names of the columns.
        titles: names of the columns for figures, with the number that was subtracted.
        category_names: for each column the names of its categories, or None if it is numeric.
        offsets: for each column the number that was subtracted.
        rows: all rows of the file, in its order.
        train_rows: row numbers to train on, all of them normal.
        held_out_rows: row numbers to evaluate.
        labels: True for each row that is an anomaly `[N]`, or None without a label.
        kinds: how each column of the file was read.
        classes: names of normal rows and of anomalies.
        notes: what was detected in the file, and changes of the data, for the user.
    """

    name: str
    columns: list
    titles: list
    category_names: list
    offsets: list
    rows: Any
    train_rows: Any
    held_out_rows: Any
    labels: Any
    kinds: list
    classes: tuple = ("normal", "anomaly")
    notes: tuple = ()

    @property
    def train(self):
        """Rows to train on."""
        return self.rows[self.train_rows]

    @property
    def held_out(self):
        """Rows to evaluate."""
        return self.rows[self.held_out_rows]

    @property
    def anomaly(self):
        """True for each held-out row that is an anomaly, or None without a label."""
        return None if self.labels is None else self.labels[self.held_out_rows]

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
    table_files.check_options(options)
    notes = ()
    if options.data is not None:
        name, (frame, notes) = options.data.name, table_files.read_frame(options.data, options)
    elif options.dataset is not None:
        name, frame = options.dataset, table_tfds.read_frame(options.dataset, options.data_dir)
    else:
        name, frame, options.label = "breast cancer", _breast_cancer(), "malignant"
    given = column_kinds.chosen(options, frame)
    frame, anomaly, label_notes = _take_label(frame, options)
    kinds = column_kinds.decide(frame, given)
    _check_size(frame, kinds, notes)
    train, held_out = _split(anomaly, len(frame), options)
    odd = [*odd_rows.notes(frame, {k.column: k.values for k in kinds if k.is_numeric})]
    columns = table_columns.encode(kinds, train)
    _check_size(frame, kinds, notes)
    return Table(
        name,
        [column.name for column in columns],
        [column.title for column in columns],
        [column.categories for column in columns],
        [column.offset for column in columns],
        np.stack([column.values for column in columns], 1),
        train,
        held_out,
        anomaly,
        kinds,
        ("benign", "malignant") if name == "breast cancer" else ("normal", "anomaly"),
        (*notes, *odd, *_row_notes(frame, train, held_out), *_notes(columns), *label_notes),
    )


def _row_notes(frame, train, held_out):
    """Rows that are equal to others, and rows that are left out."""
    try:
        doubled = int(frame.duplicated().sum())
    except TypeError:  # lists cannot be compared
        doubled = 0
    if doubled:
        yield (
            f"{doubled:,} rows are equal to an earlier one; all are used, so that held-out rows "
            "may equal rows to train on"
        )
    unused = len(frame) - len(train) - len(held_out)
    if unused:
        yield (
            f"{unused:,} of {len(frame):,} rows are neither trained on nor evaluated (--limit, "
            "--evaluate); the others are a random choice by --seed"
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


def _take_label(frame, options):
    """The frame without the column --label, which rows are anomalies or None, and notes."""
    name = options.label
    if name is None:
        if options.anomaly:
            raise InputError("--anomaly", "needs --label, the column that has these values")
        return frame, None, ()
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
    return frame.drop(columns=name), anomaly, _label_notes(label.astype(str), anomaly)


def _label_notes(label, anomaly):
    """Values of the label that mark anomalies and those of normal rows, and doubtful spellings."""
    parts = (
        f"{len(rows):,} {kind} rows ({table_files.listing(sorted(set(rows)))})"
        for kind, rows in (("anomalous", label[anomaly]), ("normal", label[~anomaly]))
    )
    yield f"column {label.name!r}: {' and '.join(parts)}"
    yield from (f"column {label.name!r}: {n}" for n in written_texts.spelling_note([*label]))


def _check_size(frame, kinds, notes):
    """Raise if the frame is too small or no column is left; the error has the notes on the file."""
    used = [kind for kind in kinds if kind.kind != "drop"]
    if len(frame) < MIN_ROWS or not used:
        raise InputError(
            "--data",
            f"expected at least {MIN_ROWS} rows and 1 column besides the label, got {len(frame)} "
            f"rows and {len(used)} columns that can be used"
            + column_kinds.left_out(kinds[:8])
            + "".join(f"; {note}" for note in notes),
        )


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
