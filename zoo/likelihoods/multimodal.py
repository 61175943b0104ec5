"""Several modalities as one x: named arrays, each with a likelihood, and who has which."""

import itertools

import numpy as np
import tensorflow as tf

from zoo.core.nested import cut, rows
from zoo.core.suggestions import nearest

PRESENT = "present"
MAX_PARTS = 1000  # of a dataset without end


class Joint:
    """What a `Likelihood` is to one array, for a dict of them; it asks those of the decoders.

    As users give it x is `{name: array}`: a modality that is left out is missing in every example,
    and `"present": {name: bool [N]}` says of single examples that they lack it, whatever their rows
    hold. As read, it has every name, and `"present": bool [N, M]`, M in the order of the names;
    what is missing is zeros there, so that it has no influence on anything.

    Args:
        decoder: a `MultimodalDecoder`.
    """

    def __init__(self, decoder):
        self.decoder = decoder

    @property
    def parts(self):
        """name -> likelihood."""
        return {name: d.likelihood for name, d in (self.decoder.decoders or {}).items()}

    @property
    def names(self):
        """The modalities' names, in their order."""
        return tuple(self.parts)

    # Data in

    @property
    def resources(self):
        return tuple(r for part in self.parts.values() for r in part.resources)

    @property
    def adapted(self):
        return bool(self.parts) and all(part.adapted for part in self.parts.values())

    def adapt(self, parts):
        """Let each likelihood see its modality, of the examples that have it."""
        self._know(next(iter(parts)), "x")
        for name, part in self.parts.items():
            if not part.adapted:
                part.adapt(_seen(x, name, self.names) for x in parts if name in x)

    def prepare(self, x, argument="x"):
        """`{name: array, ...}` as arrays, with every name, and who has which: bool `[N, M]`."""
        self._know(x, argument)
        given = {name: x[name] for name in self.names if name in x}
        sizes = {name: rows(value) for name, value in given.items()}
        if len({*sizes.values()}) > 1:
            raise ValueError(f"{argument} must hold equally many of each modality, got {sizes}")
        (size,) = {*sizes.values()}
        present = _present(x, self.names, size, argument)
        found = {
            name: self.parts[name].prepare(value, f"{argument}[{name!r}]")
            for name, value in given.items()
        }
        for name in self.names:
            if name not in found:
                shape = self._missing_shape(name)
                found[name] = np.zeros((size, *shape), self.parts[name].x_dtype)
        return {**{name: found[name] for name in self.names}, PRESENT: present}

    def _know(self, x, argument):
        """Raise unless x is a dict of known names; a new model learns the names from it."""
        if not isinstance(x, dict):
            raise TypeError(
                f"{argument} must be a dict of modalities, {{name: array}}, got {type(x).__name__}"
            )
        if not {*x} - {PRESENT}:
            raise ValueError(f"{argument} must hold at least one modality, got none")
        if self.decoder.decoders is None:
            seen = {name: _seen(x, name, ()) for name in x if name != PRESENT}
            for name, value in seen.items():
                if not rows(value):
                    raise ValueError(self._absent(name))
            self.decoder.choose(seen)
        unknown = [name for name in x if name not in (*self.names, PRESENT)]
        if unknown:
            raise ValueError(
                f"{argument} has a modality {unknown[0]!r}{nearest(unknown[0], self.names)} This "
                f"model has {', '.join(map(repr, self.names))}"
            )

    def _missing_shape(self, name):
        """Shape of an example's zeros."""
        shapes = self.decoder.event_shape
        if shapes is None:
            raise ValueError(self._absent(name))
        return shapes[name]

    def _absent(self, name):
        return f"x lacks the modality {name!r} in every example: what is trained must be there"

    def check(self, x, argument="x"):
        """Raise `ValueError` where an example has no modality, or one that cannot be."""
        alone = ~x[PRESENT].any(1)
        if alone.any():
            raise ValueError(
                f"{argument} must hold a modality of each example, got none of example "
                f"{int(np.argmax(alone))}"
            )
        for name, part in self.parts.items():
            seen = _seen(x, name, self.names)
            if len(seen):
                part.check(seen, f"{argument}[{name!r}]")

    def check_training(self, parts):
        """Raise `ValueError` where the data hold nothing of a modality."""
        absent = list(self.names)
        for x in itertools.islice(parts, MAX_PARTS):
            self._know(x, "x")
            absent = [n for n in absent if n not in x or not len(_seen(x, n, self.names))]
            if not absent:
                return
        raise ValueError(self._absent(absent[0]))

    def read(self, x):
        """Tensors as users give them -> with every name, zeros for what is missing."""
        size = tf.shape(tf.nest.flatten({n: x[n] for n in self.names if n in x})[0])[0]
        present = self._read_present(x, size)
        found = {}
        for column, (name, part) in enumerate(self.parts.items()):
            if name not in x:
                shape = [size, *self._missing_shape(name)]
                found[name] = tf.zeros(shape, part.x_dtype)
                continue
            value = part.read(x[name])
            there = tf.reshape(present[:, column], [-1] + [1] * (len(value.shape) - 1))
            found[name] = tf.where(there, value, tf.zeros_like(value))
        return {**found, PRESENT: present}

    def _read_present(self, x, size):
        found = x.get(PRESENT, {})
        if not isinstance(found, dict):
            return tf.cast(found, tf.bool)
        columns = [
            tf.cast(found[name], tf.bool) if name in found else tf.fill([size], name in x)
            for name in self.names
        ]
        return tf.stack(columns, 1)

    def event_shape(self, x):
        """name -> shape of an example."""
        return {name: tuple(x[name].shape[1:]) for name in self.names}

    def target(self, x, next_seed):
        targets = {name: part.target(x[name], next_seed) for name, part in self.parts.items()}
        return {**targets, PRESENT: x[PRESENT]}

    def features(self, x):
        found = {name: part.features(x[name]) for name, part in self.parts.items()}
        return {**found, PRESENT: x[PRESENT]}

    def features_shape(self, event_shape):
        if self.decoder.decoders is None:
            self.decoder.choose(event_shape)
        parts = self.parts
        return {name: parts[name].features_shape(event_shape[name]) for name in parts}

    # Data out

    def signatures(self, event_shape, subsets):
        """Inputs by name: all of them, and for `_NAME_NAME` a subset; each alone by default."""
        specs = {n: part.signature(event_shape[n], n) for n, part in self.parts.items()}
        subsets = [(name,) for name in self.names] if subsets is None else subsets
        found = {"": specs}
        for subset in subsets:
            names = (subset,) if isinstance(subset, str) else tuple(subset)
            if not names or not {*names} <= {*self.names}:
                raise ValueError(
                    f"subsets must be made of {', '.join(map(repr, self.names))}, got {subset!r}"
                )
            found["".join(f"_{n}" for n in names)] = {n: specs[n] for n in names}
        return found

    def outputs_written(self, x):
        """A tensor for each modality, by its name."""
        return self.write(x)

    def write(self, x):
        return {name: self.parts[name].write(value) for name, value in x.items()}

    def present(self, x):
        return {name: self.parts[name].present(value) for name, value in x.items()}


def _present(x, names, size, argument):
    """Who has which modality, bool `[N, M]`."""
    given = x.get(PRESENT, {})
    if not isinstance(given, dict):  # as this function made it before
        return np.asarray(given, bool)
    found = np.tile([name in x for name in names], (size, 1))
    for name, there in given.items():
        where, there = f"{argument}[{PRESENT!r}][{name!r}]", np.asarray(there)
        if name not in names:
            raise ValueError(f"{where} is of no modality of this model{nearest(name, names)}")
        if there.shape != (size,) or not np.isin(there, (0, 1)).all():
            raise ValueError(
                f"{where} must be {size} times True or False, got {there.dtype} of {there.shape}"
            )
        if name not in x and there.any():
            raise ValueError(
                f"{where} says that {name!r} is there, and {argument} does not hold it"
            )
        found[:, names.index(name)] = there.astype(bool)
    return found


def _seen(x, name, names):
    """The rows of a modality that are there."""
    present = x.get(PRESENT, {})
    there = present.get(name) if isinstance(present, dict) else present[:, names.index(name)]
    if there is None or np.all(there):
        return x[name]
    return cut(x[name], np.flatnonzero(there))
