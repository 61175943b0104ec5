"""Data that come batch by batch: datasets, `PyDataset`s, generators, data loaders."""

import collections
import concurrent.futures
import itertools

import keras
import numpy as np
import tensorflow as tf

# Iterables of these modules hold values rather than batches: list, dict, deque, array.
CONTAINERS = ("builtins", "collections", "array")


def is_stream(x):
    """True if x comes batch by batch."""
    if isinstance(x, type):  # which has the attributes of its objects
        return False
    if isinstance(x, (tf.data.Dataset, keras.utils.PyDataset)) or is_one_shot(x):
        return True
    array_like = hasattr(x, "__array__") or hasattr(x, "shape") or isinstance(x, tf.Tensor)
    container = isinstance(x, dict) or type(x).__module__ in CONTAINERS
    return hasattr(x, "__iter__") and not array_like and not container


def is_one_shot(x):
    """True if x can be read only once, as a generator."""
    return hasattr(x, "__next__")


def x_of(element):
    """x of a stream's element (x, y, ...), or of an element that is x alone."""
    return unpack(element)[0]


def unpack(element, argument="x"):
    """(x, y, sample_weight) of a stream's element, each of the last two None where absent."""
    if not isinstance(element, tuple):
        return element, None, None
    if not 1 <= len(element) <= 3:
        raise ValueError(
            f"{argument} must be x, (x,), (x, y) or (x, y, sample_weight), "
            f"got a tuple of {len(element)}"
        )
    return (*element, None, None)[:3]


def elements(stream, order=None):
    """Iterate over the elements of one pass.

    Args:
        stream: a stream.
        order: function of the number of batches -> indices; for a finite `PyDataset`.
    """
    if isinstance(stream, keras.utils.PyDataset):
        return _of_py_dataset(stream, order)
    if type(stream).__module__.startswith("torch."):  # its default collation makes lists
        return (tuple(e) if isinstance(e, list) else e for e in stream)
    return iter(stream)


def length(stream):
    """Number of batches of one pass; None if it is unknown or infinite."""
    if isinstance(stream, keras.utils.PyDataset):
        return stream.num_batches
    if isinstance(stream, tf.data.Dataset):
        count = int(stream.cardinality())
        return count if count >= 0 else None
    return len(stream) if hasattr(stream, "__len__") else None


def is_endless(x):
    """True if one pass over the stream never ends."""
    if isinstance(x, keras.utils.PyDataset):
        return x.num_batches is None
    return isinstance(x, tf.data.Dataset) and x.cardinality() == tf.data.INFINITE_CARDINALITY


def require_end(x, argument="x", steps=None, steps_argument=None):
    """Raise `ValueError` if x never ends and nothing else limits how much of it is read.

    Args:
        x: any data; a generator's length is unknown, so it passes.
        argument: name of x.
        steps: number of batches to read, or None.
        steps_argument: name of `steps`, where the caller has such an argument.
    """
    if steps is not None or not is_endless(x):
        return
    if steps_argument:
        remedy = f"pass {steps_argument}="
    elif isinstance(x, tf.data.Dataset):
        remedy = f"leave repeat() out, or take the first n batches, {argument}.take(n)"
    else:
        remedy = "give it a number of batches"
    raise ValueError(f"{argument} must have an end, got {endless_kind(x)}: {remedy}")


def endless_kind(x):
    """Description of an endless stream, for an error."""
    if isinstance(x, tf.data.Dataset):
        return "a dataset that repeats without end, as repeat() makes it"
    return f"a {type(x).__name__} without a number of batches"


def parts(x):
    """x as an iterable, to be read again and again, of its batches without y; or of x as a whole.

    A generator must not be passed, because it can be read only once.
    """
    return Parts(x) if is_stream(x) else [x]


class Parts:
    """Iterable over x of each element of a stream."""

    def __init__(self, stream):
        self.stream = stream
        # Dicts of a Python stream may differ in their keys.
        self.same_structure = isinstance(stream, tf.data.Dataset)

    def __iter__(self):
        return map(x_of, elements(self.stream))


def _of_py_dataset(dataset, order):
    """Elements of a `PyDataset` in order, made by its workers."""
    count = dataset.num_batches
    indices = itertools.count() if count is None else (order or range)(count)
    dataset.on_epoch_begin()
    if dataset.workers > 1 or (dataset.workers and dataset.use_multiprocessing):
        yield from _by_workers(dataset, indices)
    else:
        yield from map(dataset.__getitem__, indices)
    dataset.on_epoch_end()


def _by_workers(dataset, indices):
    """Elements made ahead by threads or processes, at most `max_queue_size` of them."""
    if dataset.use_multiprocessing:
        pool = concurrent.futures.ProcessPoolExecutor(
            dataset.workers, initializer=_share, initargs=(dataset,)
        )
        item = _shared_item
    else:
        pool = concurrent.futures.ThreadPoolExecutor(dataset.workers)
        item = dataset.__getitem__
    waiting = collections.deque()
    try:
        for i in indices:
            waiting.append(pool.submit(item, i))
            if len(waiting) > dataset.max_queue_size:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_shared = None  # the dataset of a worker process, sent to it once


def _share(dataset):
    global _shared  # each worker process has one
    _shared = dataset


def _shared_item(i):
    return _shared[i]


def shuffled(seed):
    """An `order` for `elements`, another one at each pass."""
    rng = np.random.default_rng(seed)
    return rng.permutation
