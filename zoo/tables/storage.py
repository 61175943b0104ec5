"""Values of a column as float64 numbers and back, in the dtype that came in.

Integers, times and durations are kept as 64-bit integers less an origin, which is subtracted before
anything becomes float64: a Unix time in nanoseconds keeps its digits.
"""

import dataclasses
import datetime
import decimal
import importlib
from typing import Any

import numpy as np

from zoo.tables.frames import is_missing, pandas

DECIMALS = 9  # of a float64 column, up to which a fixed number of decimals is detected


@dataclasses.dataclass(frozen=True)
class Storage:
    """dtype of a column, and the type of its values.

    Attributes:
        dtype: pandas' dtype.
        family: "float", "integer", "time" (all kinds of times and durations), "date" and "decimal"
            (objects of Python), or "label" for all others.
        missing: value of missing entries in a column of objects: None, NaN or pd.NA.
        inner: dtype of the values of a column of objects or of a sparse one, if they have one; of
            days of a time zone, the dtype without the zone.
    """

    dtype: Any
    family: str
    missing: Any = None
    inner: Any = None

    @property
    def is_local(self):
        """True for days of a time zone, which begin at midnight there and not in UTC."""
        return self.inner is not None and hasattr(self.dtype, "tz")

    def numbers(self, column):
        """(observed values as float64 or int64, bool `[N]` where they are) of a series."""
        observed = ~is_missing(column)
        values = column[observed]
        if self.family == "date":
            return np.array([v.toordinal() for v in values], "int64"), observed
        if self.family == "decimal":
            return np.array([float(v) for v in values], "float64"), observed
        if self.is_local:
            values = values.dt.tz_localize(None)
        elif self.inner is not None:
            values = values.astype(self.inner)
        return _to_numbers(values, self.family), observed

    def series(self, values, observed, name):
        """A series with this dtype from what `numbers` returns."""
        pd = pandas()
        if not is_object(self.dtype):
            array = _to_array(values, observed, self.inner or self.dtype, self.family)
            if self.is_local:
                zone = dict(nonexistent="shift_forward", ambiguous=np.ones(len(array), bool))
                array = array.tz_localize(self.dtype.tz, **zone)
            return pd.Series(array, name=name).astype(self.dtype)
        if self.family == "date":
            boxed = [datetime.date.fromordinal(int(v)) for v in values]
        elif self.family == "decimal":
            boxed = [decimal.Decimal(repr(float(v))) for v in values]
        else:
            everywhere = np.ones(len(values), bool)
            boxed = [*pd.Series(_to_array(values, everywhere, self.inner, self.family))]
        result = np.full(len(observed), self.missing, object)
        result[observed] = _objects(boxed)
        return pd.Series(result, dtype=object, name=name)

    def read(self, column):
        """Result of `numbers` for a series that may have another dtype of the same family.

        Raises:
            TypeError, ValueError: the values cannot be converted.
        """
        missing = is_missing(column)
        if missing.all():
            return np.zeros(0), ~missing
        if self.family != "time" or is_object(self.dtype):
            return storage_of(column).numbers(column)
        return self.numbers(column if column.dtype == self.dtype else column.astype(self.dtype))


def is_object(dtype):
    """True for NumPy's dtype of objects, False for the extension dtypes of pandas."""
    return isinstance(dtype, np.dtype) and dtype.kind == "O"


def storage_of(column):
    """The `Storage` of a series."""
    dtype = column.dtype
    if isinstance(dtype, pandas().SparseDtype):
        return Storage(dtype, _family(dtype.subtype), inner=dtype.subtype)
    if isinstance(dtype, pandas().DatetimeTZDtype):
        local = column.dt.tz_localize(None)
        days = (local.dropna() == local.dropna().dt.normalize()).all()
        return Storage(dtype, "time", inner=local.dtype if days else None)
    if not is_object(dtype):
        return Storage(dtype, _family(dtype))
    missing = is_missing(column)
    mark = column[missing].iloc[0] if missing.any() else None
    values = column[~missing]
    types = {type(v) for v in values}
    if types == {datetime.date}:
        return Storage(dtype, "date", mark)
    if types == {decimal.Decimal}:
        return Storage(dtype, "decimal", mark)
    inner = values.infer_objects().dtype
    family = "label" if is_object(inner) else _family(inner)
    return Storage(dtype, family, mark, None if family == "label" else inner)


def _family(dtype):
    """Family of a dtype other than object; see `Storage`."""
    pd = pandas()
    if isinstance(dtype, pd.ArrowDtype):
        types = importlib.import_module("pyarrow").types
        arrow = dtype.pyarrow_dtype
        tests = {
            "integer": types.is_integer,
            "float": lambda t: types.is_floating(t) or types.is_decimal(t),
            "time": types.is_temporal,
        }
        return next((family for family, test in tests.items() if test(arrow)), "label")
    if isinstance(dtype, pd.PeriodDtype) or dtype.kind in "mM":
        return "time"
    if isinstance(dtype, (pd.CategoricalDtype, pd.IntervalDtype)):
        return "label"
    return {"i": "integer", "u": "integer", "f": "float"}.get(dtype.kind, "label")


def _to_numbers(values, family):
    """Observed values of a series as int64 or float64; uint64 stays as it is."""
    pd = pandas()
    dtype = values.dtype
    if isinstance(dtype, pd.ArrowDtype):
        array = importlib.import_module("pyarrow").array(values.array)
        if family == "time":
            types = importlib.import_module("pyarrow").types
            if types.is_date32(array.type) or types.is_time32(array.type):
                array = array.cast("int32")
            return array.cast("int64").to_numpy(zero_copy_only=False)
        kind = "float64" if family == "float" else None
        return np.asarray(array.to_numpy(zero_copy_only=False)).astype(kind or "int64")
    if isinstance(dtype, pd.PeriodDtype):
        return values.array.asi8
    if family == "time":
        return np.asarray(values.array.asi8)
    if family == "float":
        return values.to_numpy("float64")
    array = values.to_numpy(getattr(dtype, "numpy_dtype", dtype))
    return array if array.dtype == "uint64" else array.astype("int64")


def _to_array(values, observed, dtype, family):
    """An array of pandas with values where `observed`, of a dtype other than object."""
    pd = pandas()
    fill = np.zeros(len(observed), values.dtype)
    fill[observed] = values
    if isinstance(dtype, pd.ArrowDtype):
        return _arrow_array(fill, ~observed, dtype)
    if isinstance(dtype, pd.PeriodDtype):
        array = pd.PeriodIndex.from_ordinals(fill, freq=dtype.freq).array.copy()
    elif family == "time":
        array = pd.array(fill.view(dtype.base))  # of a time zone's dtype, that in UTC
        if zone := getattr(dtype, "tz", None):
            array = array.tz_localize("UTC").tz_convert(zone)
    elif hasattr(dtype, "numpy_dtype"):  # nullable
        kind = pd.arrays.FloatingArray if family == "float" else pd.arrays.IntegerArray
        return kind(fill.astype(dtype.numpy_dtype), ~observed)
    else:
        array = fill.astype(dtype)
        if family == "float":
            array[~observed] = np.nan
        return array
    array[~observed] = pd.NaT
    return array


def _arrow_array(fill, missing, dtype):
    pa = importlib.import_module("pyarrow")
    arrow, pd = dtype.pyarrow_dtype, pandas()
    if pa.types.is_decimal(arrow):
        step = decimal.Decimal(1).scaleb(-arrow.scale)
        boxed = [decimal.Decimal(repr(float(v))).quantize(step) for v in fill]
        return pd.arrays.ArrowExtensionArray(pa.array(_objects(boxed), arrow, mask=missing))
    array = pa.array(fill, mask=missing)
    if pa.types.is_date32(arrow) or pa.types.is_time32(arrow):
        array = array.cast("int32")
    return pd.arrays.ArrowExtensionArray(array.cast(arrow))


def _objects(values):
    """A list as an array of objects, also where the values are sequences."""
    result = np.empty(len(values), object)
    result[:] = values
    return result
