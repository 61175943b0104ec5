"""Catalogue of variants: name -> card. A variant's module is imported when it is built."""

import fnmatch
import importlib
import inspect
import math
import numbers
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, overload

from zoo import core
from zoo.core.suggestions import nearest, refuse_unknown_options
from zoo.pretrained import sources
from zoo.pretrained.cards import WeightsCard, WeightsList, listed
from zoo.variants.cards import CARDS, Card

if TYPE_CHECKING:
    from zoo.model import VAE


def available(pattern: str = "*") -> tuple[str, ...]:
    """Names of the variants that match a shell-style pattern, sorted.

    >>> available("conv*")
    ('conv_vae',)
    """
    if not isinstance(pattern, str):
        raise TypeError(f"pattern must be a text such as 'conv*', got {pattern!r}")
    return tuple(sorted(fnmatch.filter(CARDS, pattern)))


@overload
def card(name: str, weights: None = None) -> Card: ...
@overload
def card(name: str, weights: str | os.PathLike) -> WeightsCard: ...
def card(name: str, weights: str | os.PathLike | None = None) -> Card | WeightsCard:
    """The card of a variant, or of weights for it; print it to read it.

    Args:
        name: one of `available()`.
        weights: None for the `Card` of the variant; a tag, or a folder that `VAE.save_to_preset`
            wrote, for the `WeightsCard` of these weights.
    """
    if weights is not None:
        return sources.card_of(_variant(name).name, weights)
    return _variant(name)


def weights(pattern: str = "*") -> WeightsList:
    """Cards of the pretrained weights in the package, as a tuple that prints as a table.

    Args:
        pattern: shell-style pattern of variants, or of "variant/tag".

    >>> weights("nothing")
    no pretrained weights
    """
    return listed(pattern)


def _variant(name):
    """The `Card` of a variant; raises `ValueError` for an unknown name."""
    if not isinstance(name, str) or name not in CARDS:
        raise ValueError(
            f"name must be a variant, got {name!r}{nearest(name, CARDS)} Available: "
            f"{', '.join(available())}"
        )
    return CARDS[name]


def register(
    name: str,
    builder: Callable | str,
    *,
    summary: str = "",
    data: str = "",
    input: str = "",
    encoder: str = "",
    parameters: str = "",
    reference: str = "",
) -> Card:
    """Add a variant of your own, for `get`, `card` and `available`.

    Args:
        name: a name that no other variant has.
        builder: a function with keyword-only arguments that returns a `zoo.VAE`, or its import
            path, "module:function".
        summary, data, input, encoder, parameters, reference: text for its card.

    Returns:
        The `Card`.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"name must be a Python identifier, got {name!r}")
    if name in CARDS:
        raise ValueError(f"name must be new, got {name!r}, a variant: {CARDS[name].summary}")
    if not callable(builder) and not (isinstance(builder, str) and _is_place(builder)):
        raise TypeError(f"builder must be a function or 'module:function', got {builder!r}")
    CARDS[name] = Card(name, summary, data, input, encoder, parameters, reference, builder)
    return CARDS[name]


def _is_place(text):
    """True for "module:function", where module may have dots."""
    module, colon, function = text.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), function))


def unregister(name: str) -> None:
    """Remove a variant from the catalogue."""
    _variant(name)
    del CARDS[name]


def get(
    name: str,
    *,
    weights: str | os.PathLike | None = None,
    input_shape: Sequence[int] | dict[str, Sequence[int]] | None = None,
    **options,
) -> "VAE":
    """Build and compile a `zoo.VAE` by the name of its variant.

    Args:
        name: one of `available()`.
        weights: trained weights. A tag of the variant (`zoo.weights(name)` lists them), a folder
            that `VAE.save_to_preset` wrote, a `.keras` file or "hf://user/model" set all options
            and the shape of x. A file of weights alone (`.weights.h5`, or `.keras` together with
            options) needs `input_shape`.
        input_shape: shape of one example; builds the model at once instead of at the first batch.
        **options: options of the variant, which `help(zoo.builder(name))` describes.

    Raises:
        ValueError: an unknown name or tag; weights that cannot be loaded, that are of another
            model, or that hold NaN or infinity; an option that contradicts the weights.
        TypeError: an unknown option.
    """
    build = builder(name)
    _check_options(name, inspect.signature(build).parameters, options)
    source = None
    if weights is not None:
        source = sources.find(name, weights, complete=bool(options) or input_shape is not None)
    if source is None:
        vae = _new(name, build, options, input_shape, weights)
    else:
        from zoo.pretrained import load  # noqa: PLC0415  (it loads TensorFlow)

        vae = load.variant(name, build, source, options, input_shape, CARDS)
    vae.compile()
    return vae


def _new(name, build, options, input_shape, weights):
    """A new model, with the weights of a file if it is given."""
    vae = build(**options)
    if not hasattr(vae, "latents"):
        raise TypeError(f"the function behind {name} must return a zoo.VAE, got {vae!r}")
    if input_shape is not None:
        if isinstance(input_shape, dict):
            vae.build({name: (None, *_shape(shape)) for name, shape in input_shape.items()})
        else:
            vae.build((None, *_shape(input_shape)))
        vae.built = True
    parameters = inspect.signature(build).parameters.items()
    defaults = {
        n: p.default for n, p in parameters if p.default is not p.empty and n not in options
    }
    vae.origin = core.serialization.Origin(name, options, defaults)
    if weights is not None:
        if input_shape is None:
            raise ValueError(
                "input_shape must be the shape of one example if weights are given, got None"
            )
        # Before compiling, so that an optimizer's state is ignored.
        core.checkpoints.load(vae, pathlib.Path(weights), own=False)
    return vae


def _check_options(name, parameters, options):
    """Raise `TypeError` at an option that the variant's function does not have."""
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    known = [*parameters, "input_shape", "weights"]
    refuse_unknown_options(name, options, known)


def builder(name: str) -> Callable:
    """The function behind a variant; its docstring describes the options.

    Raises:
        ValueError: an unknown name.
        ImportError: the import path that was registered leads to no function.
    """
    place = _variant(name).builder
    if callable(place):
        return place
    module, function = place.split(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ImportError(
            f"builder of {name} must be a function that can be imported, got {place!r}: {error}"
        ) from error


def _shape(shape):
    try:
        endless = core.streams.is_stream(shape) or not hasattr(shape, "__len__")  # or may be
        shape = (shape,) if endless else tuple(shape)
    except (TypeError, ValueError):  # a class, a shape of unknown rank
        shape = (shape,)
    sizes = shape and all(isinstance(s, numbers.Integral) and s > 0 for s in shape)
    if not sizes or math.prod(map(int, shape)) >= 2**31:
        raise ValueError(
            "input_shape must be positive sizes of one example, without the batch, of fewer than "
            f"2**31 values, got {shape}"
        )
    return tuple(map(int, shape))  # NumPy's integers as well
