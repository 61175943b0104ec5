"""From a model and its data to a file."""

import collections.abc
import numbers
import os
import pathlib

import numpy as np
import tensorflow as tf

from zoo.core import inputs, nested, validation
from zoo.evaluation.diagnosis import diagnose
from zoo.inference.batching import first
from zoo.reporting.context import ReportContext
from zoo.reporting.page import FIRST_LINES, page
from zoo.reporting.sections import sections

CURVES = ("elbo", "nll", "kl", "val_elbo", "val_nll", "val_kl")


def report(
    vae,
    data,
    path,
    *,
    labels=None,
    columns=None,
    history=None,
    title=None,
    importance_samples=50,
    max_examples=512,
    seed=0,
    verbose=0,
):
    """Write one HTML page about a trained model, for people, and return its path.

    On it: a verdict and what to try, the model's parts with their settings, training curves, the
    diagnosis, reconstructions, samples, traversals, a map of the codes that shows the example under
    the pointer, the hardest examples, and all numbers in nats. Pictures are inside the file, and it
    asks nothing of any network.

    Args:
        vae: a trained `VAE`.
        data: data that it has not seen: what it takes, in memory or as a dataset of any length. The
            diagnosis goes through all of it, pictures and map are of the first `max_examples`.
        path: of the file to write. An earlier report is replaced, another file is not; it is
            written whole or not at all.
        labels: one for each example, for the map: classes, or numbers; of a dataset, one for each
            of the first `max_examples`.
        columns: names of a table's columns or a series' channels; a dict gives the names of each
            column's classes as well, None for a numeric one.
        history: what `fit` returned, or its `history`, for the curves.
        title: of the page.
        importance_samples: draws for each example, for the bound on log p(x).
        max_examples: how many to look at one by one, and to compute that bound on.
        seed: of all draws.
        verbose: 1 shows how far it is.

    Raises:
        ValueError: an argument does not fit; the path is a folder, in none, or another file's.
        TypeError: an argument is of a type that it cannot be.
        ImportError: matplotlib or scikit-learn is not installed.
    """
    path = _free(path)
    inputs.given(data, "data")
    validation.count(importance_samples=importance_samples, max_examples=max_examples)
    seed, history = validation.seed(seed), _history(history)
    if not hasattr(vae, "latents"):
        raise TypeError(f"vae must be a zoo.VAE, got {type(vae).__name__}")
    x = first(data, max_examples)
    labels, columns = _labels(labels, data, nested.rows(x)), _columns(columns)
    inputs.array(vae, x, "data")
    _fitting(columns, vae)
    found = diagnose(
        vae,
        data,
        importance_samples=importance_samples,
        bounded=max_examples,
        seed=seed,
        verbose=verbose,
    )
    context = ReportContext(vae, x, labels, columns, history, found, seed)
    text = page(title or f"{vae.name}: a report", sections(context, verbose))
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, "utf-8")
    os.replace(partial, path)
    return path


def _free(path):
    """The path, where a report may be written."""
    path = pathlib.Path(path).expanduser()
    if path.is_dir():
        raise ValueError(f"path must be a file's, got the folder {path}")
    if not path.parent.is_dir():
        raise ValueError(f"path must be in a folder that is there, got {path}")
    if path.exists():
        with path.open("rb") as file:
            if file.read(len(FIRST_LINES)) != FIRST_LINES.encode():
                raise ValueError(f"path must not be that of another file, got {path}")
    return path


def _history(history):
    """name -> a number for each epoch, or None."""
    found = getattr(history, "history", history)
    if found is None:
        return None
    if not isinstance(found, collections.abc.Mapping):
        raise TypeError(f"history must be what fit returned or a dict, got {type(found).__name__}")
    if not any(len(found.get(name, ())) for name in CURVES):
        raise ValueError(f"history must hold one of {', '.join(CURVES)}, got {', '.join(found)}")
    return dict(found)


def _labels(labels, data, size):
    """One for each of the first examples, as an array, or None."""
    if labels is None:
        return None
    found, stream = np.asarray(labels), isinstance(data, tf.data.Dataset)
    expected = size if stream else nested.rows(data)
    if found.ndim != 1 or (len(found) < size if stream else len(found) != expected):
        least = "at least " if stream else ""
        raise ValueError(f"labels must be {least}{expected} in a vector, got shape {found.shape}")
    return found[:size]


def _columns(columns):
    """name -> names of its classes, or None."""
    if columns is None:
        return {}
    if isinstance(columns, str) or not isinstance(columns, collections.abc.Iterable):
        raise TypeError(f"columns must be names or a dict of them, got {columns!r}")
    given = columns if isinstance(columns, dict) else dict.fromkeys(columns)
    return {str(name): classes for name, classes in given.items()}


def _fitting(columns, vae):
    """Raise `ValueError` where names are not as many as columns."""
    shape = vae.decoder.free_event_shape
    expected = shape[-1] if isinstance(shape, tuple) and shape else None
    if columns and not (isinstance(expected, numbers.Integral) and len(columns) == expected):
        raise ValueError(f"columns must name the {expected} columns of x, got {len(columns)}")
