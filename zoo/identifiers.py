"""Keras-style identifiers: a name, a config, a class or an object, all mean an object."""

import keras

from zoo._names import nearest


def resolve(identifier, table, argument):
    """The object that `identifier` means.

    Args:
        identifier: None, a name in `table`, a Keras config or an object.
        table: name -> class, called without arguments.
        argument: the argument's name, for the error.
    """
    if identifier is None or isinstance(identifier, keras.layers.Layer):
        return identifier
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
        f"got {type(identifier).__name__}"
    )
