"""Forms in which users pass several modalities: checks of the dict before its arrays are read."""

import itertools

import numpy as np

from zoo.core.argument_values import as_list
from zoo.core.arrays import as_array
from zoo.core.nested import row_count, take_rows
from zoo.core.streams import is_stream
from zoo.core.suggestions import nearest

PRESENT = "present"
MAX_PARTS = 1000  # batches to read of an endless dataset


def check_dict(x, argument):
    """Raise unless x is a dict of modalities with equally many rows."""
    if not isinstance(x, dict):
        raise TypeError(
            f"{argument} must be a dict of modalities, {{name: array}}, got {type(x).__name__}"
        )
    if not {*x} - {PRESENT}:
        raise ValueError(f"{argument} must hold at least one modality, got none")
    sizes = {}
    for name, value in x.items():
        if name == PRESENT:
            continue
        no_rows = isinstance(value, (str, bytes, type)) or not hasattr(value, "__len__")
        if value is None or no_rows or is_stream(value):
            raise TypeError(
                f"{argument}[{name!r}] must be an array with a row for each example, got "
                f"{type(value).__name__}: leave out a modality that no example has"
            )
        sizes[name] = row_count(value)
    if len({*sizes.values()}) > 1:
        raise ValueError(
            f"{argument} must hold equally many examples of each modality, got {sizes}"
        )


def checked_dicts(parts, argument="x"):
    """The dicts of an iterable, each checked as by `check_dict` before it is used."""
    for part in parts:
        check_dict(part, argument)
        yield part


def present_mask(x, names, size, argument):
    """Mask of present modalities, bool `[N, M]`."""
    present = x.get(PRESENT, {})
    if not isinstance(present, dict):  # an array that `to_array` made before
        return _as_mask(present, names, size, argument)
    mask = np.tile([name in x for name in names], (size, 1))
    for name, column in present.items():
        where = f"{argument}[{PRESENT!r}][{name!r}]"
        if name not in names:
            raise ValueError(f"{where} must name a modality of this model{nearest(name, names)}")
        column = _as_column(column, size, where)
        if name not in x and column.any():
            raise ValueError(
                f"{where} must be False where {argument} does not hold {name!r}, got True"
            )
        mask[:, names.index(name)] = column
    return mask


def _as_column(column, size, where):
    """The mask of one modality, bool `[N]`."""
    column = as_array(column, where)
    numbers = column.shape == (size,) and column.dtype.kind in "biuf"
    if not numbers or not np.isin(column, (0, 1)).all():
        raise ValueError(
            f"{where} must be bool of shape ({size},), got {column.dtype} of {column.shape}"
        )
    return column.astype(bool)


def _as_mask(present, names, size, argument):
    """An array of columns in the order of the names; a new model does not have an order yet."""
    mask = as_array(present, f"{argument}[{PRESENT!r}]")
    if not names or mask.shape != (size, len(names)) or mask.dtype != bool:
        raise TypeError(
            f"{argument}[{PRESENT!r}] must be a dict, {{name: bool [{size}]}}, got "
            f"{type(present).__name__} of shape {mask.shape}"
        )
    return mask


def present_rows(x, name, names):
    """The rows of a modality for the examples that have it."""
    present = x.get(PRESENT, {})
    if isinstance(present, dict):
        if name not in present:
            return x[name]
        mask = _as_column(present[name], row_count(x[name]), f"x[{PRESENT!r}][{name!r}]")
    else:
        mask = _as_mask(present, names, row_count(x[name]), "x")[:, names.index(name)]
    if mask.all():
        return x[name]
    return take_rows(x[name], np.flatnonzero(mask))


def examples_of_each(parts, argument="x"):
    """name -> examples of each modality, from the first part that has any.

    Args:
        parts: iterable of dicts, of which later ones may hold modalities that the first lacks.
        argument: name of x, for errors.

    Raises:
        ValueError: no part has an example of a modality that a part names.
    """
    examples, named = {}, {}
    for x in itertools.islice(parts, MAX_PARTS):
        check_dict(x, argument)
        named.update(dict.fromkeys(name for name in x if name != PRESENT))
        for name in named:
            if name in x and name not in examples:
                rows = present_rows(x, name, ())
                if row_count(rows):
                    examples[name] = rows
        if examples.keys() == named.keys() and _same_names(parts):
            break
    for name in named:
        if name not in examples:
            raise ValueError(missing_everywhere(name))
    return {name: examples[name] for name in named}


def _same_names(parts):
    """True if all parts have the names of the first one, as the elements of a dataset have."""
    return getattr(parts, "same_structure", True)


def missing_everywhere(name):
    """Text of the error for a modality that no example has."""
    return f"modality {name!r} is missing from every example of x; training needs at least one"


def subset_names(subsets, names):
    """Subsets of modalities as lists of their names; None stands for each modality alone.

    Raises:
        ValueError: something else than names of modalities.
    """
    entries = list(names) if subsets is None else as_list(subsets)
    if entries is None or isinstance(subsets, str):
        entries = [subsets]
    checked = [[entry] if isinstance(entry, str) else as_list(entry) for entry in entries]
    for subset, entry in zip(checked, entries, strict=True):
        if not subset or not all(isinstance(name, str) and name in names for name in subset):
            raise ValueError(
                f"subsets must be made of {', '.join(map(repr, names))}, got {entry!r:.200}"
            )
    return checked
