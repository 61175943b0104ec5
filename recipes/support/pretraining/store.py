"""Files of pretrained weights: written from a trained model, measured as they are stored."""

import pathlib
import shutil

from support.pretraining import evaluate, train
from support.pretraining.sources import SOURCES
from support.run.cli import InputError

import zoo

MAX_BYTES = 3_000_000  # of one file of weights in the package


def package_folder(spec):
    """Folder of the tag in the package."""
    return zoo.pretrained.folder_of(spec.variant, spec.tag)


def store(spec, vae, data, folder, minutes=None, machine="", rows=None, made=None):
    """Write a trained model as the weights of a tag: a card with what the stored weights measure.

    Args:
        spec: the `Spec`.
        vae: the trained model; its seed and options are those of the spec.
        data: the `Data`.
        folder: a new folder, or one of an earlier call.
        minutes: processor time of the training in minutes, or None.
        machine: what it ran on.
        rows: number of held-out examples to measure; all by default.
        made: the `Made` of the spec where the model was made that way.

    Returns:
        The card.
    """
    folder = pathlib.Path(folder)
    source = SOURCES[spec.source]
    options = train.options_of(spec, data.train)
    vae.origin = zoo.get(spec.variant, **options).origin  # a loaded model has none
    fields = {
        "tag": spec.tag,
        "summary": spec.summary,
        "inputs": source.inputs,
        "data": source.text,
        "data_licence": source.licence,
        "weights_licence": source.weights_licence,
        "training": "; ".join([spec.training.text(), *([made.text] if made else [])]),
        "command": f"python recipes/pretrain.py {spec.name}",
        "seed": spec.seed,
        "minutes": None if minutes is None else round(minutes, 1),
        "machine": made.machine if made else machine,
    }
    vae.save_to_preset(folder, card=fields, dtype="float16")
    card = zoo.card(spec.variant, weights=folder)
    if card.bytes > MAX_BYTES:
        raise InputError(
            spec.name, f"expected at most {MAX_BYTES:,} bytes of weights, got {card.bytes:,}"
        )
    return measure(spec, folder, data, rows)


def measure(spec, folder, data, rows=None):
    """Measure the weights in a folder and write the numbers into their card, which is returned."""
    stored = zoo.get(spec.variant, weights=folder)
    first = zoo.pretrained.first_output(stored)
    numbers = evaluate.evaluate(spec, stored, data, rows)
    return zoo.pretrained.describe(folder, numbers=numbers, first_output=first)


def install(spec, folder):
    """Copy the files of a tag into the package."""
    target = package_folder(spec)
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(pathlib.Path(folder).iterdir()):
        if path.name != "README.md":
            shutil.copyfile(path, target / path.name)
