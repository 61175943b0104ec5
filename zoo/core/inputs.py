"""Checks of data: errors name the argument, the value and what is expected."""

import contextlib
from collections.abc import Mapping, Set

import numpy as np
import tensorflow as tf

from zoo.core import arrays, nested
from zoo.core.argument_values import as_list, is_integer
from zoo.core.streams import is_stream
from zoo.core.validation import check_finite


def require_examples(x, argument="x"):
    """Raise `TypeError` if x cannot hold examples."""
    if isinstance(x, type):
        raise TypeError(f"{argument} must be an array or a dataset, got the class {x.__name__}")
    if isinstance(x, (str, bytes)) or x is None:
        raise TypeError(f"{argument} must be an array or a dataset, got {type(x).__name__}")


def require_rows(x, argument="x"):
    """Raise `TypeError` or `ValueError` if x has no rows to count: a number, an empty dict."""
    require_examples(x, argument)
    if is_stream(x):
        return
    is_scalar = getattr(x, "ndim", 1) == 0  # an array of NumPy or a tensor without rows
    if hasattr(x, "toarray") or not hasattr(x, "__len__") or is_scalar:
        scalar = " without rows" if is_scalar else ""
        raise TypeError(f"{argument} must be an array or a dataset, got {type(x).__name__}{scalar}")
    if not len(x):
        raise ValueError(f"{argument} must hold at least one example, got none")
    if isinstance(x, dict):
        for name, value in x.items():
            if is_stream(value):
                kind = type(value).__name__
                raise TypeError(f"{argument}[{name!r}] must be an array, got {kind}")
            require_rows(value, f"{argument}[{name!r}]")


def require_vae(model, argument="model"):
    """Raise `TypeError` if the model is not a `VAE`."""
    if not (hasattr(model, "preprocessor") and hasattr(model, "latents")):
        raise TypeError(f"{argument} must be a zoo.VAE, got {type(model).__name__}")


def require_encoder(model, argument="vae"):
    """Raise `TypeError` if the model has no method `encode`, all that its evaluation needs."""
    if not hasattr(model, "encode") or isinstance(model, str):  # texts have another `encode`
        raise TypeError(f"{argument} must be a zoo.VAE, got {type(model).__name__}")


def require_built(model):
    """Raise `ValueError` if the model is not built."""
    require_vae(model)
    if not model.built:
        raise ValueError(
            "the model has no shapes yet: call fit or encode first, or pass input_shape= to zoo.get"
        )


def require_loadable(model):
    """Raise `ValueError` if a file of the model could not be loaded: a layer is quantized."""
    for layer in model._flatten_layers():
        mode = getattr(layer.dtype_policy, "quantization_mode", None)
        if mode is not None:
            raise ValueError(
                "the model must not be quantized to be saved or copied, because loading makes its "
                f"layers anew in float, got {mode} in layer {layer.name!r}: save the model before "
                "quantize() and quantize it again after loading, or use export()"
            )


def prepare(model, x, argument="x"):
    """x as a checked array that the model can take; builds the model from its shape.

    Raises:
        TypeError: x is not a numeric array.
        ValueError: x is empty, or has a rank, a shape or values that the model cannot take.
    """
    x = check_values(model, x, argument)
    build(model, x)
    return x


def check_values(model, x, argument="x"):
    """x as in `prepare`, without building the model, which a refused x must leave as it was."""
    require_examples(x, argument)
    if is_stream(x):
        raise TypeError(f"{argument} must be an array here, got a {type(x).__name__}")
    x = numeric(model.preprocessor.to_array(x, argument), argument)
    match_event_shape(model, x, argument)
    return _validated(model, x, argument)


def prepare_batch(model, x, argument):
    """x of a stream's batch, checked like an array."""
    require_examples(x, argument)
    x = model.preprocessor.to_array(x, argument)
    with _batch_hint():
        x = numeric(x, argument)
        match_event_shape(model, x, argument)
    x = _validated(model, x, argument)
    with _batch_hint():
        build(model, x)
    return x


@contextlib.contextmanager
def _batch_hint():
    """Add to an error of a shape that a stream must yield batches."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{error} (a dataset must yield batches: dataset.batch(n))") from None


def _validated(model, x, argument):
    model.preprocessor.validate(x, argument)
    model.latents.check(x, argument)
    return x


def build(model, x):
    """Build a model that is not built for examples like those of the checked arrays x."""
    if model.built:
        return
    shape = model.preprocessor.event_shape(x)
    # Variables must exist outside of any graph, and under the model's strategy.
    with tf.init_scope(), model.distribute_strategy.scope():
        model.build(nested.map_arrays(lambda sizes: (None, *sizes), shape))
        model.built = True


def numeric(x, argument):
    """x as a numeric NumPy array with at least one row; or a dict of such."""
    if isinstance(x, dict):
        return {name: numeric(value, f"{argument}[{name!r}]") for name, value in x.items()}
    x = arrays.as_array(x, argument)
    is_number = np.issubdtype(x.dtype, np.number) or x.dtype == bool
    if not is_number or x.dtype.kind == "m":  # for NumPy, durations are integers
        raise TypeError(
            f"{argument} must be numeric, got an array of dtype {x.dtype}{_first_object(x)}"
        )
    if np.iscomplexobj(x):
        raise TypeError(f"{argument} must be real, got an array of dtype {x.dtype}")
    if x.ndim < 2:
        raise ValueError(
            f"{argument} must have a batch dimension and at least one more, got shape {x.shape}"
            + (": one example needs x[None]" if x.ndim == 1 and x.size else "")
        )
    if 0 in x.shape:
        raise ValueError(f"{argument} must hold at least one example, got shape {x.shape}")
    return x


def _first_object(x):
    """Text that names the first value of an array of objects that is not a number."""
    for place, value in np.ndenumerate(x) if x.dtype == object else ():
        if not isinstance(value, (int, float, np.number)):
            return f" that holds a {type(value).__name__} at index {place}"
    return ""


def match_event_shape(model, x, argument="x"):
    """Raise unless examples of x have the event shape for which the model was built, if it was."""
    if not model.built:
        return
    shape = model.preprocessor.event_shape(x)
    expected = model.decoder.free_event_shape
    if not isinstance(shape, dict):
        shape, expected, argument = {argument: shape}, {argument: expected}, "{}"
    else:
        argument += "[{!r}]"
    for name, sizes in shape.items():
        if not _fits(sizes, expected[name]):
            raise ValueError(
                f"{argument.format(name)} must have examples of shape {expected[name]}, for which "
                f"the model was built, got {sizes}"
            )


def _fits(shape, expected):
    return len(shape) == len(expected) and all(
        a is None or (a > 0 if b is None else a == b) for a, b in zip(shape, expected, strict=True)
    )


def as_event_shape(model, event_shape):
    """Return the shape with which to decode x: a tuple, a symbolic tensor, or a dict of these.

    Args:
        model: a built `VAE`.
        event_shape: what the user passed; None stands for the model's, and is returned.

    Raises:
        ValueError: x cannot be decoded with this shape.
    """
    if event_shape is None:
        return None
    require_built(model)
    expected = model.decoder.free_event_shape
    if isinstance(expected, dict) != isinstance(event_shape, dict):
        raise ValueError(f"event_shape must be like {expected}, got {event_shape!r}")
    if not isinstance(expected, dict):
        return _sizes(event_shape, expected)
    for name in event_shape:
        if name not in expected:
            raise ValueError(f"event_shape must have keys of {', '.join(expected)}, got {name!r}")
    return {name: _sizes(shape, expected[name]) for name, shape in event_shape.items()}


def _sizes(shape, expected):
    """The shape of one array as a tuple; None and a symbolic tensor are returned unchanged."""
    if shape is None or (tf.is_symbolic_tensor(shape) and shape.dtype.is_integer):
        return shape
    sizes = shape.numpy() if isinstance(shape, tf.Tensor) else shape
    sizes = None if isinstance(sizes, Set | Mapping) else as_list(sizes)  # those have no order
    if sizes is None or not all(map(is_integer, sizes)) or not _fits(sizes, expected):
        raise ValueError(
            f"event_shape must be {expected}, where None is any positive integer, got {shape!r}"
        )
    return tuple(map(int, sizes))


def codes(model, z):
    """z as a float32 tensor `[N, D]` that fits the latents."""
    require_built(model)
    if not tf.is_tensor(z):
        z = arrays.as_array(z, "z")
        if z.dtype.kind not in "biuf":
            raise TypeError(f"z must hold numbers [N, D], got an array of dtype {z.dtype}")
    if not isinstance(z, np.ndarray | tf.Tensor | tf.Variable):
        raise TypeError(f"z must be an array of numbers [N, D], got {type(z).__name__}")
    if 0 in tuple(z.shape):
        raise ValueError(f"z must hold at least one code, got shape {tuple(z.shape)}")
    z = tf.cast(z, tf.float32)
    if not tf.is_symbolic_tensor(z):
        check_finite(z.numpy(), "z")
    if tuple(z.shape[1:]) != (model.latents.latent_dim,):
        raise ValueError(f"z must have shape [N, {model.latents.latent_dim}], got {tuple(z.shape)}")
    return z
