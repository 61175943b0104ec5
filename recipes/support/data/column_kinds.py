"""Kind of each column of a table: number, category, date or drop, with the reason.

`decide` looks at a column's values and name, by the rules of `zoo.tables` and those for what files
write as text: dates, numbers, codes. --kind overrides it. `table` is printed before training,
because a column that is read wrongly gives a model that is wrong without an error.
"""

import dataclasses
import decimal as decimals
from typing import Any

import numpy as np
from support.data import table_files, written_dates, written_numbers, written_texts
from support.run.cli import InputError

import zoo

KINDS = ("number", "category", "date", "drop")
MAX_CATEGORIES = 200
MAX_LINES = 100  # columns in a printed table
MAX_EXACT = 2.0**53  # float64 holds all integers up to it


@dataclasses.dataclass
class Kind:
    """Kind of a column: how it is read.

    Attributes:
        column: its name.
        kind: one of `KINDS`.
        why: the reason, for the user.
        values: the column as numbers (float64, NaN where missing) or texts (object, None where
            missing); None if it is left out.
    """

    column: str
    kind: str
    why: str
    values: Any = None

    @property
    def is_numeric(self):
        """True for a column of numbers or dates that is not left out."""
        return self.values is not None and self.values.dtype != object


def add_option(data):
    """Add --kind to a group of a command line."""
    data.add_argument(
        "--kind",
        nargs="+",
        default=[],
        metavar="COLUMN=KIND",
        help=f"how to read a column, instead of what its values suggest: {', '.join(KINDS)}",
    )


def chosen(options, frame):
    """column -> kind of --kind, --categorical and --drop."""
    result = {}
    for text in options.kind:
        name, equals, kind = text.rpartition("=")
        if not equals or kind not in KINDS:
            raise InputError(
                "--kind", f"expected COLUMN=KIND with a kind of {', '.join(KINDS)}, got {text!r}"
            )
        table_files.check_column(frame, name, "--kind")
        if result.setdefault(name, kind) != kind:
            raise InputError(
                "--kind", f"expected one kind of {name!r}, got {result[name]} and {kind}"
            )
    for flag, kind in (("categorical", "category"), ("drop", "drop")):
        for name in getattr(options, flag):
            table_files.check_column(frame, name, f"--{flag}")
            if result.setdefault(name, kind) != kind:
                raise InputError(
                    "--kind", f"expected {kind} as --{flag} says, got {name}={result[name]}"
                )
    return result


def decide(frame, kinds=None):
    """A `Kind` for each column of a data frame; `kinds` maps columns to kinds that are set."""
    kinds, decimal = kinds or {}, frame.attrs.get("decimal", ".")
    return [
        _given(frame[name], kinds[name], decimal)
        if name in kinds
        else _detected(frame[name], decimal)
        for name in frame.columns
    ]


def table(kinds):
    """Lines of a text table: column, kind, why; of very many columns the first ones."""
    rows = [("column", "kind", "why")]
    rows += [(table_files.short(k.column), k.kind, k.why) for k in kinds[:MAX_LINES]]
    widths = [min(40, max(len(row[i]) for row in rows)) for i in (0, 1)]
    lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in rows]
    if len(kinds) > MAX_LINES:
        names = [kind.kind for kind in kinds[MAX_LINES:]]
        counts = ", ".join(f"{names.count(name):,} {name}" for name in sorted({*names}))
        lines.append(f"... and {len(names):,} more columns: {counts}")
    return lines


def left_out(kinds):
    """Names of the columns that are left out and the reasons, for an error."""
    reasons = [(table_files.short(k.column), k.why) for k in kinds if k.kind == "drop"]
    return "".join(f"; {name!r} is left out ({why})" for name, why in reasons)


def _given(column, kind, decimal):
    name = column.name
    if kind == "drop":
        return Kind(name, "drop", "as asked")
    if kind == "category":
        return Kind(name, "category", "as asked", texts(column))
    values, why = None, ""
    if kind == "date":
        values, why = written_dates.days(column)
    elif numbers(column) is not None:
        values = numbers(column)
    else:
        texts_of_numbers = column.astype("string")
        values, notes = written_numbers.parse(texts_of_numbers, decimal, asked=True) or (None, ())
        why = "".join(f"; {note}" for note in notes)
    if values is None:
        row = written_dates.first_other(column) if kind == "date" else None
        example = next(iter(column.dropna().astype(str)), "") if row is None else column[row]
        raise InputError(
            "--kind", f"expected {kind}s in column {name!r}, got {example!r}; choose another kind"
        )
    return Kind(name, "number", f"as asked{why if kind == 'number' else ': ' + why}", values)


def _detected(column, decimal):
    name = column.name
    if zoo.tables.holds_lists(column):
        return Kind(name, "drop", zoo.tables.LISTS)
    if column.isna().all():
        return Kind(name, "drop", "empty")
    if column.dtype.kind == "M":
        return Kind(name, "number", *reversed(written_dates.days(column)))
    values, notes = numbers(column), []
    if values is None and column.dtype.kind != "b" and not _is_code(column):
        values, notes = written_numbers.parse(column, decimal) or (None, [])
    if values is None:
        return _of_texts(column, "a categorical type" if column.dtype == "category" else "texts")
    return _of_numbers(column, values, notes)


def _of_numbers(column, values, notes):
    """Kind of a column whose values are numbers."""
    name, observed = column.name, values[~np.isnan(values)]
    distinct = np.unique(observed)
    notes_of_values = written_numbers.value_notes(values)
    why = "; ".join(["numbers", *notes, *_missing(values), *notes_of_values])
    whole = np.isfinite(observed).all() and (observed == np.round(observed)).all()
    if whole and np.abs(distinct).max(initial=0) > MAX_EXACT and len(distinct) < column.nunique():
        why = "integers above 2**53, of which rounding makes some equal: an identifier"
        return Kind(name, "drop", why)
    decided, detail = zoo.tables.number_kind(name, values, ordered=not notes)
    if decided == "code":
        return _of_texts(column, detail)
    if decided == "category":
        return Kind(name, "category", "; ".join([detail, *_missing(values)]), _codes(values))
    return Kind(name, "number", why, values) if decided == "number" else Kind(name, "drop", detail)


def _of_texts(column, what="texts"):
    """Kind of a column whose values are texts, truth values or codes."""
    name, values = column.name, texts(column)
    count = len({value for value in values if value is not None})
    present = sum(value is not None for value in values)
    missing = [*_missing(np.array([np.nan if v is None else 0.0 for v in values]))]
    if count <= 1:
        return Kind(name, "drop", "constant" if count else "empty")
    if what == "texts" and column.dtype.kind not in "b":
        days, why = written_dates.days(column)
        if days is not None:
            return Kind(name, "number", "; ".join([why, *_missing(days)]), days)
        missing += [*written_dates.other_note(column), *written_numbers.mixed_note(column)]
    what = "truth values" if column.dtype.kind == "b" else what
    decided, why = zoo.tables.text_kind(count, present, what, MAX_CATEGORIES)
    if decided == "text":
        return Kind(name, "drop", "; ".join([why, *missing]))
    missing += written_texts.spelling_note(values)
    return Kind(name, "category", "; ".join([why, *missing]), values)


def texts(column):
    """A column as texts `[N]`, None where missing; whole numbers without ".0", "?" is missing."""
    if column.dtype.kind == "f":
        return _codes(column.to_numpy("float64", na_value=np.nan))
    values = column.astype("string").str.strip()
    values = values.mask(values.isin(("?", "")))
    return values.astype(object).where(values.notna(), None).to_numpy(object)


def _codes(values):
    """Numbers as texts `[N]`, None where missing."""
    return np.array([None if np.isnan(v) else f"{v:.12g}" for v in values], object)


def numbers(column):
    """Values of a numeric column as float64, or None if it is not numeric."""
    if column.dtype.kind in "iuf":
        return column.to_numpy("float64", na_value=np.nan)
    if column.dtype.kind == "m":
        return column.dt.total_seconds().to_numpy("float64") / 86400  # days
    if column.dtype == object:
        kinds = {type(value) for value in column.dropna()}
        if kinds and kinds <= {int, float, decimals.Decimal, np.float64, np.int64}:
            try:
                return column.astype("float64").to_numpy()
            except OverflowError:
                return np.array([np.inf if abs(v) > 1e300 else float(v) for v in column])
    return None


def _is_code(column):
    """True for codes such as 01067, in which a number would lose the zero, and categories."""
    codes = column.dropna().astype("string").str.fullmatch(r"0\d+")
    return column.dtype == "category" or bool(codes.any())


def _missing(values):
    count = int(np.isnan(values).sum())
    if count:
        yield f"{count:,} missing"
