"""Models from pretrained weights."""

import hashlib
import inspect
import json
import pathlib

import keras

from zoo.core import checkpoints
from zoo.core.argument_values import as_tuple
from zoo.core.serialization import Origin, from_plain
from zoo.model import VAE
from zoo.pretrained import cards

# Keys of a configuration that do not change what the model computes.
INCIDENTAL = ("name", "seed", "shared_object_id", "build_config", "compile_config")


def variant(name, build, source, options, input_shape, variants) -> VAE:
    """The model of a `Source`, not compiled; options and shape must be those of the weights.

    Args:
        name: name of the variant.
        build: its function.
        source: a `zoo.pretrained.sources.Source`.
        options: options that the user passed.
        input_shape: shape of one example that the user passed, or None.
        variants: names of all variants.

    Raises:
        ValueError: weights of another variant, a contradiction, or as in `model`.
    """
    card = source.card
    _check_variant(name, name if card is None else card.variant, variants, source)
    check_options(build, source, options, input_shape)
    vae = model(source, options.get("seed"))
    _check_variant(name, vae.name if card is None else name, variants, source)
    if card is not None and card.options is not None:
        vae.origin = Origin(name, dict(card.options), dict(card.defaults or {}))
    return vae


def _check_variant(name, other, variants, source):
    """Raise if weights are of another variant; models may also have names of the user's own."""
    if other != name and other in variants:
        raise ValueError(
            f"weights must be of {name}, got {source.label} of {other}: call "
            f"zoo.get({other!r}, weights={source.label})"
        )


def model(source, seed: int | None = None) -> VAE:
    """The model of a `Source`, not compiled.

    Args:
        source: a `zoo.pretrained.sources.Source`.
        seed: seed of the noise and of the order of data, in place of the saved state.

    Raises:
        ValueError: a file is missing, damaged, or of another model, or holds NaN or infinity.
        ImportError: a package that Keras needs to reach the hub is not installed.
    """
    path = source.path
    if isinstance(path, pathlib.Path) and path.is_dir():
        vae = _from_folder(path, source, seed)
    else:
        vae = _checked(
            _loading(source, lambda: keras.saving.load_model(path, compile=False)), source
        )
    name = checkpoints.not_finite(vae)
    if name is not None:
        raise ValueError(f"weights {source.label} hold NaN or infinity in {name}")
    return vae


def _from_folder(folder, source, seed):
    config = _config(folder, source)
    if source.card is not None and cards.config_digest(config) != source.card.config_sha256:
        raise ValueError(
            f"{folder / cards.CONFIG} is damaged: its checksum differs from the card's"
        )
    if seed is not None and isinstance(config.get("config"), dict):
        config["config"]["seed"] = seed
    vae = _checked(_loading(source, lambda: keras.saving.deserialize_keras_object(config)), source)
    if not vae.built:
        raise ValueError(f"weights {source.label} must be of a model that was built")
    states = [(v, v.numpy()) for v in seed_states(vae)] if seed is not None else ()
    path = folder / cards.WEIGHTS
    if source.card is not None:
        _verify(path, source.card)
    checkpoints.load(vae, path, own=False)
    for variable, value in states:
        variable.assign(value)
    return vae


def seed_states(vae) -> list:
    """Variables that hold the state of a seed generator."""
    return [v for v in vae.variables if "seed_generator" in v.path]


def _config(folder, source):
    path = folder / cards.CONFIG
    try:
        config = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {checkpoints.first_line(error)}") from None
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"{path} must be the configuration of a model, got another JSON text")
    config.pop("compile_config", None)
    return config


def _verify(path, card):
    digest = hashlib.sha256(checkpoints.read(path, own=False)).hexdigest()
    if digest != card.sha256:
        raise ValueError(f"{path} is damaged: its SHA-256 checksum differs from its card's")


def _loading(source, load):
    """The result of a function of Keras, whose errors become one `ValueError`."""
    try:
        return load()
    except ImportError:
        raise
    except Exception as error:  # Keras raises many types of errors
        reason = checkpoints.first_line(error).rstrip(":.")
        raise ValueError(f"weights {source.label} cannot be loaded: {reason}") from error


def _checked(loaded, source):
    if not isinstance(loaded, VAE):
        raise ValueError(
            f"weights must be of a zoo.VAE, got a {type(loaded).__name__} in {source.label}"
        )
    return loaded


def check_options(build, source, options, input_shape) -> None:
    """Raise `ValueError` at an option or a shape that contradicts the weights.

    A seed never does. Other options are compared in the configuration of the model, so that
    "elu" is the same as `keras.activations.elu`.

    Args:
        build: the function of the variant.
        source: the `Source`.
        options: what the user passed.
        input_shape: shape of one example, or a dict of them, or None.
    """
    card, label = source.card, source.label
    own = {name: value for name, value in options.items() if name != "seed"}
    if card is None or card.options is None:
        given = {"input_shape": input_shape} if input_shape is not None and card is None else {}
        for name, value in {**own, **given}.items():
            raise ValueError(
                f"{name} must be left out with the weights {label}, which set it, got {value!r}"
            )
    if input_shape is not None and not _fits(input_shape, card.input_shape):
        _contradiction("input_shape", card.input_shape, label, input_shape)
    if not own:
        return
    known = inspect.signature(build).parameters
    # Today's defaults may be others than those of the training.
    defaults = {n: value for n, value in (card.defaults or {}).items() if n in known}
    trained = {**defaults, **card.options}
    for name, value in own.items():
        if _settings(build, trained) != _settings(build, trained, {name: value}):
            expected = trained.get(name, getattr(known.get(name), "default", None))
            _contradiction(name, expected, label, value)


def _contradiction(name, expected, label, value):
    expected = tuple(expected) if isinstance(expected, list) else expected
    raise ValueError(
        f"{name} must be {expected!r} with the weights {label}, got {value!r}: leave it out, or "
        "build a new model without weights"
    )


def _fits(shape, stored):
    """True if a shape is the stored one, in which None stands for any size."""
    if isinstance(stored, dict) or isinstance(shape, dict):
        return (
            isinstance(stored, dict)
            and isinstance(shape, dict)
            and shape.keys() == stored.keys()
            and all(_fits(shape[name], stored[name]) for name in stored)
        )
    shape = as_tuple(shape)
    return len(shape) == len(stored) and all(
        b is None or a == b for a, b in zip(shape, stored, strict=True)
    )


def _settings(build, options, changed=()):
    """The configuration of the model with these options, without names and seeds, as JSON."""
    options = {name: from_plain(value) for name, value in options.items()}
    config = keras.saving.serialize_keras_object(build(**{**options, **dict(changed)}))
    return json.dumps(_essential(config), sort_keys=True)


def _essential(config):
    if isinstance(config, dict) and config.get("class_name") == "function":
        return config["config"]  # of a function of Keras: its name
    if isinstance(config, dict):
        return {n: _essential(v) for n, v in config.items() if n not in INCIDENTAL}
    return [_essential(v) for v in config] if isinstance(config, list) else config
