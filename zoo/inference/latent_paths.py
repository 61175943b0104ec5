"""Paths through latent space: interpolation, traversal, a plane of two dimensions."""

import operator
import statistics

import numpy as np

from zoo.core import arrays, inputs, nested, validation
from zoo.core.argument_values import as_list
from zoo.inference.batching import decode_means


def linear_path(start: np.ndarray, end: np.ndarray, t: float) -> np.ndarray:
    """The straight line (1 - t) start + t end."""
    start, end, t = _ends(start, end, t)
    return (1 - t) * start + t * end


def spherical_path(start: np.ndarray, end: np.ndarray, t: float) -> np.ndarray:
    """The great circle from start to end, which keeps the norm typical of a Normal prior.

    sin((1-t) w) / sin(w) start + sin(t w) / sin(w) end, w the angle between them; the straight line
    where sin(w) is 0. Shoemake, Animating rotation with quaternion curves, 1985; for latent space
    White, Sampling generative networks, 2016.
    """
    start, end, t = _ends(start, end, t)
    lengths = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    cosine = np.sum(start * end, -1) / np.maximum(lengths, 1e-12)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))[..., None]
    sine = np.sin(angle)
    safe = np.where(sine < 1e-6, 1.0, sine)
    arc = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / safe
    return np.where(sine < 1e-6, linear_path(start, end, t), arc)


def _ends(start, end, t):
    """The arguments of a path as arrays of numbers and a number."""
    codes = [arrays.as_array(x, name) for x, name in ((start, "start"), (end, "end"))]
    for x, name in zip(codes, ("start", "end"), strict=True):
        if x.dtype.kind not in "biuf" or not x.ndim:
            raise TypeError(
                f"{name} must be an array of numbers, got dtype {x.dtype} and shape {x.shape}"
            )
    shapes = [x.shape for x in codes]
    if shapes[0] != shapes[1]:
        raise ValueError(f"start and end must have one shape, got {shapes[0]} and {shapes[1]}")
    validation.check_numbers(t=t)
    return *(x.astype(np.result_type(x, "float32")) for x in codes), t


PATHS = {"linear": linear_path, "spherical": spherical_path}


def interpolate(model, start, end, steps, path):
    """See `VAE.interpolate`."""
    validation.check_counts(steps=steps)
    path = _path(path)
    start, end = inputs.prepare(model, start, "start"), inputs.prepare(model, end, "end")
    sizes = nested.row_count(start), nested.row_count(end)
    if sizes[0] != sizes[1]:
        raise ValueError(
            "start and end must hold equally many examples, got {} and {}".format(*sizes)
        )
    a, b = (np.asarray(model.encode(x).mean()) for x in (start, end))
    codes = [arrays.as_array(path(a, b, t), "path") for t in np.linspace(0.0, 1.0, steps)]
    for code in codes:
        if code.dtype.kind not in "biuf" or code.shape != a.shape:
            raise ValueError(
                f"path must return codes, an array of shape {a.shape}, got shape {code.shape} and "
                f"dtype {code.dtype}"
            )
    codes = np.stack(codes, 1)
    means = decode_means(
        model, codes.reshape(-1, *codes.shape[2:]), event_shape=model.decoder.event_shape_of(start)
    )
    return _unflatten(means, len(a), steps)


def _path(path):
    """A path, by its name or as a function (start, end, t) -> codes."""
    if validation.takes(path, 3) and not isinstance(path, type):
        return path
    if not isinstance(path, str) or path not in PATHS:
        raise ValueError(
            f"path must be one of {', '.join(map(repr, PATHS))} or a function (start, end, t) -> "
            f"codes, got {path!r}"
        )
    return PATHS[path]


def traverse(model, x, dimensions, low, high, steps):
    """See `VAE.traverse`."""
    validation.check_counts(steps=steps)
    low, high = validation.finite(low=low, high=high)
    inputs.require_built(model)
    size = model.latents.latent_dim
    dimensions = list(range(size)) if dimensions is None else _dimensions(dimensions, size)
    codes = np.tile(_origin(model, x), (len(dimensions), steps, 1))
    for row, dimension in enumerate(dimensions):
        codes[row, :, dimension] = np.linspace(low, high, steps)
    return _unflatten(decode_means(model, codes.reshape(-1, size)), len(dimensions), steps)


def normal_quantiles(steps: int = 15) -> np.ndarray:
    """Coordinates `[steps]` that cut a standard normal prior into parts of equal probability.

    Phi^-1((k - 1/2) / steps), k = 1 ... steps: the medians of these parts.

    >>> normal_quantiles(5).round(2)
    array([-1.28, -0.52,  0.  ,  0.52,  1.28])
    """
    validation.check_counts(steps=steps)
    places = (np.arange(steps) + 0.5) / steps
    return np.array([statistics.NormalDist().inv_cdf(place) for place in places])


def manifold(model, x, dimensions, steps):
    """See `VAE.manifold`."""
    values = normal_quantiles(steps)
    inputs.require_built(model)
    size = model.latents.latent_dim
    dimensions = _dimensions(dimensions, size)
    if len(dimensions) != 2 or dimensions[0] == dimensions[1]:
        raise ValueError(f"dimensions must be two different ones, got {dimensions}")
    codes = np.tile(_origin(model, x), (steps, steps, 1))
    codes[..., dimensions] = np.stack(np.meshgrid(values, values, indexing="ij"), -1)
    return _unflatten(decode_means(model, codes.reshape(-1, size)), steps, steps)


def _origin(model, x):
    """The code `[D]` of one example, or zeros if x is None."""
    if x is None:
        return np.zeros(model.latents.latent_dim)
    example = nested.map_arrays(lambda a: np.asanyarray(arrays.as_array(a))[None], x)
    return np.asarray(model.encode(example).mean())[0]


def _unflatten(means, *sizes):
    """`[a * b, ...]` -> `[a, b, ...]`."""
    return nested.map_arrays(lambda m: m.reshape(*sizes, *m.shape[1:]), means)


def _dimensions(dimensions, size):
    """Indices of latent dimensions as a list, checked."""
    try:
        numbers = [operator.index(d) for d in as_list(dimensions) or ()]
    except (TypeError, ValueError, AttributeError):  # not a sequence, or not of integers
        numbers = []
    if not numbers:
        raise ValueError(f"dimensions must be a list of integers, got {dimensions!r}")
    wrong = [d for d in numbers if not 0 <= d < size]
    if wrong:
        raise ValueError(f"dimensions must lie in 0 .. {size - 1}, got {wrong}")
    return numbers
