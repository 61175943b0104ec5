"""Data of `fit`: checks before the model learns anything, and the examples to train on."""

from zoo.core import inputs, nested, streams, targets
from zoo.core.examples import Examples, check_beside, examples, require_y
from zoo.training import adapt
from zoo.training.array_data import for_keras, weighted


def unpack_validation(data):
    """(x, y, sample_weight) of `validation_data`, or None."""
    if data is None:
        return None
    # Keras would unpack a list, of texts or series, as (x, y, sample_weight).
    return streams.unpack(data, "validation_data")


def require_ends(x, steps_per_epoch, held_out, validation_steps):
    """Raise if an epoch or the validation after it would never end."""
    streams.require_end(x, "x", steps_per_epoch, "steps_per_epoch")
    if held_out is not None:
        streams.require_end(held_out[0], "validation_data", validation_steps, "validation_steps")


def check_before_learning(model, train, held_out, class_weight):
    """Raise for what can be seen before the model learns units or gets its weights."""
    x, y, _ = train
    check_beside(model, *train)
    if not streams.is_stream(x):
        require_y(model, Examples(x, y))
    if class_weight is not None and not streams.is_stream(x):
        targets.check_class_weight_of(y, class_weight)
    if held_out is not None:
        check_beside(model, *held_out, argument="validation_data")
    preprocessor = model.preprocessor
    if not streams.is_one_shot(x):  # a generator can be read only once, for training
        preprocessor.validate_training(streams.parts(x))
    if model.built or preprocessor.needs_vocabulary or streams.is_stream(x):
        return
    shape = preprocessor.event_shape(inputs.check_values(model, x))
    if held_out is None or streams.is_stream(held_out[0]):
        return
    held_out = inputs.check_values(model, held_out[0], "validation_data")
    other = preprocessor.event_shape(held_out)
    variable = getattr(model.decoder, "variable_axes", ())
    if [n for i, n in enumerate(shape) if i not in variable] != [
        n for i, n in enumerate(other) if i not in variable
    ]:
        raise ValueError(
            f"validation_data must have examples of shape {shape} as x has, got {other}"
        )


def training_examples(model, x, y, sample_weight, held_out, order):
    """Checked training data; the model has learned their units or vocabulary, and is built."""
    needed_vocabulary = model.preprocessor.needs_vocabulary
    if not model.preprocessor.adapted:
        adapt.adapt_preprocessor(model, x)
    # The others are checked before the model learns. A model that is built keeps its vocabulary.
    if needed_vocabulary and held_out is not None and not streams.is_stream(held_out[0]):
        inputs.check_values(model, held_out[0], "validation_data")
    train = examples(model, x, y, sample_weight, order=order)
    require_y(model, train)
    return train


def held_out_examples(model, data, batch_size):
    """Checked validation data, in the form in which Keras takes them."""
    held_out = examples(model, *data, argument="validation_data")
    require_y(model, held_out, "validation_data")
    return weighted(for_keras(model, held_out, batch_size), batch_size)


def require_no_batch_size(batch_size):
    """Raise `ValueError` for a batch size beside a stream."""
    if batch_size is not None:
        raise ValueError(
            "batch_size must be None if x is a dataset, which yields batches already, "
            f"got {batch_size}"
        )


def split(x, y, sample_weight, fraction):
    """The last `fraction` of the rows for validation, as Keras does it."""
    if streams.is_stream(x):
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
