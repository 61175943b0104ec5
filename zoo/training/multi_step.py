"""Several optimizer steps in one compiled call, so that small models do not wait for Python.

Keras' own `steps_per_execution` loops in a plain graph and starts one XLA program for each step;
here the loop itself is compiled and the weights stay in place. A step is `model.train_step`,
unchanged. As in Keras, batch callbacks run once for each call.
"""

import contextlib
import itertools

import keras
import numpy as np
import tensorflow as tf

from zoo.core.functions import compiled


def works(model):
    """Test whether a call can run several steps, which needs one replica and no eager mode."""
    return model.distribute_strategy.num_replicas_in_sync == 1 and not model.run_eagerly


def require_works(model):
    """Raise `ValueError` if `steps_per_execution` asks for several steps where this cannot work."""
    if model.steps_per_execution != 1 and not works(model):
        raise ValueError(
            "steps_per_execution must be 1 with several replicas or run_eagerly, got "
            f"{model.steps_per_execution}"
        )


@contextlib.contextmanager
def train_function(model, function, steps):
    """Let Keras' `fit` call `function(iterator)` once for each `steps` steps.

    `VAE.make_train_function` is the hook: Keras calls it when `fit` starts.
    """
    before = model.steps_per_execution, model.train_function
    model.steps_per_execution, model._multi_step_function = steps, function
    if steps != before[0]:
        model.test_function = None  # Keras compiles the number of steps into it
    try:
        yield
    finally:
        model._multi_step_function = None
        model.steps_per_execution, model.train_function = before
        if steps != before[0]:
            model.test_function = None


# Numbers of rows are rounded up, so that programs are reused for data of another size.
MIN_ROWS, MIN_ROWS_BYTES = 256, 1 << 24


def rounded_up(rows, row_bytes):
    """The next number of rows to compile for: at most an eighth more, or `MIN_ROWS_BYTES` more."""
    step = max(1, min(MIN_ROWS, MIN_ROWS_BYTES // max(1, row_bytes)))
    step = max(step, 1 << max(0, rows.bit_length() - 4))
    return -(-rows // step) * step


def trace_any_size(model, arrays):
    """Trace the program that XLA does not compile once, for any batch size and number of rows.

    Without this the last, smaller batch of an epoch costs a second trace. With it, batches of
    unknown size make each step a little slower.
    """

    def spec(a):
        return None if a is None else tf.TensorSpec((None, *a.shape[1:]), a.dtype)

    order = tf.TensorSpec((None, None), tf.int32)
    rows = keras.tree.map_structure(spec, arrays)
    _program(model, False).get_concrete_function(rows, order, tf.TensorSpec((), tf.int32))


def resident_function(model, data, steps, first_epoch, capacity=None):
    """A train function for arrays that are held in the memory of the device.

    Its iterator yields the numbers of chunks, 0, 1, ...: row numbers themselves, as elements of a
    dataset that Python generates, would slow small models down by a third.

    Args:
        steps: number of steps in a call.
        capacity: number of steps for which to compile; `steps` by default.
    """
    size = rounded_up(data.row_count, data.bytes // data.row_count)
    rows = keras.tree.map_structure(lambda a: _tensor(a, size), data.arrays)

    def run(iterator):
        order = data.chunk(int(next(iterator)), first_epoch, steps)
        return _train(model, rows, order, data.batch_size, max(steps, capacity or 0))

    return run


def gathered_function(model, batch_size, steps):
    """A train function whose iterator yields the rows of `steps` batches, `ArrayData.batches`."""

    def run(iterator):
        rows = next(iterator)
        return _train(model, rows, np.arange(_leaf(rows).shape[0]), batch_size, steps)

    return run


def dataset_function(model, steps):
    """A train function for any dataset; each call takes up to `steps` batches."""

    def run(iterator):
        logs = None
        batches = itertools.islice(iterator, steps)
        for (size, *_), group in itertools.groupby(batches, lambda b: tuple(_leaf(b).shape)):
            same_size = list(group)
            count = len(same_size)
            # Padded to `steps` batches, so that one program serves every count.
            same_size += same_size[-1:] * (steps - count if count > 1 else 0)
            rows = keras.tree.map_structure(lambda *leaves: tf.concat(leaves, 0), *same_size)
            logs = _train(model, rows, np.arange(count * size), size, steps)
        if logs is None:
            raise StopIteration
        return logs

    return run


def _train(model, rows, order, batch_size, steps):
    """Train on the rows in this order, `batch_size` at a time; return the last batch's logs."""
    full, rest = divmod(len(order), batch_size)
    order, last = np.split(order.astype("int32"), [full * batch_size])
    logs = None
    if full:
        # Padded to `steps` batches, so that one program serves every count.
        batches = np.zeros((steps, batch_size), "int32")
        batches[:full] = order.reshape(full, batch_size)
        program = _program(model, bool(model.jit_compile))
        logs = program(rows, tf.constant(batches), tf.constant(full))
    if rest:  # the last, smaller batch of an epoch is not worth a compilation
        logs = _program(model, False)(rows, tf.constant(last[None]), tf.constant(1))
    return logs


def _program(model, jit_compile):
    """A compiled function that gathers and trains on each of the first n batches of row numbers."""

    def program(rows, order, n):
        def step(i):
            batch = tf.gather(order, i)
            model.train_step(keras.tree.map_structure(lambda a: _take(a, batch), rows))
            return (i + 1,)

        tf.while_loop(lambda i: i < n, step, [tf.constant(0)], parallel_iterations=1)
        return model.get_metrics_result()

    return compiled(model, ("train", jit_compile), program, jit_compile)


def _take(a, rows):
    return None if a is None else tf.gather(a, rows)


def _tensor(a, size):
    """The rows of an array as a tensor, with zeros behind them up to `size` rows."""
    if a is None:
        return None
    if len(a) < size:
        a = np.concatenate([a, np.zeros((size - len(a), *a.shape[1:]), a.dtype)])
    return tf.convert_to_tensor(a)


def _leaf(tree):
    return next(a for a in keras.tree.flatten(tree) if a is not None)
