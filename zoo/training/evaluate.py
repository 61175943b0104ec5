"""`evaluate`, `predict` and the methods of one batch of a `VAE`: checked data around Keras'."""

import keras

from zoo.core import functions, nested, streams, targets, validation
from zoo.core.checked_datasets import plain_errors
from zoo.core.examples import examples, require_y
from zoo.training import arguments
from zoo.training.array_data import for_keras, single_steps, weighted, whole_batches

BATCH_SIZE = 32  # as in Keras
OF_EVALUATE = ("return_dict", "_use_cached_eval_dataset")


def evaluate(
    model, keras_evaluate, x=None, y=None, *, sample_weight=None, batch_size=None, **options
):
    """See `VAE.evaluate`."""
    loop = {name: value for name, value in options.items() if name not in OF_EVALUATE}
    arguments.check_loop("evaluate", batch_size=batch_size, **loop)
    streams.require_end(x, "x", options.get("steps"), "steps")
    if x is None or x is not model._validated:
        data = examples(model, x, y, sample_weight)
        require_y(model, data)
        exact = for_keras(model, data, batch_size or BATCH_SIZE)
        exact = weighted(exact, batch_size or BATCH_SIZE)
        if exact is not data:  # a dataset, with y and the weights
            batch_size = None
        x, y, sample_weight = exact.x, exact.y, exact.sample_weight
    with plain_errors(), functions.forgotten_on_error(model):
        return keras_evaluate(x, y, sample_weight=sample_weight, batch_size=batch_size, **options)


def predict(model, keras_predict, x, **options):
    """See `VAE.predict`."""
    arguments.check_loop("predict", **options)
    streams.require_end(x, "x", options.get("steps"), "steps")
    data, batch_size = examples(model, x), options.pop("batch_size", None)
    data, row_count = for_keras(model, data, batch_size), None
    x = data.x
    if not data.is_stream:
        if options.get("steps") is None:
            row_count = nested.row_count(x)
            x, batch_size = whole_batches(x, batch_size)
        options["batch_size"] = batch_size
    with plain_errors(), functions.forgotten_on_error(model), single_steps(model):
        outputs = keras_predict(x, **options)
    return _in_user_form(model, keras.tree.map_structure(lambda a: a[:row_count], outputs))


def train_on_batch(
    model, keras_method, x, y=None, sample_weight=None, class_weight=None, return_dict=False
):
    """See `VAE.train_on_batch`."""
    if not (model.preprocessor.adapted and model.latents.adapted):
        raise ValueError(
            "the model must learn units, a vocabulary or the start of its prior before "
            "train_on_batch, for which one batch is too little: call vae.adapt(data) with all "
            "training data first"
        )
    validation.check_flags(return_dict=return_dict)
    targets.check_class_weight(class_weight)
    data = _batch(model, x, y, sample_weight)
    weights = targets.with_class_weight(data.y, data.sample_weight, class_weight)
    with functions.forgotten_on_error(model):
        return keras_method(data.x, data.y, weights, return_dict=return_dict)


def test_on_batch(model, keras_method, x, y=None, sample_weight=None, return_dict=False):
    """See `VAE.test_on_batch`."""
    validation.check_flags(return_dict=return_dict)
    data = _batch(model, x, y, sample_weight)
    with functions.forgotten_on_error(model):
        return keras_method(data.x, data.y, data.sample_weight, return_dict=return_dict)


def predict_on_batch(model, keras_method, x):
    """See `VAE.predict_on_batch`."""
    if streams.is_stream(x):
        raise TypeError(f"x must be one batch, an array, got a {type(x).__name__}")
    data = examples(model, x)
    with functions.forgotten_on_error(model):
        return _in_user_form(model, keras_method(data.x))


def _batch(model, x, y, sample_weight):
    """Checked `Examples` of one batch for a compiled model."""
    if streams.is_stream(x):
        raise TypeError(f"x must be one batch, an array, got a {type(x).__name__}")
    data = examples(model, x, y, sample_weight)
    require_y(model, data)
    if not model.compiled:
        model.compile()
    return data


def _in_user_form(model, outputs):
    reconstruction = model.preprocessor.from_array(outputs["reconstruction"])
    return {**outputs, "reconstruction": reconstruction}
