"""In-memory arrays as batches, in an order that is a function of (seed, epoch) alone.

Keras shuffles by a generator whose state is lost when the process ends. With this order a resumed
run gets the same batches as an uninterrupted one.
"""

import contextlib
import itertools
import math

import keras
import numpy as np
import tensorflow as tf

from zoo.core import nested, validation
from zoo.core.arrays import native
from zoo.core.examples import Examples

# Arrays up to this size are held in the memory of the device; larger ones are passed in chunks.
RESIDENT_BYTES = 1 << 30
CHUNK_BYTES = 1 << 28


class ArrayData:
    """Batches of in-memory arrays.

    Args:
        arrays: tuple of (x,), (x, y) or (x, y, sample_weight); each None or a tree of arrays with
            equally many rows. y and weights become float32 here once, not by Keras at each step.
        batch_size: rows in a batch; the last of an epoch may be smaller.
        seed: an integer; seed and epoch determine the order.
        shuffle: whether the order is random.
        steps_per_epoch: with None, an epoch is one pass over the data; with a number, an epoch has
            that many full batches of an endless sequence of passes.
    """

    def __init__(self, arrays, batch_size, *, seed, shuffle=True, steps_per_epoch=None):
        x, *others = arrays
        x = keras.tree.map_structure(np.asanyarray, x)
        self.arrays = (x, *keras.tree.map_structure(_as_float32, others))
        self.row_count = len(next(a for a in keras.tree.flatten(self.arrays) if a is not None))
        self.batch_size = min(batch_size, self.row_count) if steps_per_epoch is None else batch_size
        self.seed, self.shuffle = seed, shuffle
        self.endless = steps_per_epoch is not None
        self.steps_per_epoch = steps_per_epoch or math.ceil(self.row_count / self.batch_size)
        self.has_smaller_batch = not self.endless and self.row_count % batch_size > 0
        self._last_order = None  # (epoch, its order)

    def order(self, epoch):
        """Row numbers of an epoch, in the order of training."""
        if not self.endless:
            return self._pass_order(epoch)
        length = self.steps_per_epoch * self.batch_size
        first = epoch * length
        passes = range(first // self.row_count, (first + length - 1) // self.row_count + 1)
        rows = np.concatenate([self._pass_order(p) for p in passes])
        start = first - passes[0] * self.row_count
        return rows[start : start + length]

    def _pass_order(self, number):
        if not self.shuffle:
            return np.arange(self.row_count, dtype=np.int32)
        return (
            np.random.default_rng((self.seed, number)).permutation(self.row_count).astype(np.int32)
        )

    def chunks(self, first_epoch, steps):
        """Yield row numbers, `steps` batches at a time, from `first_epoch` on, without end."""
        for epoch in itertools.count(first_epoch):
            order = self.order(epoch)
            for start in range(0, len(order), steps * self.batch_size):
                yield order[start : start + steps * self.batch_size]

    def chunk(self, number, first_epoch, steps):
        """Row numbers of chunk `number` of a run that begins at `first_epoch`, as in `chunks`."""
        epoch, part = divmod(number, math.ceil(self.steps_per_epoch / steps))
        epoch += first_epoch
        if self._last_order is None or self._last_order[0] != epoch:
            self._last_order = epoch, self.order(epoch)
        size = steps * self.batch_size
        return self._last_order[1][part * size : (part + 1) * size]

    def batches(self, first_epoch, steps=1):
        """Dataset of the rows themselves, gathered on the host, `steps` batches at a time."""
        flat = keras.tree.flatten(self.arrays)
        arrays = [a for a in flat if a is not None]

        def take(rows):
            tensors = tf.numpy_function(
                lambda r: [native(a[r]) for a in arrays],
                [rows],
                [a.dtype for a in arrays],
                stateful=False,
            )
            for tensor, array in zip(tensors, arrays, strict=True):
                tensor.set_shape([None, *array.shape[1:]])
            tensors = iter(tensors)
            leaves = [None if a is None else next(tensors) for a in flat]
            return keras.tree.pack_sequence_as(self.arrays, leaves)

        dataset = tf.data.Dataset.from_generator(
            lambda: self.chunks(first_epoch, steps),
            output_signature=tf.TensorSpec([None], tf.int32),
        )
        dataset = dataset.map(take, num_parallel_calls=1).prefetch(2)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = (
            tf.data.experimental.AutoShardPolicy.DATA
        )
        return dataset.with_options(options)

    @property
    def bytes(self):
        """Size of all arrays."""
        return sum(a.nbytes for a in keras.tree.flatten(self.arrays) if a is not None)

    @property
    def resident(self):
        """True if the arrays are held in the memory of the device."""
        mapped = any(isinstance(a, np.memmap) for a in keras.tree.flatten(self.arrays))
        return self.bytes <= RESIDENT_BYTES and not mapped

    def steps_per_chunk(self, steps):
        """`steps`, or fewer if that many batches do not fit into a chunk."""
        if self.resident:
            return steps
        batch = max(1, self.bytes * self.batch_size // self.row_count)
        return max(1, min(steps, CHUNK_BYTES // batch))


def weighted(examples, batch_size):
    """Examples with weights and without y as a dataset, because Keras drops such weights.

    Args:
        examples: `Examples`; others are returned unchanged.
        batch_size: rows in a batch.
    """
    if examples.is_stream or examples.sample_weight is None or examples.y is not None:
        return examples
    data = ArrayData(examples.as_tuple(), batch_size, seed=0, shuffle=False)
    count = data.steps_per_epoch
    dataset = data.batches(0).take(count).apply(tf.data.experimental.assert_cardinality(count))
    return Examples(dataset)


def _as_float32(a):
    """A NumPy array, float32 if it is float64."""
    if a is None:
        return None
    a = a if isinstance(a, np.ndarray) else np.asarray(a)
    return a.astype("float32") if a.dtype == np.float64 else a


def for_keras(model, examples, batch_size=None):
    """Examples as `keras.Model.evaluate` and `predict` take them without a loss of digits.

    Keras casts arrays of float64 to `keras.config.floatx()`, but not the batches of a dataset.

    Args:
        model: a `VAE`.
        examples: `Examples`.
        batch_size: as in Keras, 32 by default.
    """
    if examples.is_stream or not model.preprocessor.needs_float64:
        return examples
    parts = {"x": examples.x, "y": examples.y, "w": examples.sample_weight}
    parts = {name: part for name, part in parts.items() if part is not None}
    dataset = tf.data.Dataset.from_tensor_slices(parts).batch(batch_size or 32)
    return Examples(dataset.map(lambda p: (p["x"], p.get("y"), p.get("w"))))


def whole_batches(x, batch_size=None):
    """x with its last row repeated, so that all batches are full, and the size of a batch.

    Keras compiles `predict` for each size of a batch. Less than a batch is rounded up to a power of
    two.

    Args:
        x: an array or a dict of arrays.
        batch_size: as in Keras, 32 by default.
    """
    batch_size = 32 if batch_size is None else batch_size
    validation.check_counts(batch_size=batch_size)
    rows = nested.row_count(x)
    batch_size = min(batch_size, 1 << (rows - 1).bit_length())
    if rows % batch_size == 0 or any(isinstance(a, np.memmap) for a in tf.nest.flatten(x)):
        return x, batch_size
    at = np.minimum(np.arange(-(-rows // batch_size) * batch_size), rows - 1)
    return nested.take_rows(x, at), batch_size


@contextlib.contextmanager
def single_steps(model):
    """Let Keras' `predict` take one batch in each call; it would trace each number of batches."""
    steps, model.steps_per_execution = model.steps_per_execution, 1
    try:
        yield
    finally:
        model.steps_per_execution = steps
