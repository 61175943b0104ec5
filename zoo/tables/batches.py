"""Parquet files that are larger than memory: frames of some rows at a time, and a sample."""

import importlib
import math
import os
import pathlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from zoo.core import validation
from zoo.tables.frames import as_frame, is_missing, pandas
from zoo.tables.kinds import is_sequence

MAX_ROWS = 1_000_000  # of a Parquet file that estimators read as a whole
BATCH_ROWS = 65_536
SAMPLE = 100_000  # rows from which columns are read
MAX_LEVELS = 2000  # of a column, up to which each has a row in the sample


class ParquetBatches:
    """Frames of a Parquet file, some rows at a time; each `iter` begins anew.

    Estimators read columns, train and score from it with bounded memory; what an estimator returns
    for each row has to fit in memory, or is computed for one frame at a time:

        for frame in zoo.tables.ParquetBatches("large.parquet"):
            filled = imputer.transform(frame)

    Args:
        path: a Parquet file.
        rows: rows of a frame, at most.
    """

    def __init__(self, path: str | os.PathLike, rows: int = BATCH_ROWS):
        validation.check_path(path=path)
        validation.check_counts(rows=rows)
        if not pathlib.Path(path).is_file():
            raise FileNotFoundError(f"path must be a Parquet file, got {os.fspath(path)!r}")
        self.path, self.rows = path, rows

    def __len__(self):
        """Number of frames."""
        return len([*self._slices()])

    def __iter__(self) -> Iterator[Any]:
        return self.frames()

    @property
    def row_count(self) -> int:
        """Number of rows of the file."""
        return self._file().metadata.num_rows

    def frames(self, rng: np.random.Generator | None = None) -> Iterator[Any]:
        """Frames in the file's order; with `rng`, row groups in random order."""
        file = self._file()
        groups = np.arange(file.num_row_groups)
        for group in groups if rng is None else rng.permutation(groups):
            batches = file.iter_batches(self.rows, row_groups=[int(group)], use_threads=False)
            for batch in batches:
                if batch.num_rows:
                    yield as_frame(batch.to_pandas())

    def sample(self, size: int = SAMPLE, seed: int = 0) -> tuple[Any, list[str]]:
        """(Random rows in the file's order, names of columns of consecutive integers).

        The rows include the extremes of each column of numbers or times, the first row of each
        level (of `MAX_LEVELS`), and a missing value of each column that has one.
        """
        rng, notable = np.random.default_rng(seed), Notable()
        parts, keys, sequences = [], [], None
        limit = 1.0
        for frame in self:
            key = rng.random(len(frame))
            key[notable.rows(frame)] = -1.0
            chosen = key < limit
            parts.append(frame[chosen])
            keys.append(key[chosen])
            consecutive = {name for name in frame if _is_sequence(frame[name])}
            sequences = consecutive if sequences is None else sequences & consecutive
            if sum(map(len, keys)) > 2 * size:
                limit = _pruned(parts, keys, size)
        _pruned(parts, keys, size)
        rows = pandas().concat(_with_common_categories(parts), ignore_index=True)
        return rows, [name for name in rows if name in sequences]

    def _file(self):
        return importlib.import_module("pyarrow.parquet").ParquetFile(self.path)

    def _slices(self):
        metadata = self._file().metadata
        for group in range(metadata.num_row_groups):
            yield from range(0, metadata.row_group(group).num_rows, self.rows)


def in_batches(x):
    """`ParquetBatches` of x, or None where x is not one, nor a path of a large Parquet file."""
    if isinstance(x, ParquetBatches):
        return x
    if not isinstance(x, str | os.PathLike) or pathlib.Path(x).suffix != ".parquet":
        return None
    batches = ParquetBatches(x) if pathlib.Path(x).is_file() else None
    return batches if batches is not None and batches.row_count > MAX_ROWS else None


def encoded_dataset(batches, columns, batch_size):
    """A `tf.data.Dataset` of encoded rows, shuffled within each frame; row groups are shuffled.

    Args:
        batches: `ParquetBatches`.
        columns: `Columns` of the file.
        batch_size: rows of a batch.
    """

    def blocks():
        rng = np.random.default_rng(random.getrandbits(31))  # `seeded` by `random_state`
        for frame in batches.frames(rng):
            yield rng.permutation(columns.encode(frame, dtype="float32"))

    spec = tf.TensorSpec([None, len(columns.classes)], tf.float32)
    dataset = tf.data.Dataset.from_generator(blocks, output_signature=spec).rebatch(batch_size)
    steps = math.ceil(batches.row_count / batch_size)
    return dataset.apply(tf.data.experimental.assert_cardinality(steps))


class Notable:
    """Rows that a sample of a table must have: extremes, first rows of levels, missing values."""

    def __init__(self):
        self.ends, self.levels, self.missing = {}, {}, set()

    def rows(self, frame):
        """Positions of the rows of the next frame that have something new."""
        return [i for name in frame for i in self._of_column(frame[name])]

    def _of_column(self, column):
        missing = is_missing(column)
        if missing.any() and column.name not in self.missing:
            self.missing.add(column.name)
            yield int(missing.argmax())
        values = column[~missing]
        if not len(values):
            return
        if column.dtype.kind in "iufmM" and not isinstance(column.dtype, pandas().CategoricalDtype):
            yield from self._ends(values, np.flatnonzero(~missing))
        elif column.dtype.kind in "Ob" or hasattr(column.dtype, "na_value"):
            yield from self._levels(values, np.flatnonzero(~missing))

    def _ends(self, values, places):
        low, high = self.ends.get(values.name, (None, None))
        least, most = values.to_numpy().argmin(), values.to_numpy().argmax()
        if low is None or values.iloc[least] < low:
            low = values.iloc[least]
            yield int(places[least])
        if high is None or values.iloc[most] > high:
            high = values.iloc[most]
            yield int(places[most])
        self.ends[values.name] = low, high

    def _levels(self, values, places):
        levels = self.levels.setdefault(values.name, set())
        try:
            first = ~values.duplicated().to_numpy()
        except TypeError:  # lists have no levels
            return
        for place, value in zip(places[first], values[first], strict=True):
            if len(levels) < MAX_LEVELS and value not in levels:
                levels.add(value)
                yield int(place)


def _pruned(parts, keys, size):
    """Keep the rows with the smallest `size` keys, and those with negative ones; the next limit."""
    together = np.concatenate(keys)
    if len(together) <= size:
        return 1.0
    limit = max(float(np.partition(together, size)[size]), 0.0)
    for i, key in enumerate(keys):
        parts[i], keys[i] = parts[i][key < limit], key[key < limit]
    parts[:] = [pandas().concat(_with_common_categories(parts))]
    keys[:] = [np.concatenate(keys)]
    return limit


def _with_common_categories(frames):
    """Frames whose categorical columns have the categories of all, which `concat` needs."""
    pd = pandas()
    for name in frames[0]:
        columns = [frame[name] for frame in frames]
        if all(isinstance(column.dtype, pd.CategoricalDtype) for column in columns):
            if all(column.dtype == columns[0].dtype for column in columns):
                continue
            union = pd.api.types.union_categoricals(columns, ignore_order=True).categories
            kind = pd.CategoricalDtype(union)
            frames = [frame.assign(**{name: frame[name].astype(kind)}) for frame in frames]
    return frames


def _is_sequence(column):
    """True for consecutive integers, as row numbers."""
    return column.dtype.kind in "iu" and is_sequence(column.to_numpy())
