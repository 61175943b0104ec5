"""Tables for `tables.py`: breast cancer, a TFDS name, a CSV or a Parquet file -> coded columns.

`table_columns` says what becomes of each column; what is missing becomes NaN.
"""

import dataclasses
from typing import Any

import numpy as np
from support.data import table_columns
from support.run.cli import InputError, blame, tfds_builder


@dataclasses.dataclass
class Table:
    """`[N, columns]` float32; `anomaly` says which held-out rows are, or is None.

    `columns` are names, `titles` the same with what was subtracted. `levels` has the names of the
    classes of each categorical column, None for a numeric one. `notes` are for the user.
    """

    name: str
    columns: list
    titles: list
    levels: list
    offsets: list
    train: Any
    held_out: Any
    anomaly: Any
    words: tuple = ("normal", "anomaly")
    notes: tuple = ()

    @property
    def normal(self):
        """Held-out rows that are no anomalies."""
        return self.held_out if self.anomaly is None else self.held_out[~self.anomaly]

    @property
    def categories(self):
        """For each column the number of classes, 0 where it is numeric."""
        return [0 if levels is None else len(levels) for levels in self.levels]


def load(options):
    """The `Table` that --data, --dataset or neither of them ask for."""
    if options.data is not None and options.dataset is not None:
        raise InputError("--data", "cannot be combined with --dataset")
    if options.data is not None:
        name, frame = options.data.name, _file(options.data)
    elif options.dataset is not None:
        name, frame = options.dataset, _from_tfds(options)
    else:
        name, frame, options.label = "breast cancer", _breast_cancer(), "malignant"
    frame, anomaly = _label(frame, options)
    frame = _dropped(frame, options.drop)
    _check(frame, options)
    frame = table_columns.words(frame, options.categorical)
    train, held_out = _split(anomaly, len(frame), options)
    columns = table_columns.coded(frame, train)
    values = np.stack([column.values for column in columns], 1)
    return Table(
        name,
        [column.name for column in columns],
        [column.title for column in columns],
        [column.levels for column in columns],
        [column.offset for column in columns],
        values[train],
        values[held_out],
        None if anomaly is None else anomaly[held_out],
        ("benign", "malignant") if name == "breast cancer" else ("normal", "anomaly"),
        tuple(_notes(columns)),
    )


def _notes(columns):
    """What was done to numbers that float32 or a model cannot take as they are."""
    for column in columns:
        if column.offset:
            yield f"column {column.name!r}: {column.offset:.12g} is subtracted"
        if column.clipped:
            yield (
                f"column {column.name!r}: {column.clipped} values outside of training are more "
                f"than {table_columns.FARTHEST:g} standard deviations from the training rows' "
                "mean, and count as just so far"
            )


def _breast_cancer():
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    return bunch.data.assign(malignant=(bunch.target == 0).astype(int))


def _file(path):
    import pandas as pd

    if not path.is_file():
        raise InputError("--data", f"{path} is no file")
    readers = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise InputError("--data", f"expected a .csv or .parquet file, got {path.name}")
    with blame("--data", ValueError, OSError):  # pandas' own errors are ValueErrors
        frame = readers[suffix](path)
    frame.columns = [str(c) for c in frame.columns]
    for separator, words in ((";", "semicolons"), ("\t", "tabs")):
        if len(frame.columns) == 1 and separator in frame.columns[0]:
            raise InputError(
                "--data",
                f"{path.name} has one column, {frame.columns[0]!r}: values must be separated by "
                f"commas, not {words}",
            )
    return frame


def _from_tfds(options):
    """All rows of a TFDS data set whose features are numbers, classes, words or short vectors."""
    import pandas as pd
    import tensorflow_datasets as tfds

    builder = tfds_builder(options.dataset, options.data_dir)
    columns = {}
    for row in tfds.as_numpy(builder.as_dataset(split="+".join(builder.info.splits))):
        for name, value in _flat(row):
            columns.setdefault(name, []).append(value)
    frame = pd.DataFrame(columns)
    for name, feature in _flat(builder.info.features):
        if isinstance(feature, tfds.features.ClassLabel) and name in frame:
            frame[name] = [feature.int2str(int(c)) if c >= 0 else None for c in frame[name]]
    return frame


def _flat(features):
    """("alcohol", value) pairs of a possibly nested example; a vector becomes name_0, name_1."""
    if not hasattr(features, "items"):
        raise InputError("--dataset", "its examples are no rows with named columns")
    for name, value in features.items():
        if hasattr(value, "items"):
            yield from _flat(value)
        elif isinstance(value, np.ndarray) and value.ndim == 1 and value.size <= 64:
            yield from ((f"{name}_{i}", number) for i, number in enumerate(value))
        elif isinstance(value, np.ndarray) and value.ndim:
            raise InputError("--dataset", f"feature {name!r} of shape {value.shape} is no column")
        else:
            yield name, value.decode() if isinstance(value, bytes) else value


def _label(frame, options):
    """The frame without its label, and which rows are anomalies (None: nobody knows)."""
    name = options.label
    if name is None:
        if options.anomaly:
            raise InputError("--anomaly", "needs --label, the column that it is a value of")
        return frame, None
    if name not in frame:
        raise InputError("--label", f"there is no column {name!r}, only {_some(frame.columns)}")
    label = frame[name]
    if label.isna().any():
        raise InputError("--label", f"column {name!r} has {label.isna().sum()} missing values")
    wanted = options.anomaly or ["1"]
    if label.dtype.kind in "biuf":
        values = label.astype(float).astype(str)
        wanted = [str(float(v)) if _number(v) else v for v in map(_truth, wanted)]
    else:
        values = label.astype(str)
    anomaly = values.isin(wanted).to_numpy(bool)
    if not 0 < anomaly.sum() < len(anomaly):
        argument = "--anomaly" if options.anomaly else "--label"
        raise InputError(
            argument,
            f"{anomaly.sum()} of {len(anomaly)} rows of column {name!r} are anomalies; "
            f"its values are {_some(sorted(set(label.astype(str))))}",
        )
    return frame.drop(columns=name), anomaly


def _dropped(frame, drop):
    missing = [c for c in drop if c not in frame]
    if missing:
        raise InputError(
            "--drop", f"there is no column {missing[0]!r}, only {_some(frame.columns)}"
        )
    return frame.drop(columns=drop)


def _check(frame, options):
    """Raise where the frame cannot be learned from."""
    if len(frame) < 10 or not len(frame.columns):
        raise InputError(
            "--data", f"{len(frame)} rows of {len(frame.columns)} columns are too few to train on"
        )
    table_columns.check(frame)
    unknown = [c for c in options.categorical if c not in frame]
    if unknown:
        raise InputError(
            "--categorical", f"there is no column {unknown[0]!r}, only {_some(frame.columns)}"
        )


def _split(anomaly, rows, options):
    """Row numbers: train on normal rows only; hold out the other normal rows and all anomalies."""
    order = np.random.default_rng(options.seed).permutation(rows)
    normal = order if anomaly is None else order[~anomaly[order]]
    held_out = max(1, int(len(normal) * options.held_out))
    if len(normal) - held_out < 2:
        raise InputError("--held-out", f"leaves too few of {len(normal)} normal rows to train on")
    if options.limit is not None and options.limit < 2:
        raise InputError(
            "--limit", f"must be at least 2, got {options.limit}: one says when to stop"
        )
    train = normal[held_out:][: options.limit]
    test = normal[:held_out]
    if anomaly is None:
        return train, _some_of(test, test, options)
    return train, _some_of(test, np.concatenate([test, order[anomaly[order]]]), options)


def _some_of(normal, rows, options):
    """--evaluate of the rows, in a random order; one normal row at least."""
    rows = np.random.default_rng(options.seed).permutation(rows)[: options.evaluate or None]
    if not np.isin(rows, normal).any():
        rows[0] = normal[0]
    return rows


def _truth(text):
    """ "True" and "false" as the numbers that truth values are."""
    return {"true": "1", "false": "0"}.get(text.lower(), text)


def _number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _some(names, most=12):
    names = [str(n) for n in names]
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
