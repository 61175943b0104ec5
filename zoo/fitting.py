"""What happens around `keras.Model.fit`: checked input, reproducible order, resuming, the guard.

The training loop, callbacks and validation are Keras' own.
"""

import keras
import numpy as np
import tensorflow as tf

from zoo import checks
from zoo.callbacks.guard import NonFiniteGuard
from zoo.feeds import ArrayFeed, helping_function

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
    if batch_size is not None:
        checks.count(batch_size=batch_size)
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = _split(x, y, sample_weight, validation_split)
    arrays = checks.training_data(model, x, y, sample_weight)
    if validation_data is not None:
        valid = keras.utils.unpack_x_y_sample_weight(validation_data)
        checks.training_data(model, *valid, argument="validation_data")
        kwargs["validation_batch_size"] = validation_batch_size or batch_size or BATCH_SIZE
    callbacks = _callbacks(callbacks)
    if model.built:
        with model.distribute_strategy.scope():
            model.optimizer.build(model.trainable_variables)
    initial_epoch = max(
        [initial_epoch] + [c.restore(model) for c in callbacks if hasattr(c, "restore")]
    )
    common = dict(
        epochs=epochs,
        callbacks=callbacks,
        validation_data=validation_data,
        initial_epoch=initial_epoch,
        **kwargs,
    )
    if not arrays:
        common.update(class_weight=class_weight, steps_per_epoch=steps_per_epoch)
        common.update(shuffle=shuffle and not isinstance(x, tf.data.Dataset))
        return keras_fit(x, y, batch_size=batch_size, sample_weight=sample_weight, **common)
    weight = _with_classes(y, sample_weight, class_weight)
    data = tuple(a for a in (x, y, weight))[
        : 3 if weight is not None else 2 if y is not None else 1
    ]
    feed = ArrayFeed(
        data,
        batch_size or BATCH_SIZE,
        seed=int(model.seed_generator.state.numpy()[0]),
        shuffle=shuffle,
        steps_per_epoch=steps_per_epoch,
    )
    return _fit_feed(model, keras_fit, feed, initial_epoch, common)


def _fit_feed(model, keras_fit, feed, initial_epoch, common):
    """Train on arrays: in helpings, or batch by batch where several replicas or eager mode ask."""
    steps = model.steps_per_execution
    alone = model.distribute_strategy.num_replicas_in_sync == 1
    common.update(steps_per_epoch=feed.steps_per_epoch, shuffle=False)
    if not alone or model.run_eagerly:
        if steps != 1:
            raise ValueError(
                f"steps_per_execution must be 1 with several replicas or run_eagerly, got {steps}"
            )
        return keras_fit(feed.batches(initial_epoch), **common)
    steps = feed.steps_per_helping(min(steps, feed.steps_per_epoch))
    dataset = (feed.indices if feed.resident else feed.batches)(initial_epoch, steps)
    before = model.steps_per_execution, model.train_function
    # Keras calls whatever train_function there is, once for each steps_per_execution steps.
    model.steps_per_execution, model.train_function = steps, helping_function(model, feed, steps)
    try:
        return keras_fit(dataset, **common)
    finally:
        model.steps_per_execution, model.train_function = before


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
    if isinstance(x, tf.data.Dataset) or hasattr(x, "__next__"):
        raise ValueError(
            "validation_split needs arrays, got a dataset: give validation_data= instead"
        )
    rows = len(checks.numeric(x, "x"))
    first = int(rows * (1.0 - fraction))
    if not 0 < first < rows:
        raise ValueError(
            f"validation_split={fraction} leaves {first} of {rows} examples to train on"
        )
    both = [(None, None) if a is None else (a[:first], a[first:]) for a in (x, y, sample_weight)]
    train, valid = zip(*both, strict=True)
    return train, valid


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
