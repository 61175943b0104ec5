"""Keras-style identifiers: a name, a config, a class or an object stands for an object."""

import keras

from zoo.core.suggestions import nearest


def resolve(identifier, table, argument, required=False):
    """Return the object that an identifier stands for.

    Args:
        identifier: None, a name in `table`, a Keras config, a class or an object.
        table: name -> class, called without arguments.
        argument: the argument's name, for errors.
        required: whether None is an error.

    Raises:
        ValueError: a name that is not in `table`, or a dict that is not a config.
        TypeError: an identifier of another type.
    """
    if isinstance(identifier, keras.layers.Layer) or (identifier is None and not required):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, keras.layers.Layer):
        return identifier()
    names = ", ".join(map(repr, sorted(table)))
    if isinstance(identifier, str):
        if identifier not in table:
            raise ValueError(
                f"{argument} must be one of {names} or an object, "
                f"got {identifier!r}{nearest(identifier, table)}"
            )
        return table[identifier]()
    if isinstance(identifier, dict):
        return _from_config(identifier, argument)
    raise TypeError(
        f"{argument} must be one of {names} or an object, "
        f"got {'None' if identifier is None else type(identifier).__name__}"
    )


def _from_config(config, argument):
    """Return the object of a config that Keras saved."""
    try:
        component = keras.saving.deserialize_keras_object(config)
    except Exception as error:  # Keras raises whatever a wrong config leads to
        raise ValueError(f"{argument} must be the config of an object: {error}") from error
    if not isinstance(component, keras.layers.Layer):
        raise ValueError(f"{argument} must be the config of an object, got {config!r:.200}")
    return component


def keras_object(package, identifier, argument):
    """Return the object that an identifier of Keras stands for.

    Args:
        package: `keras.initializers`, `keras.optimizers` or another one with a function `get`.
        identifier: None, a name, a config, a class or an object.
        argument: the argument's name, for errors.

    Raises:
        ValueError: Keras cannot make an object of it.
    """
    try:
        return package.get(identifier)
    except Exception as error:  # Keras raises whatever a wrong config or class leads to
        kind = package.__name__.rpartition(".")[2].removesuffix("s")
        article = "an" if kind[0] in "aeiou" else "a"
        raise ValueError(
            f"{argument} must be {article} {kind} of Keras, its name or its config, got "
            f"{identifier!r}: {error}"
        ) from error


def as_regularizer(identifier, argument="kernel_regularizer"):
    """Return the regularizer of Keras that an identifier stands for, as `keras_object`."""
    return keras_object(keras.regularizers, identifier, argument)
