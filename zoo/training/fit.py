"""What happens around `keras.Model.fit`: checked input, reproducible order, resuming, the guard.

The training loop, callbacks and validation are Keras' own.
"""

import contextlib
import math

import keras
import numpy as np
import tensorflow as tf

from zoo.callbacks.guard import NonFiniteGuard
from zoo.core import inputs, nested, validation
from zoo.training import adapt, multi_step
from zoo.training.array_data import ArrayFeed

BATCH_SIZE = 128


def fit(
    model,
    keras_fit,
    x=None,
    y=None,
    *,
    batch_size=None,
    epochs=1,
    callbacks=None,
    validation_split=0.0,
    validation_data=None,
    shuffle=True,
    class_weight=None,
    sample_weight=None,
    initial_epoch=0,
    steps_per_epoch=None,
    validation_batch_size=None,
    **kwargs,
):
    """`keras.Model.fit` for a `VAE`: same arguments, batches of 128 by default.

    Arrays are seen in an order that is a function of (seed, epoch) alone. A dataset or generator
    comes in its own order. Callbacks with a `restore(model)` method (`zoo.Resume`) say at which
    epoch to go on.

    Raises:
        ValueError, TypeError: data that the model cannot take, before the first step.
        FloatingPointError: the loss became NaN or infinite; the last good weights are kept.
    """
    if not model.compiled:
        model.compile()
    validation.count_or_none(
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        validation_batch_size=validation_batch_size,
    )
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = _split(x, y, sample_weight, validation_split)
    if not model.decoder.likelihood.adapted:
        adapt.adapt_likelihood(model, x)
    if not hasattr(x, "__next__"):  # what can be read only once is left to train on
        model.decoder.likelihood.check_training(adapt.parts(x))
    raw = x
    x = inputs.training_data(model, x, y, sample_weight)
    adapt.adapt_latents(model, raw)
    if validation_data is not None:
        validation_data = _validation(model, validation_data)
        kwargs["validation_batch_size"] = validation_batch_size or batch_size or BATCH_SIZE
    callbacks = _callbacks(callbacks)
    kwargs.update(epochs=epochs, callbacks=callbacks, validation_data=validation_data)
    kwargs["initial_epoch"] = _first_epoch(model, callbacks, initial_epoch)
    with inputs.plain_errors():
        if inputs.is_stream(x):
            kwargs.update(class_weight=class_weight, steps_per_epoch=steps_per_epoch)
            return _fit_stream(model, keras_fit, x, y, sample_weight, batch_size, shuffle, kwargs)
        feed = ArrayFeed(
            _trimmed(x, y, _with_classes(y, sample_weight, class_weight)),
            batch_size or BATCH_SIZE,
            seed=int(model.seed_generator.state.numpy()[0]),
            shuffle=shuffle,
            steps_per_epoch=steps_per_epoch,
        )
        return _fit_feed(model, keras_fit, feed, kwargs)


def _validation(model, data):
    """Validation data, checked and prepared."""
    if isinstance(data, list):
        data = (data,)  # of texts or series; Keras would take it for (x, y, sample_weight)
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    prepared = inputs.training_data(model, x, y, sample_weight, argument="validation_data")
    return prepared if inputs.is_stream(x) else _trimmed(prepared, y, sample_weight)


def _first_epoch(model, callbacks, initial_epoch):
    """Where to begin: where the caller says, or where a callback found an earlier run's state."""
    if model.built:
        with model.distribute_strategy.scope():
            model.optimizer.build(model.trainable_variables)
    found = [c.restore(model) for c in callbacks if hasattr(c, "restore")]
    return max([initial_epoch, *found])


def _fit_feed(model, keras_fit, feed, kwargs):
    """Train on arrays: in helpings, or batch by batch where several replicas or eager mode ask."""
    steps = model.steps_per_execution
    kwargs.update(steps_per_epoch=feed.steps_per_epoch, shuffle=False)
    if not _multi_step_works(model):
        if steps != 1:
            raise ValueError(
                f"steps_per_execution must be 1 with several replicas or run_eagerly, got {steps}"
            )
        return keras_fit(feed.batches(kwargs["initial_epoch"]), **kwargs)
    steps, first = feed.steps_per_chunk(min(steps, feed.steps_per_epoch)), kwargs["initial_epoch"]
    if feed.resident:
        function = multi_step.resident_function(model, feed, steps, first)
        dataset = tf.data.Dataset.range(1).repeat()  # for Keras to iterate; nothing reads it
    else:
        function = multi_step.gathered_function(model, feed.batch_size, steps)
        dataset = feed.batches(first, steps)
    with _train_function(model, function, steps):
        return keras_fit(dataset, **kwargs)


def _fit_stream(model, keras_fit, x, y, sample_weight, batch_size, shuffle, kwargs):
    """Train on what comes batch by batch: a dataset, or what Keras reads itself."""
    if isinstance(x, tf.data.Dataset):
        if batch_size is not None:
            raise ValueError(
                f"batch_size must be None where x is a dataset, whose batches are as they come, "
                f"got {batch_size}"
            )
        return _fit_dataset(model, keras_fit, x, kwargs)
    kwargs.update(batch_size=batch_size, sample_weight=sample_weight, shuffle=shuffle)
    return keras_fit(x, y, **kwargs)


def _fit_dataset(model, keras_fit, dataset, kwargs):
    """Train on a dataset in its own order."""
    kwargs["shuffle"] = False
    steps = model.steps_per_execution
    if steps == 1 or not _multi_step_works(model):
        return keras_fit(dataset, **kwargs)
    if kwargs["steps_per_epoch"]:
        # An epoch must end with a call: Keras would run past its end.
        steps = math.gcd(steps, kwargs["steps_per_epoch"])
    with _train_function(model, multi_step.dataset_function(model, steps), steps):
        return keras_fit(dataset, **kwargs)


def _multi_step_works(model):
    return model.distribute_strategy.num_replicas_in_sync == 1 and not model.run_eagerly


@contextlib.contextmanager
def _train_function(model, function, steps):
    """Let Keras call `function` once for each `steps` steps; it calls whatever is there."""
    before = model.steps_per_execution, model.train_function
    model.steps_per_execution, model.train_function = steps, function
    if steps != before[0]:
        model.test_function = None  # Keras compiles the number of steps into it
    try:
        yield
    finally:
        model.steps_per_execution, model.train_function = before
        if steps != before[0]:
            model.test_function = None


def _trimmed(x, y, sample_weight):
    """(x,), (x, y) or (x, y, sample_weight): as much as there is."""
    if sample_weight is not None:
        return x, y, sample_weight
    return (x,) if y is None else (x, y)


def _callbacks(callbacks):
    if callbacks is None:
        callbacks = []
    elif isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [callbacks]
    callbacks = list(callbacks)
    if not any(isinstance(c, NonFiniteGuard) for c in callbacks):
        callbacks.insert(0, NonFiniteGuard())
    return callbacks


def _split(x, y, sample_weight, fraction):
    """The last `fraction` of the rows for validation, as Keras does it."""
    inputs.given(x)
    if inputs.is_stream(x):
        raise ValueError(
            "validation_split needs arrays, got a dataset: give validation_data= instead"
        )
    rows = nested.rows(x)
    first = int(rows * (1.0 - fraction))
    if not 0 < first < rows:
        raise ValueError(
            f"validation_split={fraction} leaves {first} of {rows} examples to train on"
        )
    both = [(None, None) if a is None else _cut_at(first, a) for a in (x, y, sample_weight)]
    train, valid = zip(*both, strict=True)
    return train, valid


def _cut_at(row, a):
    return nested.cut(a, slice(row)), nested.cut(a, slice(row, None))


def _with_classes(y, sample_weight, class_weight):
    """Sample weights with class weights folded in."""
    if class_weight is None:
        return sample_weight
    if y is None:
        raise ValueError("class_weight needs labels y, got y=None")
    weights = np.array([class_weight.get(int(label), 1.0) for label in np.asarray(y)], "float32")
    return weights if sample_weight is None else weights * np.asarray(sample_weight, "float32")


def per_worker(logs):
    """Each log as a vector of one where several workers train.

    Keras takes the mean over workers along axis 0, which a scalar does not have.
    """
    strategy = tf.distribute.get_strategy()
    extended = getattr(strategy.extended, "_in_multi_worker_mode", None)
    if extended is None or not extended():
        return logs
    return {name: tf.reshape(value, [1]) for name, value in logs.items()}
