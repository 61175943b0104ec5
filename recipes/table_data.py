"""Tables for `tables.py`: breast cancer, a TFDS name, a CSV or a Parquet file -> coded columns.

Numbers stay what they are; categories become codes 0 .. n - 1; what is missing, or a category that
training did not see, becomes NaN.
"""

import dataclasses
from typing import Any

import numpy as np
from common import InputError, blame, tfds_builder

MOST_LEVELS = 200


@dataclasses.dataclass
class Table:
    """`[N, columns]` float32; `anomaly` says which held-out rows are, or is None.

    `levels` has the names of the classes of each categorical column, None for a numeric one.
    """

    name: str
    columns: list
    levels: list
    train: Any
    held_out: Any
    anomaly: Any
    words: tuple = ("normal", "anomaly")

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
    frame = _text_categories(frame, options.categorical)
    train, held_out = _split(anomaly, len(frame), options)
    columns, levels = list(frame.columns), _levels(frame, train)
    coded = np.stack(
        [_coded(frame[c], known) for c, known in zip(columns, levels, strict=True)], 1
    ).astype("float32")
    words = ("benign", "malignant") if name == "breast cancer" else ("normal", "anomaly")
    found = None if anomaly is None else anomaly[held_out]
    return Table(name, columns, levels, coded[train], coded[held_out], found, words)


def _breast_cancer():
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    return bunch.data.assign(malignant=(bunch.target == 0).astype(int))


def _file(path):
    import pandas as pd

    if not path.is_file():
        raise InputError("--data", f"{path} is no file")
    readers = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    if path.suffix not in readers:
        raise InputError("--data", f"expected a .csv or .parquet file, got {path.name}")
    with blame("--data", ValueError, OSError):  # pandas' own errors are ValueErrors
        frame = readers[path.suffix](path)
    frame.columns = [str(c) for c in frame.columns]
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
    values = label.astype(float).astype(str) if label.dtype.kind in "biuf" else label.astype(str)
    wanted = options.anomaly or ["1"]
    wanted = [str(float(v)) if label.dtype.kind in "biuf" and _number(v) else v for v in wanted]
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
    """Raise where a column cannot be learned from; names them all at once."""
    if len(frame) < 10 or not len(frame.columns):
        raise InputError(
            "--data", f"{len(frame)} rows of {len(frame.columns)} columns are too few to train on"
        )
    for what, found in (
        ("empty", [c for c in frame if frame[c].isna().all()]),
        ("constant", [c for c in frame if frame[c].nunique() == 1]),
        ("dates", [c for c in frame if frame[c].dtype.kind in "mM"]),
    ):
        if found:
            verb = "hold" if what == "dates" else "are"
            raise InputError(
                "--data", f"columns that {verb} {what}: leave them out by --drop {' '.join(found)}"
            )
    for name in frame.columns:
        if frame[name].dtype.kind == "f" and np.isinf(frame[name]).any():
            raise InputError("--data", f"column {name!r} holds infinite values")
    unknown = [c for c in options.categorical if c not in frame]
    if unknown:
        raise InputError(
            "--categorical", f"there is no column {unknown[0]!r}, only {_some(frame.columns)}"
        )


def _text_categories(frame, categorical):
    """Columns of words, of truth values and those in `categorical` as strings."""
    frame = frame.copy()
    for name in frame.columns:
        if frame[name].dtype.kind not in "iuf" or name in categorical:
            frame[name] = frame[name].astype("string").astype(object)
            levels = frame[name].nunique()
            if levels > MOST_LEVELS:
                raise InputError(
                    "--data",
                    f"column {name!r} has {levels} different words: an identifier or free text? "
                    f"Leave it out by --drop {name}",
                )
    return frame


def _split(anomaly, rows, options):
    """Row numbers: train on normal rows only; hold out the other normal rows and all anomalies."""
    order = np.random.default_rng(options.seed).permutation(rows)
    normal = order if anomaly is None else order[~anomaly[order]]
    held_out = max(1, int(len(normal) * options.held_out))
    if len(normal) - held_out < 2:
        raise InputError("--held-out", f"leaves too few of {len(normal)} normal rows to train on")
    train = normal[held_out:][: options.limit]
    test = normal[:held_out]
    if anomaly is not None:
        test = np.concatenate([test, order[anomaly[order]]])
    test = np.random.default_rng(options.seed).permutation(test)
    return train, test[: options.evaluate or None]


def _levels(frame, train):
    """For each column the words that training sees, sorted; None where it is numeric."""
    found = []
    for name in frame.columns:
        seen = frame[name].iloc[train]
        if seen.isna().all():
            raise InputError("--data", f"column {name!r} is empty in all training rows: --drop it")
        text = frame[name].dtype == object
        found.append(sorted(str(v) for v in seen.dropna().unique()) if text else None)
    return found


def _coded(column, levels):
    if levels is None:
        return column.to_numpy(dtype="float64", na_value=np.nan)
    codes = {level: float(i) for i, level in enumerate(levels)}
    return np.array([codes.get(v, np.nan) if isinstance(v, str) else np.nan for v in column])


def _number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _some(names, most=12):
    names = [str(n) for n in names]
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
