"""Saving: a component's config consists of its constructor's arguments. Checks of arguments."""

import dataclasses
import inspect
import itertools
import json
import numbers
import warnings

import keras
import numpy as np

from zoo.core.backend import require_tensorflow

require_tensorflow(keras.config.backend())

FLOAT32_MAX = float(np.finfo("float32").max)


def component(cls):
    """Register `cls` with Keras and derive its config from its constructor.

    `keras.models.load_model` finds the class after `import zoo` if its module is one of those that
    `zoo.core.registration` imports: those of encoders, decoders, likelihoods, priors, ....
    Each argument of `__init__` must be stored in an attribute of the same name. Nested Keras
    objects (layers, initializers, other components) are saved with it. The config of a layer also
    has Keras' `name`, `dtype` and `trainable`.

    A class that gains an argument whose default changes what is computed names the value that means
    the earlier form in `absent_arguments = {argument: value}`. It applies to configs without the
    argument, so that files of earlier versions load as they were.
    """
    names = _constructor_arguments(cls)
    is_layer = issubclass(cls, keras.layers.Layer)

    def get_config(self):
        config = _layer_config(self) if is_layer else {}
        values = {name: as_python(getattr(self, name)) for name in names}
        config.update({n: keras.saving.serialize_keras_object(v) for n, v in values.items()})
        return config

    if "get_config" not in vars(cls):
        cls.get_config = get_config
    if "from_config" not in vars(cls):
        cls.from_config = classmethod(from_arguments)
    return keras.saving.register_keras_serializable(package="zoo")(cls)


def from_arguments(cls, config, custom_objects=None):
    """An object of `cls` from its constructor's arguments, in which Keras objects are configs."""
    config = {**getattr(cls, "absent_arguments", {}), **config}
    return cls(**{k: from_plain(v, custom_objects) for k, v in config.items()})


def _constructor_arguments(cls):
    """Names of the constructor arguments of `cls` and of its bases outside of Keras."""
    names = []
    for base in cls.__mro__:
        if not base.__module__.startswith("keras.") and "__init__" in vars(base):
            for name, parameter in inspect.signature(base.__init__).parameters.items():
                named = parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
                if named and name != "self" and name not in names:
                    names.append(name)
        elif base.__module__.startswith("keras."):
            break
    return names


def _layer_config(layer):
    return {
        "name": layer.name,
        "trainable": layer.trainable,
        "dtype": keras.saving.serialize_keras_object(layer.dtype_policy),
    }


def from_plain(value, custom_objects=None):
    """The value whose Keras objects are configs in `value`, for example in that of `as_plain`."""
    if isinstance(value, dict) and "class_name" in value:
        return keras.saving.deserialize_keras_object(value, custom_objects=custom_objects)
    if isinstance(value, dict):
        return {key: from_plain(item, custom_objects) for key, item in value.items()}
    if isinstance(value, list):
        return [from_plain(item, custom_objects) for item in value]
    return value


def as_plain(value):
    """The value with lists for tuples and configs for Keras objects, as JSON can hold it.

    Raises:
        TypeError, ValueError: a value that no file can hold, such as a lambda.
    """
    if isinstance(value, (list, tuple)):
        return [as_plain(item) for item in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: as_plain(item) for key, item in value.items()}
    with warnings.catch_warnings(action="ignore"):  # of Keras, about a lambda
        plain = keras.saving.serialize_keras_object(as_python(value))
    if "__lambda__" in json.dumps(plain):
        raise TypeError("a lambda cannot be saved")
    return plain


@dataclasses.dataclass(frozen=True)
class Origin:
    """The variant that a model was built from.

    Attributes:
        variant: its name.
        options: the options that were given.
        defaults: the values of the others then.
    """

    variant: str
    options: dict
    defaults: dict = dataclasses.field(default_factory=dict)

    def plain_options(self):
        """The options as JSON can hold them, or None; without the seed, which changes no result."""
        return _plain_options(self.options)

    def plain_defaults(self):
        """The defaults, in the same form."""
        return _plain_options(self.defaults)


def _plain_options(options):
    try:
        return as_plain({name: value for name, value in options.items() if name != "seed"})
    except (TypeError, ValueError):  # for example a lambda
        return None


def ensure_built(layer, shape):
    """Build `layer` for inputs of `shape`, unless it is built already, as in a loaded model."""
    if not layer.built:
        layer.build(shape)


def as_tuple(value):
    """Convert a value, list, tuple or array to a tuple of Python numbers.

    Loaded configs have lists where tuples were saved.
    """
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return tuple(v.item() if isinstance(v, np.generic) else v for v in values)


def as_list(values):
    """The values of a list, array or other sequence as a list; None for anything else.

    An endless dataset or a generator has no length, and reading it might never end.
    """
    try:
        len(values)
        return list(values)
    except (TypeError, AttributeError):
        return None


def as_python(value):
    """A scalar of NumPy as a number of Python; any other value unchanged."""
    scalar = isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim)
    return value.item() if scalar else value


def is_real(value):
    """Return True for a real number of Python or NumPy; True and False do not count as numbers.

    Other kinds of numbers, such as `fractions.Fraction`, can be neither saved nor formatted.
    """
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype != object and is_real(value[()])
    number = isinstance(value, (int, float, np.integer, np.floating))
    return number and not isinstance(value, (bool, np.timedelta64))


def is_integer(value):
    """Return True for an integer of Python or NumPy; True and False do not count as integers."""
    return isinstance(as_python(value), numbers.Integral) and is_real(value)


def is_float32(value):
    """Return True for a real number (`is_real`) that float32, the type of models, can hold."""
    if not is_real(value):
        return False
    # As a Python number, because NumPy would convert the limit to the type of a small float.
    return abs(value.item() if isinstance(value, np.generic | np.ndarray) else value) <= FLOAT32_MAX


def increasing(*values):
    """Return True for real numbers each of which is smaller than the next."""
    return all(map(is_real, values)) and all(a < b for a, b in itertools.pairwise(values))


def positive(**arguments):
    """Check positive integers; return them in order as Python integers.

    Raises:
        ValueError: names the first argument that is not a positive integer.
    """
    return [_check_positive(name, value, (value,))[0] for name, value in arguments.items()]


def positive_tuples(**arguments):
    """Check positive integers, each a number or a sequence of numbers; return them as tuples.

    Raises:
        ValueError: names the first argument that is not made of positive integers.
    """
    return [_check_positive(name, value, as_tuple(value)) for name, value in arguments.items()]


def _check_positive(name, value, numbers):
    if not all(is_integer(number) and number > 0 for number in numbers):
        raise ValueError(f"{name} must be made of positive integers, got {value!r}")
    if any(number >= 2**31 for number in numbers):  # sizes of tensors are int32 in many ops
        raise ValueError(f"{name} must be made of integers below 2**31, got {value!r}")
    return tuple(map(int, numbers))


MAX_LAYERS = 1000  # each takes milliseconds to make


def layer_counts(**arguments):
    """Check numbers of layers; return them in order as Python integers.

    Raises:
        ValueError: names the first argument that is not an integer from 1 to `MAX_LAYERS`.
    """
    counts = positive(**arguments)
    for name, count in zip(arguments, counts, strict=True):
        if count > MAX_LAYERS:
            raise ValueError(f"{name} must be at most {MAX_LAYERS} layers, got {count}")
    return counts


def not_negative(**arguments):
    """Check integers of at least 0; return them in order as Python integers.

    Raises:
        ValueError: names the first argument that is not such an integer.
    """
    for name, value in arguments.items():
        if not (is_integer(value) and 0 <= value < 2**31):
            raise ValueError(f"{name} must be an integer of at least 0, got {value!r}")
    return list(map(int, arguments.values()))


def not_empty(**arguments):
    """Raise `ValueError` naming the first tuple that is empty."""
    for name, value in arguments.items():
        if not value:
            raise ValueError(f"{name} must hold at least one number, got {value!r}")


def one_of(allowed, **arguments):
    """Raise `ValueError` naming the first argument that is not one of the allowed values."""
    for name, value in arguments.items():
        if value not in allowed:
            raise ValueError(f"{name} must be one of {tuple(allowed)}, got {value!r}")


def fraction(**arguments):
    """Raise `ValueError` naming the first argument that is not in [0, 1)."""
    for name, value in arguments.items():
        if not is_real(value) or not 0 <= value < 1:
            raise ValueError(f"{name} must be a fraction in [0, 1), got {value!r}")
