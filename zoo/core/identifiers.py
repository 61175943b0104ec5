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
        ValueError: a name that is not in `table`.
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
        return keras.saving.deserialize_keras_object(identifier)
    raise TypeError(
        f"{argument} must be one of {names} or an object, "
        f"got {'None' if identifier is None else type(identifier).__name__}"
    )
