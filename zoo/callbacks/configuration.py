"""Description of a model, by which `zoo.Resume` recognises the states of another one."""

import hashlib
import json
from collections.abc import Iterator, Mapping

import keras

# Keys of configs that say nothing about the function that is trained: automatic names, places of
# classes, choices of how to compile.
IGNORED = {"name", "module", "registered_name", "build_config", "compile_config"}
IGNORED |= {"shared_object_id", "auto_compile"}
MAX_CHARACTERS = 120  # longer values are compared by their checksums


def describe(model: keras.Model) -> dict[str, str]:
    """Configuration of a model as a flat dict, such as {"objective.terms.0.weight": "1.0"}."""
    try:
        config = keras.saving.serialize_keras_object(model).get("config", {})
    except Exception:  # a layer of the user may have no config, and raise anything
        config = {}
    optimizer = getattr(model, "optimizer", None)
    return {
        "model": type(model).__name__,
        **({} if optimizer is None else {"optimizer": type(optimizer).__name__}),
        **dict(_flat(config, "")),
    }


def differences(saved: Mapping[str, str], current: Mapping[str, str], all_keys: bool) -> list[str]:
    """Describe what differs, such as "seed: 1 in the saved state, 2 now".

    Args:
        saved, current: descriptions.
        all_keys: compare keys that only one of them has, too.
    """
    keys = [*current, *(key for key in saved if key not in current)]
    if not all_keys:
        keys = [key for key in current if key in saved]
    missing = "not set"
    return [
        f"{key}: {saved.get(key, missing)} in the saved state, {current.get(key, missing)} now"
        for key in keys
        if saved.get(key) != current.get(key)
    ]


def _flat(value, path) -> Iterator[tuple[str, str]]:
    """(path, text) of each value in a nested config."""
    if isinstance(value, dict) and "class_name" in value:
        config = value.get("config")
        name = value["class_name"]
        if name.endswith("DTypePolicy") and isinstance(config, dict):
            yield path, str(config.get("name", name))
            return
        yield path, name
        value = config
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in IGNORED:
                yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(v, dict | list) for v in value):
        for number, item in enumerate(value):
            yield from _flat(item, f"{path}.{number}")
    elif path:
        yield path, _short(json.dumps(value, default=lambda v: type(v).__name__))


def _short(text):
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[:30]}... (SHA-256 {hashlib.sha256(text.encode()).hexdigest()[:16]})"
