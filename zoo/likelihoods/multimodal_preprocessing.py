"""Several modalities as one x of a model: named arrays, and a mask of the present ones."""

import itertools

import numpy as np
import tensorflow as tf

from zoo.core.nested import row_count
from zoo.core.suggestions import nearest
from zoo.likelihoods.multimodal_inputs import (
    MAX_PARTS,
    PRESENT,
    check_dict,
    checked_dicts,
    examples_of_each,
    missing_everywhere,
    present_mask,
    present_rows,
    subset_names,
)


class MultimodalPreprocessor:
    """A `Preprocessor` for a dict of arrays, made of one for each modality.

    The user's x is `{name: array}`. A modality that is left out is missing in every example.
    `"present": {name: bool [N]}` marks the examples that have a modality; its rows for all other
    examples are ignored. Inside the model x has every name, and `"present": bool [N, M]` with
    columns in the order of the names. Missing values are zeros there, so that they do not influence
    any result.

    Args:
        likelihood: a `MultimodalLikelihood`.
    """

    def __init__(self, likelihood):
        self.likelihood = likelihood
        self._parts = {}

    has_names = True

    needs_vocabulary = True  # of its texts, and the choice of its networks

    @property
    def parts(self):
        """name -> preprocessor."""
        for name, part in self.likelihood.parts.items():
            if name not in self._parts:
                self._parts[name] = part.preprocessor()
        return self._parts

    @property
    def names(self):
        """Names of the modalities, in their order."""
        return tuple(self.parts)

    # Data in

    @property
    def resources(self):
        return tuple(r for part in self.parts.values() for r in part.resources)

    @property
    def encoder_layers(self):
        return tuple(layer for part in self.parts.values() for layer in part.encoder_layers)

    @property
    def adapted(self):
        return bool(self.parts) and all(part.adapted for part in self.parts.values())

    def adapt(self, parts):
        """Adapt each modality's preprocessor to the examples that have it."""
        self._choose(parts)
        for name, part in self.parts.items():
            if not part.adapted:
                part.adapt(
                    present_rows(x, name, self.names) for x in checked_dicts(parts) if name in x
                )

    def undo(self):
        """As `Preprocessor.undo`, for the modalities that are known."""
        undo = [part.undo() for part in self.parts.values()]
        return lambda: [restore() for restore in undo]

    def to_array(self, x, argument="x"):
        """`{name: array, ...}` with every name, and the mask of present modalities `[N, M]`."""
        self._check_names(x, argument)
        size = next(row_count(x[name]) for name in self.names if name in x)
        present = present_mask(x, self.names, size, argument)
        arrays = {}
        for name, part in self.parts.items():
            if name in x:
                arrays[name] = part.to_array(x[name], f"{argument}[{name!r}]")
            else:
                arrays[name] = np.zeros((size, *self._event_shape_of(name)), part.dtype)
        return {**arrays, PRESENT: present}

    def _choose(self, parts, argument="x"):
        """Let a new model choose its networks from data."""
        if self.likelihood.decoder.decoders is None:
            self.likelihood.decoder.choose(examples_of_each(parts, argument))

    def _check_names(self, x, argument):
        """Raise unless x is a dict of known names; a new model takes the names from it."""
        check_dict(x, argument)
        self._choose([x], argument)
        unknown = [name for name in x if name not in (*self.names, PRESENT)]
        if unknown:
            raise ValueError(
                f"{argument} must hold the modalities {', '.join(map(repr, self.names))}, got "
                f"{unknown[0]!r}{nearest(unknown[0], self.names)}"
            )

    def _event_shape_of(self, name):
        """Shape of an example of a modality that x lacks."""
        shapes = self.likelihood.decoder.event_shape
        if shapes is None:
            raise ValueError(missing_everywhere(name))
        return shapes[name]

    def event_shape(self, x):
        """name -> shape of an example."""
        return {name: tuple(x[name].shape[1:]) for name in self.names}

    def validate(self, x, argument="x"):
        """Raise `ValueError` where an example has no modality, or one has impossible values."""
        alone = ~x[PRESENT].any(1)
        if alone.any():
            raise ValueError(
                f"{argument} must hold a modality of each example, got none of example "
                f"{int(np.argmax(alone))}"
            )
        for name, part in self.parts.items():
            present = present_rows(x, name, self.names)
            if len(present):
                part.validate(present, f"{argument}[{name!r}]")

    def validate_training(self, parts):
        """Raise `ValueError` where no example has one of the modalities."""
        self._choose(parts)
        absent = list(self.names)
        for x in itertools.islice(parts, MAX_PARTS):
            self._check_names(x, "x")
            absent = [n for n in absent if n not in x or not len(present_rows(x, n, self.names))]
            if not absent:
                return
        raise ValueError(missing_everywhere(absent[0]))

    def extreme_rows(self, x):
        """Mask `[N]` of the examples with a present value that `validate` refuses as too large."""
        extreme = [
            x[PRESENT][:, column] & part.extreme_rows(x[name])
            for column, (name, part) in enumerate(self.parts.items())
        ]
        return np.any(extreme, 0)

    @property
    def needs_float64(self):
        return any(part.needs_float64 for part in self.parts.values())

    def compact(self, x):
        return {n: self.parts[n].compact(a) if n in self.parts else a for n, a in x.items()}

    def to_dense(self, x):
        """As `to_tensor`, in the user's units."""
        return self._tensors(x, "to_dense")

    def to_tensor(self, x):
        """Tensors as users pass them -> tensors of every name, zeros for what is missing."""
        return self._tensors(x, "to_tensor")

    def _tensors(self, x, method):
        size = tf.shape(tf.nest.flatten({n: x[n] for n in self.names if n in x})[0])[0]
        present = self._present_tensor(x, size)
        tensors = {}
        for column, (name, part) in enumerate(self.parts.items()):
            if name not in x:
                tensors[name] = tf.zeros([size, *self._event_shape_of(name)], part.dtype)
                continue
            value = getattr(part, method)(x[name])
            mask = tf.reshape(present[:, column], [-1] + [1] * (len(value.shape) - 1))
            tensors[name] = tf.where(mask, value, tf.zeros_like(value))
        return {**tensors, PRESENT: present}

    def _present_tensor(self, x, size):
        present = x.get(PRESENT, {})
        if not isinstance(present, dict):
            return tf.cast(present, tf.bool)
        columns = [
            tf.cast(present[name], tf.bool) if name in present else tf.fill([size], name in x)
            for name in self.names
        ]
        return tf.stack(columns, 1)

    def encoder_inputs(self, x):
        """name -> the encoder's input for that modality, and the mask."""
        views = {name: part.encoder_inputs(x[name]) for name, part in self.parts.items()}
        return {**views, PRESENT: x[PRESENT]}

    def encoder_inputs_shape(self, event_shape):
        """name -> shape of `encoder_inputs`, without the batch."""
        decoder = self.likelihood.decoder
        if decoder.decoders is None:
            decoder.choose(event_shape)
        return {
            name: part.encoder_inputs_shape(event_shape[name]) for name, part in self.parts.items()
        }

    # Data out

    def relocated(self, distribution):
        parts = distribution.parts.items()
        return type(distribution)({n: self.parts[n].relocated(part) for n, part in parts})

    def add_origin(self, x, dtype=tf.float64):
        return {name: self.parts[name].add_origin(value, dtype) for name, value in x.items()}

    def from_tensor(self, x):
        return {name: self.parts[name].from_tensor(value) for name, value in x.items()}

    def from_array(self, x):
        return {name: self.parts[name].from_array(value) for name, value in x.items()}

    def serving_inputs(self, event_shape, subsets):
        """Inputs of all modalities, and of subsets with the suffix `_NAME_NAME`.

        The default subsets are the single modalities.
        """
        signatures = self._signatures(event_shape, subsets, "signature")
        if self.needs_float64:
            exact = self._signatures(event_shape, subsets, "exact_signature")
            signatures |= {f"{suffix}_float64": specs for suffix, specs in exact.items()}
        return signatures

    def _signatures(self, event_shape, subsets, method):
        specs = {n: getattr(p, method)(event_shape[n], n) for n, p in self.parts.items()}
        signatures = {"": specs}
        for names in subset_names(subsets, self.names):
            signatures["".join(f"_{n}" for n in names)] = {n: specs[n] for n in names}
        return signatures

    def serving_outputs(self, x):
        """A tensor for each modality, by its name."""
        return self.from_tensor(x)
