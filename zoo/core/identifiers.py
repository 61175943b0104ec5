"""Keras-style identifiers: a name, a config, a class or an object, all mean an object."""

import keras

from zoo.core.suggestions import nearest


def resolve(identifier, table, argument, required=False):
    """The object that `identifier` means.

    Args:
        identifier: None, a name in `table`, a Keras config, a class or an object.
        table: name -> class, called without arguments.
        argument: the argument's name, for the error.
        required: whether None is an error.
    """
    if isinstance(identifier, keras.layers.Layer) or (identifier is None and not required):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, keras.layers.Layer):
        return identifier()
    if isinstance(identifier, str):
        if identifier not in table:
            known = ", ".join(sorted(table))
            raise ValueError(
                f"{argument}={identifier!r} is not known{nearest(identifier, table)} "
                f"Known: {known}; an object of your own works as well"
            )
        return table[identifier]()
    if isinstance(identifier, dict):
        return keras.saving.deserialize_keras_object(identifier)
    raise TypeError(
        f"{argument} must be a name ({', '.join(sorted(table))}) or an object, "
        f"got {'None' if identifier is None else type(identifier).__name__}"
    )
