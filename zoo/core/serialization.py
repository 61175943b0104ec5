"""Saving: a component's config consists of its constructor's arguments."""

import dataclasses
import inspect
import json
import warnings

import keras

from zoo.core.argument_values import as_python
from zoo.core.backend import require_tensorflow

require_tensorflow(keras.config.backend())


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
