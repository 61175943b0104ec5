"""The public function `report`: checks its arguments, diagnoses the model, writes the page."""

import os
import pathlib
from collections.abc import Iterable, Mapping
from numbers import Integral

import keras
import numpy as np
import tensorflow as tf

from zoo.core import arrays, files, inputs, nested, streams, validation
from zoo.core.argument_values import as_list
from zoo.evaluation.diagnosis import diagnose
from zoo.inference.batching import first
from zoo.model import VAE
from zoo.plots.canvas import class_labels
from zoo.reporting.context import ReportContext
from zoo.reporting.page import FIRST_LINES, page
from zoo.reporting.sections import sections

CURVES = ("elbo", "nll", "kl", "val_elbo", "val_nll", "val_kl")


def report(
    vae: VAE,
    data: np.ndarray | tf.Tensor | tf.data.Dataset | Mapping | list,
    path: str | os.PathLike,
    *,
    labels: np.ndarray | list | None = None,
    columns: Iterable[str] | Mapping[str, list[str] | None] | None = None,
    history: keras.callbacks.History | Mapping[str, list[float]] | None = None,
    title: str | None = None,
    importance_samples: int = 50,
    max_examples: int = 512,
    seed: int = 0,
    verbose: int = 0,
) -> pathlib.Path:
    """Write an HTML page about a trained model, and return its path.

    The page holds a verdict with advice, the model card, training curves, the diagnosis,
    reconstructions, samples, traversals, a latent map that shows the example under the pointer,
    the hardest examples, and all numbers in nats. It is a single file that loads nothing from a
    network.

    Args:
        vae: a trained `VAE`.
        data: held-out data that the model accepts, in memory or as a dataset of any length. The
            diagnosis uses all of it; pictures and the map use the first `max_examples`.
        path: file to write. It may be an earlier report, which is replaced, but no other existing
            file. If writing fails, an earlier report stays as it is.
        labels: class or number of each example, shown as its colour on the map; for a dataset, of
            each of the first `max_examples`.
        columns: names of a table's columns or a series' channels; or a dict of each name -> the
            names of that column's classes, None for a numeric column.
        history: the result of `fit`, or its `history`, for the training curves.
        title: title of the page.
        importance_samples: draws for each example, for the bound on log p(x).
        max_examples: number of examples to draw, and to compute that bound on.
        seed: random seed of all draws.
        verbose: 1 shows progress.

    Raises:
        ValueError: an argument does not fit the model or the data; or path is a folder, lies in a
            folder that does not exist, or is an existing file that is not a report.
        TypeError: an argument is of the wrong type.
        ImportError: matplotlib or scikit-learn is not installed.
    """
    inputs.require_vae(vae, "vae")
    path = _writable(path)
    inputs.require_rows(data, "data")
    validation.check_counts(importance_samples=importance_samples, max_examples=max_examples)
    validation.check_flags(verbose=verbose)
    if title is not None and not isinstance(title, str):
        raise TypeError(f"title must be a text or None, got {type(title).__name__}")
    seed, history = validation.as_seed(seed), _history(history)
    x = first(data, max_examples)
    labels, columns = _labels(labels, data, nested.row_count(x)), _columns(columns)
    inputs.prepare(vae, x, "data")
    _check_columns(columns, vae)
    diagnosis = diagnose(
        vae,
        data,
        importance_samples=importance_samples,
        bounded=max_examples,
        seed=seed,
        verbose=verbose,
    )
    context = ReportContext(vae, x, labels, columns, history, diagnosis, seed)
    text = page(title or f"{vae.name}: model report", sections(context, verbose))
    files.write(path, text.encode("utf-8"))
    return path


def _writable(path):
    """Return the path if a report may be written there; raise `ValueError` otherwise."""
    validation.check_path(path=path)
    path = pathlib.Path(path).expanduser()
    if path.is_dir():
        raise ValueError(f"path must be a file, got the folder {path}: add a file name")
    if not path.parent.is_dir():
        raise ValueError(f"path must be in an existing folder, got {path}: create the folder first")
    if path.exists():
        with path.open("rb") as file:
            if file.read(len(FIRST_LINES)) != FIRST_LINES.encode():
                raise ValueError(
                    f"path must be a new file or an earlier report, got the other file {path}: "
                    "choose another path"
                )
    return path


def _history(history):
    """Return a dict of name -> a number for each epoch, or None."""
    if history is None:
        return None
    logs = history.history if isinstance(history, keras.callbacks.History) else history
    if not isinstance(logs, Mapping):
        raise TypeError(f"history must be the result of fit or a dict, got {type(logs).__name__}")
    if not any(as_list(logs.get(name, ())) for name in CURVES):
        raise ValueError(
            f"history must hold one of {', '.join(CURVES)}, got {', '.join(map(repr, logs))}"
        )
    return dict(logs)


def _labels(labels, data, size):
    """Return the labels of the first `size` examples as an array, or None."""
    if labels is None:
        return None
    labels, is_dataset = arrays.as_array(labels, "labels"), streams.is_stream(data)
    expected = size if is_dataset else nested.row_count(data)
    if labels.ndim != 1 or (len(labels) < size if is_dataset else len(labels) != expected):
        at_least = "at least " if is_dataset else ""
        raise ValueError(
            f"labels must be a vector of {at_least}{expected} entries, got shape {labels.shape}"
        )
    return class_labels(labels[:size])


def _columns(columns):
    """Return a dict of column name -> names of its classes, or None."""
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        names = None if isinstance(columns, str | bytes) else as_list(columns)
        if names is None:
            raise TypeError(f"columns must be a list of names or a dict of them, got {columns!r}")
        columns = [str(name) for name in names]
    class_names = columns if isinstance(columns, Mapping) else dict.fromkeys(columns)
    return {str(name): classes for name, classes in class_names.items()}


def _check_columns(columns, vae):
    """Raise `ValueError` unless there is a name for each column of x, or no names at all."""
    if not columns:
        return
    shape = vae.decoder.free_event_shape
    count = shape[-1] if isinstance(shape, tuple) and shape else None
    if not isinstance(count, Integral):
        raise ValueError(
            "columns must be None for data without a fixed number of columns, "
            f"got {len(columns)} names"
        )
    if len(columns) != count:
        raise ValueError(
            f"columns must name each of the {count} columns of x, got {len(columns)} names"
        )
