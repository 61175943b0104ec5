"""Many optimizer steps in one compiled call, so that small models are not slowed down by what is
around a step.

Keras' own `steps_per_execution` loops in a plain graph and starts one XLA program a step; here the
loop itself is compiled and the weights stay in place. What a step computes is `model.train_step`,
unchanged. Callbacks hear of batches once a call, as with any `steps_per_execution`.
"""

import itertools

import keras
import numpy as np
import tensorflow as tf


def resident_function(model, feed, steps, first_epoch):
    """A train function for `keras.Model.fit` over arrays that stay where the model computes.

    It keeps its own count of where it is in the feed and ignores the iterator that Keras passes.
    """
    rows = keras.tree.map_structure(_tensor, feed.data)
    chunks = feed.chunks(first_epoch, steps)
    return lambda _: _train(model, rows, next(chunks), feed.batch_size, steps)


def gathered_function(model, batch_size, steps):
    """The same for rows that the iterator brings, `steps` batches at a time."""

    def run(iterator):
        rows = next(iterator)
        return _train(model, rows, np.arange(_leaf(rows).shape[0]), batch_size, steps)

    return run


def dataset_function(model, steps):
    """The same for any dataset: draws up to `steps` batches a call."""

    def run(iterator):
        logs = None
        drawn = itertools.islice(iterator, steps)
        for (size, *_), run in itertools.groupby(drawn, lambda batch: tuple(_leaf(batch).shape)):
            run = list(run)
            count = len(run)
            run += run[-1:] * (steps - count if count > 1 else 0)  # one program for every count
            rows = keras.tree.map_structure(lambda *leaves: tf.concat(leaves, 0), *run)
            logs = _train(model, rows, np.arange(count * size), size, steps)
        if logs is None:
            raise StopIteration
        return logs

    return run


def _train(model, rows, order, batch_size, steps):
    """Train on the rows in this order, `batch_size` at a time; the logs after the last batch."""
    full, rest = divmod(len(order), batch_size)
    order, last = np.split(order.astype("int32"), [full * batch_size])
    logs = None
    if full:
        # Padded to `steps` lines: one program for every count.
        lines = np.zeros((steps, batch_size), "int32")
        lines[:full] = order.reshape(full, batch_size)
        logs = _program(model, bool(model.jit_compile))(rows, tf.constant(lines), tf.constant(full))
    if rest:  # an epoch's last, smaller batch is not worth compiling for
        logs = _program(model, False)(rows, tf.constant(last[None]), tf.constant(1))
    return logs


def _program(model, jit_compile):
    """Gather and train on each of the first n lines of `order`."""

    def program(rows, order, n):
        def step(i):
            batch = tf.gather(order, i)
            model.train_step(keras.tree.map_structure(lambda a: _take(a, batch), rows))
            return (i + 1,)

        tf.while_loop(lambda i: i < n, step, [tf.constant(0)], parallel_iterations=1)
        return model.get_metrics_result()

    return model.compiled_function(("train", jit_compile), program, jit_compile)


def _take(a, rows):
    return None if a is None else tf.gather(a, rows)


def _tensor(a):
    return None if a is None else tf.convert_to_tensor(a)


def _leaf(tree):
    return next(a for a in keras.tree.flatten(tree) if a is not None)
