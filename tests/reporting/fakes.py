"""A report's context with fixed numbers, and modalities, without a model."""

import re
import types

import numpy as np

from tests.evaluation.diagnoses import diagnosis
from zoo.reporting.context import Modality

NONE = types.SimpleNamespace()


def modality(kind, x, reconstruction=None, *, name="", columns=(), present=None, likelihood=NONE):
    """A `Modality` of this kind of data; its reconstruction is x by default."""
    present = np.ones(len(x), bool) if present is None else np.array(present, bool)
    reconstruction = x if reconstruction is None else reconstruction
    return Modality(name, kind, likelihood, x, reconstruction, dict(columns), present)


def context(*modalities, codes=None, labels=None, **changes):
    """An object with the attributes of a `ReportContext` of these modalities."""
    count = len(modalities[0].x) if modalities else len(codes)
    fields = dict(
        modalities=list(modalities),
        example_count=count,
        x=modalities[0].x if modalities else None,
        codes=codes,
        labels=None if labels is None else np.array(labels),
        elbo=-np.arange(10.0, 10.0 + count),
        example_cards=[f"card {i}" for i in range(count)],
        level_dims=(),
        informative_dimensions={1: "4.0 nats", 3: "3.0 nats"},
        diagnosis=diagnosis(),
        likelihood=NONE,
        history=None,
        seed=0,
    )
    return types.SimpleNamespace(**{**fields, **changes})


def cells(body, tag="td"):
    """Content of the cells of all tables."""
    return re.findall(f"<{tag}(?: [^>]*)?>(.*?)</{tag}>", body)
