"""Section with the model card: components and settings, size, optimizer, seeds, versions."""

import datetime
import importlib.metadata
import math
import platform

import keras

from zoo.plots.canvas import shorten
from zoo.reporting.markup import Section, join, table, tag
from zoo.variants.catalogue import available, card

PACKAGES = ("tensorflow", "keras", "tensorflow-probability", "numpy")
# Configuration that every Keras object has and that is not a choice of the user.
COMMON_KEYS = ("name", "trainable", "dtype", "seed", "auto_compile")
MAX_ITEMS = 6  # of a list
MAX_LENGTH = 60  # characters of a value


def model_card(context):
    """Section with the model's description, components, training and software."""
    rows = [*_description(context), *_components(context), *_training(context)]
    note = (
        "Components are listed with their settings from the model's configuration; settings that "
        "are None are left out."
    )
    return Section("Model card", join(table((), rows, "card"), tag("p", note, class_="quiet")))


def _description(context):
    model = context.model
    yield "model", tag("b", model.name)
    if model.name in available():
        variant = card(model.name)
        yield "variant", variant.summary
        yield "source", variant.reference
    yield "kind of data", context.data_kind
    yield "shape of an example", _shape_text(model.decoder.free_event_shape)
    yield "latent dimensions", _dimensions_text(context)
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    yield "weights", f"{model.count_params():,}, of which {trainable:,} are trainable"


def _components(context):
    """Rows with each component of the model and its settings."""
    config = keras.saving.serialize_keras_object(context.model)["config"]
    latents, decoder = (dict(config[name]["config"]) for name in ("latents", "decoder"))
    for name in ("encoder", "prior", "flow", "lower_levels"):
        if latents.get(name):
            yield name.replace("_", " "), settings(latents[name])
    likelihoods = decoder.pop("likelihood", None)
    yield "decoder", settings({**config["decoder"], "config": decoder})
    if likelihoods is not None:
        yield "likelihood p(x|z)", settings(likelihoods)
    for name in ("objective", "input_noise"):
        if config.get(name):
            yield name.replace("_", " "), settings(config[name])


def _training(context):
    """Rows with the optimizer's state, seeds, versions and date."""
    model = context.model
    if model.compiled:
        # Under a strategy these variables have a copy on each replica, which float() rejects.
        rate, steps = (
            keras.ops.convert_to_numpy(variable).item()
            for variable in (model.optimizer.learning_rate, model.optimizer.iterations)
        )
        name = type(model.optimizer).__name__
        yield "optimizer", f"{name}, learning rate {rate:g}, {steps:,} training steps"
    yield "seeds", f"model {model.seed}, report {context.seed}"
    versions = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    yield "versions", ", ".join([f"zoo {_zoo()}", *versions, f"Python {platform.python_version()}"])
    yield "date of the report", datetime.date.today().isoformat()


def _zoo():
    import zoo  # noqa: PLC0415  (zoo imports this module)

    return zoo.__version__


def _shape_text(shape):
    """Format an event shape, or a dict of them; "any" is a size that may vary."""
    if isinstance(shape, dict):
        return ", ".join(f"{name} {_shape_text(part)}" for name, part in shape.items())
    return " x ".join("any" if size is None else str(size) for size in shape)


def _dimensions_text(context):
    """Format the number of latent dimensions, and of each level of a ladder."""
    levels = ", ".join(map(str, context.level_dims))
    by_level = f"; by level from the top down: {levels}" if levels else ""
    return f"{context.model.latents.latent_dim:,}{by_level}"


def settings(value):
    """Format a configuration as `Class(argument=value, ...)`, with nested objects alike.

    >>> settings({"class_name": "KL", "config": {"name": "kl", "weight": 1.0, "groups": None}})
    'KL(weight=1)'
    """
    if isinstance(value, (list, tuple)):
        items = [settings(item) for item in value[:MAX_ITEMS]]
        more = [f"… ({len(value)} in all)"] if len(value) > MAX_ITEMS else []
        return f"[{', '.join(items + more)}]"
    if isinstance(value, dict) and "class_name" in value:
        config = value.get("config", {})
        chosen = {n: v for n, v in config.items() if n not in COMMON_KEYS and v is not None}
        arguments = ", ".join(f"{name}={settings(v)}" for name, v in chosen.items())
        return f"{value['class_name']}({arguments})"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {settings(item)}" for name, item in value.items())
    return shorten(f"{value:g}" if isinstance(value, float) else value, MAX_LENGTH)
