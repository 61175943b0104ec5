"""The section that says what the model is: parts with their settings, sizes, seeds, versions."""

import datetime
import importlib.metadata
import math
import platform

import keras

from zoo.catalogue import available, card
from zoo.reporting.markup import Section, join, table, tag

PACKAGES = ("tensorflow", "keras", "tensorflow-probability", "numpy")
# What every Keras object has and says nothing of how it was made.
COMMON = ("name", "trainable", "dtype", "seed", "auto_compile")

MAX = 6  # of a list that are shown


def model_card(context):
    """What it is, what it is made of, and by which software."""
    rows = [*_what(context), *_parts(context), *_how(context)]
    note = (
        "Parts stand with the settings that they were made with, as the model's configuration "
        "has them; what is None is left out."
    )
    return Section("Model card", join(table((), rows, "card"), tag("p", note, class_="quiet")))


def _what(context):
    model = context.model
    yield "model", tag("b", model.name)
    if model.name in available():
        found = card(model.name)
        yield "variant of that name", found.summary
        yield "after", found.reference
    yield "kind of data", context.kind
    yield "shape of an example", _shapes(model.decoder.free_event_shape)
    yield "latent dimensions", _dimensions(model.latents)
    trained = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    yield "weights", f"{model.count_params():,}, of which {trained:,} are trained"


def _parts(context):
    """The model's parts, one a row."""
    config = keras.saving.serialize_keras_object(context.model)["config"]
    latents, decoder = (dict(config[name]["config"]) for name in ("latents", "decoder"))
    for name in ("encoder", "prior", "flow", "rungs"):
        if latents.get(name):
            yield name, settings(latents[name])
    likelihoods = decoder.pop("likelihood", None)
    yield "decoder", settings({**config["decoder"], "config": decoder})
    if likelihoods is not None:
        yield "likelihood p(x|z)", settings(likelihoods)
    for name in ("objective", "input_noise"):
        if config.get(name):
            yield name.replace("_", " "), settings(config[name])


def _how(context):
    model = context.model
    if getattr(model, "optimizer", None) is not None:
        # Numbers that each replica has a copy of are no numbers to Python.
        rate, steps = (
            keras.ops.convert_to_numpy(variable).item()
            for variable in (model.optimizer.learning_rate, model.optimizer.iterations)
        )
        yield "optimizer", f"{type(model.optimizer).__name__}, rate {rate:g}, {steps:,} steps taken"
    yield "seeds", f"model {model.seed}, this page {context.seed}"
    versions = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    yield "versions", ", ".join([f"zoo {_zoo()}", *versions, f"Python {platform.python_version()}"])
    yield "date of this page", datetime.date.today().isoformat()


def _zoo():
    import zoo  # noqa: PLC0415  (which is above this file)

    return zoo.__version__


def _shapes(shape):
    """A shape, or those of modalities; any length where it may vary."""
    if isinstance(shape, dict):
        return ", ".join(f"{name} {_shapes(one)}" for name, one in shape.items())
    return " x ".join("any" if size is None else str(size) for size in shape)


def _dimensions(latents):
    levels = getattr(latents, "level_dims", ())
    by_level = f", by level from the top down {', '.join(map(str, levels))}" if levels else ""
    return f"{latents.latent_dim:,}{by_level}"


def settings(value):
    """A part of a configuration in words: Class(argument=value, ...), parts within parts too.

    >>> settings({"class_name": "KL", "config": {"name": "kl", "weight": 1.0, "groups": None}})
    'KL(weight=1)'
    """
    if isinstance(value, (list, tuple)):
        shown = [settings(one) for one in value[:MAX]]
        more = [f"… ({len(value)} in all)"] if len(value) > MAX else []
        return f"[{', '.join(shown + more)}]"
    if isinstance(value, dict) and "class_name" in value:
        config = value.get("config", {})
        chosen = {n: v for n, v in config.items() if n not in COMMON and v is not None}
        inner = ", ".join(f"{name}={settings(v)}" for name, v in chosen.items())
        return f"{value['class_name']}({inner})"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {settings(one)}" for name, one in value.items())
    return _cut(f"{value:g}" if isinstance(value, float) else str(value))


def _cut(text, most=60):
    return text if len(text) <= most else f"{text[: most - 1]}…"
