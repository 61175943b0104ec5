"""`fit` of a `VAE`: checked data and a reproducible order around `keras.Model.fit`.

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
from zoo.training.array_data import ArrayData, for_keras

BATCH_SIZE = 128


def fit(
    model,
    keras_fit,
    x=None,
    y=None,
    *,
    batch_size=None,
    callbacks=None,
    validation_split=0.0,
    validation_data=None,
    shuffle=True,
    class_weight=None,
    sample_weight=None,
    initial_epoch=0,
    steps_per_epoch=None,
    validation_batch_size=None,
    **options,
):
    """`keras.Model.fit` for a `VAE`: same arguments, batches of 128 by default.

    Arrays are read in an order that is a function of (seed, epoch) alone; a dataset or generator
    has its own order. A callback with a `restore(model)` method (`zoo.Resume`) returns the epoch
    from which to continue.

    Args:
        model: the `VAE`.
        keras_fit: `keras.Model.fit`, bound to the model.
        **options: `epochs`, `verbose`, ... as in Keras.

    Raises:
        ValueError, TypeError: data that the model cannot take, before the first step.
        FloatingPointError: the loss became NaN or infinite; the last good weights are restored.
    """
    if not model.compiled:
        model.compile()
    validation.check_optional_counts(
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        validation_batch_size=validation_batch_size,
    )
    validation.check_naturals(initial_epoch=initial_epoch, epochs=options.get("epochs", 1))
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = _split(x, y, sample_weight, validation_split)
    train = _training_examples(model, x, y, sample_weight)
    held_out = _validation_examples(model, validation_data)
    validation_batch_size = validation_batch_size or batch_size or BATCH_SIZE
    held_out = held_out and for_keras(model, held_out, validation_batch_size)
    callbacks = _with_guard(callbacks)
    options |= {
        "callbacks": callbacks,
        "initial_epoch": _first_epoch(model, callbacks, initial_epoch),
        "validation_data": held_out and held_out.as_tuple(),
        "validation_batch_size": validation_batch_size,
    }
    with inputs.plain_errors(), _validated(model, held_out):
        if not train.is_stream:
            weights = _with_class_weights(train.y, train.sample_weight, class_weight)
            data = ArrayData(
                inputs.Examples(model.preprocessor.compact(train.x), train.y, weights).as_tuple(),
                batch_size or BATCH_SIZE,
                seed=int(model._seed_state.numpy()[0]),
                shuffle=shuffle,
                steps_per_epoch=steps_per_epoch,
            )
            return _fit_arrays(model, keras_fit, data, options)
        options |= {"class_weight": class_weight, "steps_per_epoch": steps_per_epoch}
        if isinstance(train.x, tf.data.Dataset):
            return _fit_dataset(model, keras_fit, train.x, batch_size, options)
        return keras_fit(
            train.x,
            y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            shuffle=shuffle,
            **options,
        )


def _training_examples(model, x, y, sample_weight):
    """Checked training data; the model is adapted to them and built."""
    if not model.preprocessor.adapted:
        adapt.adapt_preprocessor(model, x)
    if not hasattr(x, "__next__"):  # a generator can be read only once, for training
        model.preprocessor.validate_training(adapt.parts(x))
    examples = inputs.examples(model, x, y, sample_weight)
    adapt.adapt_latents(model, x, examples.x)
    return examples


def _validation_examples(model, data):
    """Checked validation data, or None."""
    if data is None:
        return None
    if isinstance(data, list):
        data = (data,)  # texts or series; Keras would unpack the list as (x, y, sample_weight)
    examples = keras.utils.unpack_x_y_sample_weight(data)
    return inputs.examples(model, *examples, argument="validation_data")


@contextlib.contextmanager
def _validated(model, examples):
    """Mark validation data as checked: Keras passes them to `evaluate` after each epoch."""
    model._validated = None if examples is None else examples.x
    try:
        yield
    finally:
        model._validated = None


def _first_epoch(model, callbacks, initial_epoch):
    """`initial_epoch`, or the epoch of an earlier run's state that a callback restored."""
    if model.built:
        with model.distribute_strategy.scope():
            model.optimizer.build(model.trainable_variables)
    restored = [c.restore(model) for c in callbacks if hasattr(c, "restore")]
    return max([initial_epoch, *restored])


def _fit_arrays(model, keras_fit, data, options):
    """Train on arrays: many steps in each call, or one with several replicas or in eager mode."""
    options |= {"steps_per_epoch": data.steps_per_epoch, "shuffle": False}
    first_epoch, steps = options["initial_epoch"], model.steps_per_execution
    if not multi_step.works(model):
        if steps != 1:
            raise ValueError(
                f"steps_per_execution must be 1 with several replicas or run_eagerly, got {steps}"
            )
        return keras_fit(data.batches(first_epoch), **options)
    capacity, steps = steps, data.steps_per_chunk(min(steps, data.steps_per_epoch))
    if data.resident:
        function = multi_step.resident_function(model, data, steps, first_epoch, capacity)
        chunks = tf.data.Dataset.counter()
    else:
        function = multi_step.gathered_function(model, data.batch_size, steps)
        chunks = data.batches(first_epoch, steps)
    with multi_step.train_function(model, function, steps):
        return keras_fit(chunks, **options)


def _fit_dataset(model, keras_fit, dataset, batch_size, options):
    """Train on a dataset in its own order."""
    if batch_size is not None:
        raise ValueError(
            "batch_size must be None if x is a dataset, which yields batches already, "
            f"got {batch_size}"
        )
    options["shuffle"] = False
    steps = model.steps_per_execution
    if steps == 1 or not multi_step.works(model):
        return keras_fit(dataset, **options)
    if options["steps_per_epoch"]:
        # Calls must fill an epoch exactly, or Keras would run past its end.
        steps = math.gcd(steps, options["steps_per_epoch"])
    with multi_step.train_function(model, multi_step.dataset_function(model, steps), steps):
        return keras_fit(dataset, **options)


def _with_guard(callbacks):
    """The callbacks as a list, with a `NonFiniteGuard` in front."""
    if callbacks is None:
        callbacks = []
    elif isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [callbacks]
    guarded = any(isinstance(c, NonFiniteGuard) for c in callbacks)
    return [*callbacks] if guarded else [NonFiniteGuard(), *callbacks]


def _split(x, y, sample_weight, fraction):
    """The last `fraction` of the rows for validation, as Keras does it."""
    inputs.require_examples(x)
    if inputs.is_stream(x):
        raise ValueError(
            "validation_split must be 0 where x is a dataset: pass validation_data= instead"
        )
    row_count = nested.row_count(x)
    first = int(row_count * (1.0 - fraction))
    if not 0 < first < row_count:
        raise ValueError(
            f"validation_split={fraction} leaves {first} of {row_count} examples to train on"
        )

    def halves(a):
        if a is None:
            return None, None
        return nested.take_rows(a, slice(first)), nested.take_rows(a, slice(first, None))

    return tuple(zip(*map(halves, (x, y, sample_weight)), strict=True))


def _with_class_weights(y, sample_weight, class_weight):
    """Sample weights times class weights."""
    if class_weight is None:
        return sample_weight
    if y is None:
        raise ValueError("class_weight needs labels y, got y=None")
    weights = np.array([class_weight.get(int(label), 1.0) for label in np.asarray(y)], "float32")
    return weights if sample_weight is None else weights * np.asarray(sample_weight, "float32")
