"""Cards of pretrained weights, and the tags that the package has. Imports nothing heavy."""

import dataclasses
import fnmatch
import hashlib
import json
import os
import pathlib
import re
from collections.abc import Mapping
from typing import Any

from zoo.pretrained.numbers import number_text

FORMAT, VERSION = "zoo preset", 1
CARD, CONFIG, WEIGHTS, README = "card.json", "config.json", "model.weights.h5", "README.md"
FILES = pathlib.Path(__file__).parent / "files"
NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)  # of a variant and of a tag, as folders

# Fields of a card -> how `print` names them, in order. The first three are in the heading.
LABELS = {
    "summary": "",
    "inputs": "x",
    "data": "data",
    "data_licence": "licence of the data",
    "weights_licence": "licence of the weights",
    "training": "training",
    "command": "command",
    "seed": "seed",
    "minutes": "core-minutes",
    "machine": "machine",
    "made": "date",
}
TEXTS = ("summary", "inputs", "data", "data_licence", "weights_licence", "training", "command")
DESCRIPTIVE = (*LABELS, "tag", "numbers", "first_output")  # fields that a caller may write


@dataclasses.dataclass(frozen=True, kw_only=True)
class WeightsCard:
    """Description of trained weights; print it to read it.

    Attributes:
        variant: name of the variant, as in `zoo.get(variant)`.
        tag: name of the weights, as in `zoo.get(variant, weights=tag)`; None in a folder of yours.
        summary: one line.
        inputs: form of x and of its values.
        data: what the model was trained and measured on.
        data_licence: licence of these data.
        weights_licence: licence of the weights.
        training: optimizer, schedule and epochs.
        command: the command that makes the weights again.
        seed: seed of the training.
        minutes: processor time of the training, in minutes of one core.
        machine: the machine that it ran on.
        made: date.
        numbers: name -> {"value", "error", "unit", "how"}, measured with the stored weights.
        first_output: values at the start of `vae.generate(1, seed=0)`.
        options: options that were given to the variant, as JSON; None if they are not known.
        defaults: its other options and their defaults then; later versions may have others.
        input_shape: shape of one example.
        parameters: number of weights.
        dtype: type in which large arrays of weights are stored.
        versions: versions of the software that wrote the weights.
        sha256: checksum of the file of weights.
        config_sha256: checksum of the configuration.
        bytes: size of the file of weights.
    """

    variant: str
    tag: str | None = None
    summary: str = ""
    inputs: str = ""
    data: str = ""
    data_licence: str = ""
    weights_licence: str = ""
    training: str = ""
    command: str = ""
    seed: int | None = None
    minutes: float | None = None
    machine: str = ""
    made: str = ""
    numbers: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    first_output: Any = None
    options: Mapping[str, Any] | None = None
    defaults: Mapping[str, Any] | None = None
    input_shape: Any = None
    parameters: int = 0
    dtype: str = "float32"
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    sha256: str = ""
    config_sha256: str = ""
    bytes: int = 0

    def __str__(self):
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join([self.title(), *(f"  {name:<{width}}  {text}" for name, text in rows)])

    def title(self) -> str:
        """Variant, tag and summary in one line."""
        name = f"{self.variant}, weights {self.tag!r}" if self.tag else self.variant
        return f"{name}: {self.summary}" if self.summary else name

    def rows(self) -> list[tuple[str, str]]:
        """(name, text) of all fields that are known."""
        rows = [(n, str(getattr(self, f))) for f, n in LABELS.items() if n and self._knows(f)]
        rows += [(name, number_text(number)) for name, number in self.numbers.items()]
        if self.options:
            rows.append(("options", _options_text(self.options)))
        rows.append(("shape of x", _shape_text(self.input_shape)))
        rows.append(("parameters", f"{self.parameters:,}"))
        rows.append(("file", f"{self.bytes:,} bytes, {self.dtype}, sha256 {self.sha256}"))
        if self.versions:
            rows.append(("versions", ", ".join(f"{n} {v}" for n, v in self.versions.items())))
        return rows

    def markdown(self) -> str:
        """Markdown page with the fields of the card and how to load the weights."""
        source = repr(self.tag) if self.tag else '"THIS_FOLDER"'
        rows = "\n".join(f"| {n} | {t.replace('|', chr(92) + '|')} |" for n, t in self.rows())
        return (
            f"# {self.title()}\n\n"
            "A variational autoencoder of the Python package `zoo-vae`.\n\n"
            "```python\nimport zoo\n\n"
            f'vae = zoo.get("{self.variant}", weights={source})\n'
            "new = vae.generate(16, seed=0)\n```\n\n"
            f"| | |\n|---|---|\n{rows}\n"
        )

    def _knows(self, field):
        return getattr(self, field) not in (None, "")


class WeightsList(tuple):
    """Cards of weights; as text a table of them, one a line."""

    def __str__(self):
        if not self:
            return "no pretrained weights"
        header = ("variant", "weights", "trained on", "measured", "size")
        rows = [header, *map(_row, self)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
        lines = ("  ".join(t.ljust(w) for t, w in zip(r, widths, strict=True)) for r in rows)
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__


def _row(card):
    name, number = next(iter(card.numbers.items()), ("", None))
    measured = f"{name} {number_text({**number, 'how': ''})}" if number else ""
    return card.variant, card.tag or "", card.summary, measured, f"{card.bytes / 1e6:.2f} MB"


def _options_text(options):
    return ", ".join(f"{name}={_value_text(value)}" for name, value in options.items())


def _value_text(value):
    if isinstance(value, Mapping) and "class_name" in value:
        return f"{value['class_name']}(...)"
    return repr(tuple(value) if isinstance(value, list) else value)


def _shape_text(shape):
    if isinstance(shape, Mapping):
        return ", ".join(f"{name} {_shape_text(part)}" for name, part in shape.items())
    return "x".join("any" if size is None else str(size) for size in shape or ())


def tags(variant: str) -> tuple[str, ...]:
    """Tags of the weights that the package has for a variant, sorted."""
    return tuple(sorted(path.parent.name for path in (FILES / variant).glob(f"*/{CARD}")))


def folder_of(variant: str, tag: str) -> pathlib.Path:
    """The package's folder of a tag, which need not exist.

    Raises:
        ValueError: a name is not that of a folder.
    """
    for argument, name in {"variant": variant, "tag": tag}.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ValueError(f"{argument} must be a name of letters and digits, got {name!r:.200}")
    return FILES / variant / tag


def listed(pattern: str) -> WeightsList:
    """Cards of the package's weights whose variant, or "variant/tag", matches a pattern."""
    if not isinstance(pattern, str):
        raise TypeError(f"pattern must be a text such as 'conv*', got {pattern!r}")
    variants = sorted(path.name for path in FILES.iterdir() if path.is_dir())
    return WeightsList(
        read(folder_of(variant, tag))
        for variant in variants
        for tag in tags(variant)
        if any(fnmatch.fnmatchcase(n, pattern) for n in (variant, f"{variant}/{tag}"))
    )


def read(folder: str | os.PathLike) -> WeightsCard | None:
    """The card in a folder; None if it has none.

    Raises:
        ValueError: the file is damaged, or it is not a card.
    """
    path = pathlib.Path(folder) / CARD
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path} is not the card of a model of zoo")
    if content.get("version") != VERSION:
        raise ValueError(
            f"{path} has the format version {content.get('version')!r}, expected {VERSION}: use "
            "the version of zoo that wrote it"
        )
    known = {field.name for field in dataclasses.fields(WeightsCard)}
    try:
        return WeightsCard(**{name: value for name, value in content.items() if name in known})
    except TypeError as error:
        raise ValueError(f"{path} is damaged: {error}") from None


def as_json(card: WeightsCard) -> str:
    """The text of `card.json`."""
    content = {"format": FORMAT, "version": VERSION, **dataclasses.asdict(card)}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def config_digest(config: Any) -> str:
    """SHA-256 of a configuration, independent of the layout of its JSON text."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
