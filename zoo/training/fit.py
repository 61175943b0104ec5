"""`fit` of a `VAE`: checked data and a reproducible order around `keras.Model.fit`.

The training loop, callbacks and validation are Keras' own.
"""

import contextlib
import functools
import math

import tensorflow as tf

from zoo.core import backend, functions, inputs, streams, targets
from zoo.core.checked_datasets import plain_errors
from zoo.core.examples import Examples
from zoo.training import adapt, arguments, data_order, fit_data, multi_step, session, undo, xla
from zoo.training.array_data import ArrayData

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
        ValueError, TypeError: data that the model cannot take: before the first step, or at a later
            batch of a stream, after which the model is as it was before the call.
        FloatingPointError: training diverged; the last good weights are restored.
    """
    backend.warn_without_onednn()
    callbacks = session.with_guard(callbacks)
    arguments.check_validation_split(validation_split)
    arguments.check_fit(
        {n: v for n, v in options.items() if n not in ("epochs", "verbose")},
        **{n: options[n] for n in ("epochs", "verbose") if n in options},
        initial_epoch=initial_epoch,
        shuffle=shuffle,
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        validation_batch_size=validation_batch_size,
    )
    targets.check_class_weight(class_weight)
    inputs.require_examples(x)
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = fit_data.split(
            x, y, sample_weight, validation_split
        )
    held_out = fit_data.unpack_validation(validation_data)
    fit_data.require_ends(x, steps_per_epoch, held_out, options.get("validation_steps"))
    fit_data.check_before_learning(model, (x, y, sample_weight), held_out, class_weight)
    if not model.compiled:
        model.compile()
    if streams.is_stream(x):
        fit_data.require_no_batch_size(batch_size)
    else:
        multi_step.require_works(model)
    order = streams.shuffled(_seed(model)) if shuffle else None
    validation_batch_size = validation_batch_size or batch_size or BATCH_SIZE
    held_out_stream = held_out is not None and streams.is_stream(held_out[0])
    with contextlib.ExitStack() as stack:
        with undo.learning_undone(model) as forget:
            train = fit_data.training_examples(model, x, y, sample_weight, held_out, order)
            if class_weight is not None and train.is_stream and len(train.x.element_spec) < 2:
                raise ValueError("class_weight needs labels y, got a dataset of x alone")
            held_out = held_out and fit_data.held_out_examples(
                model, held_out, validation_batch_size
            )
            description = functools.partial(
                data_order.describe,
                train,
                batch_size=batch_size or BATCH_SIZE,
                shuffle=shuffle,
                steps_per_epoch=steps_per_epoch,
                class_weight=class_weight,
            )
            if train.is_stream or held_out_stream:
                stack.enter_context(undo.training_undone(model, forget))
            first = stack.enter_context(session.session(model, callbacks, description))
            adapt.adapt_weights(model, x, train.x)
        stack.enter_context(plain_errors())
        stack.enter_context(_validated(model, held_out))
        stack.enter_context(functions.forgotten_on_error(model))
        options |= {
            "callbacks": callbacks,
            "validation_data": held_out and held_out.as_tuple(),
            "validation_batch_size": validation_batch_size,
            "initial_epoch": max(initial_epoch, first),
        }
        if not train.is_stream:
            weights = targets.with_class_weight(train.y, train.sample_weight, class_weight)
            data = ArrayData(
                Examples(model.preprocessor.compact(train.x), train.y, weights).as_tuple(),
                batch_size or BATCH_SIZE,
                seed=_seed(model),
                shuffle=shuffle,
                steps_per_epoch=steps_per_epoch,
            )
            with _compiled_for(model, data.steps_per_epoch, options):
                return _fit_arrays(model, keras_fit, data, options)
        options |= {"class_weight": class_weight, "steps_per_epoch": steps_per_epoch}
        with _compiled_for(model, steps_per_epoch or streams.length(train.x), options):
            return _fit_dataset(model, keras_fit, train.x, options)


def _seed(model):
    return int(model._seed_state.numpy()[0])


@contextlib.contextmanager
def _validated(model, examples):
    """Mark validation data as checked: Keras passes them to `evaluate` after each epoch."""
    model._validated = None if examples is None else examples.x
    try:
        yield
    finally:
        model._validated = None


def _compiled_for(model, steps_per_epoch, options):
    """Choose for all epochs, so that a resumed run makes the choice of the first one."""
    steps = steps_per_epoch and steps_per_epoch * options.get("epochs", 1)
    return xla.enabled(model, xla.of_training(model, steps))


def _fit_arrays(model, keras_fit, data, options):
    """Train on arrays: many steps in each call, or one with several replicas or in eager mode."""
    options |= {"steps_per_epoch": data.steps_per_epoch, "shuffle": False}
    first_epoch, steps = options["initial_epoch"], model.steps_per_execution
    if not multi_step.works(model):
        return keras_fit(data.batches(first_epoch), **options)
    short = xla.is_short(data.steps_per_epoch * options.get("epochs", 1))
    if short and data.has_smaller_batch and not model.jit_compile:
        multi_step.trace_any_size(model, data.arrays)
    capacity, steps = steps, data.steps_per_chunk(min(steps, data.steps_per_epoch))
    if data.resident:
        function = multi_step.resident_function(model, data, steps, first_epoch, capacity)
        chunks = tf.data.Dataset.counter()
    else:
        function = multi_step.gathered_function(model, data.batch_size, steps)
        chunks = data.batches(first_epoch, steps)
    with multi_step.train_function(model, function, steps):
        return keras_fit(chunks, **options)


def _fit_dataset(model, keras_fit, dataset, options):
    """Train on a dataset in its own order."""
    options["shuffle"] = False
    steps = model.steps_per_execution
    if steps == 1 or not multi_step.works(model):
        return keras_fit(dataset, **options)
    if options["steps_per_epoch"]:
        # Calls must fill an epoch exactly, or Keras would run past its end.
        steps = math.gcd(steps, options["steps_per_epoch"])
    with multi_step.train_function(model, multi_step.dataset_function(model, steps), steps):
        return keras_fit(dataset, **options)
