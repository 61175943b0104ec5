"""The pretrained weights in the package: complete, small, verified, and with a specification."""

import importlib
import math
import pathlib
import re
import sys

import numpy as np
import pytest

import zoo
from tests.helpers import ROOT, assert_same
from zoo.core.nested import map_arrays

FILES = pathlib.Path(ROOT) / "zoo" / "pretrained" / "files"
CARDS = {f"{card.variant}/{card.tag}": card for card in zoo.weights()}
EACH = pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
MAX_FILE, MAX_ALL = 3_000_000, 20_000_000  # bytes


def specs():
    """Name -> specification of recipes/pretrain.py."""
    sys.path.insert(0, str(pathlib.Path(ROOT) / "recipes"))
    try:
        return importlib.import_module("support.pretraining.specs").SPECS
    finally:
        sys.path.pop(0)


def test_each_folder_is_listed_and_has_a_specification():
    folders = {f"{path.parent.name}/{path.name}" for path in FILES.glob("*/*")}

    assert folders == {*CARDS}
    assert folders <= {*specs()}


def test_a_folder_has_three_files_without_code():
    for card in CARDS.values():
        folder = zoo.pretrained.folder_of(card.variant, card.tag)
        names = {path.name for path in folder.iterdir()}
        assert names == {"card.json", "config.json", "model.weights.h5"}, folder


def test_the_files_are_small():
    sizes = [path.stat().st_size for path in FILES.rglob("*") if path.is_file()]

    assert max(sizes) <= MAX_FILE and sum(sizes) <= MAX_ALL


@EACH
def test_a_card_is_complete(card):
    texts = ("summary", "inputs", "data", "data_licence", "weights_licence", "training", "command")
    assert all(getattr(card, name) for name in (*texts, "machine", "made", "versions"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", card.made)
    assert card.command.startswith(f"python recipes/pretrain.py {card.variant}/{card.tag}")
    assert card.seed is not None and card.minutes is not None and card.minutes > 0
    assert card.options is not None and card.parameters > 0
    assert card.dtype == "float16" and len(card.sha256) == 64
    assert card.bytes == (FILES / card.variant / card.tag / "model.weights.h5").stat().st_size
    bound = card.numbers["log p(x)"]
    assert bound["error"] > 0 and bound["unit"] == "nats" and bound["how"]
    assert all(math.isfinite(number["value"]) for number in card.numbers.values())


@EACH
def test_a_card_is_that_of_its_specification(card):
    spec = specs()[f"{card.variant}/{card.tag}"]

    assert card.seed == spec.seed and card.summary == spec.summary
    assert card.training == spec.training.text()
    for name, value in spec.options.items():
        stored = card.options[name]
        if not callable(value):
            assert (tuple(stored) if isinstance(stored, list) else stored) == value


@EACH
def test_weights_load_and_give_the_first_output_of_their_card(card):
    vae = zoo.get(card.variant, weights=card.tag)
    vae.run_eagerly = True

    assert vae.compiled and vae.count_params() == card.parameters
    output = zoo.pretrained.first_output(vae)
    if isinstance(output, list) and isinstance(output[0], str):
        assert output == card.first_output
    else:
        expected = map_arrays(np.asarray, card.first_output)
        assert_same(map_arrays(np.asarray, output), expected, rtol=1e-3, atol=1e-4)


@EACH
def test_the_weights_are_rounded_and_without_an_optimizer(card):
    h5py = pytest.importorskip("h5py")
    path = FILES / card.variant / card.tag / "model.weights.h5"
    dtypes, names = set(), set()

    def visit(name, item):
        names.add(name.split("/")[0])
        if isinstance(item, h5py.Dataset) and item.size >= 256:
            dtypes.add(item.dtype.name)

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    assert dtypes == {"float16"} and "optimizer" not in names


def test_the_command_of_the_readme_draws_samples(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    readme = (pathlib.Path(ROOT) / "README.md").read_text("utf-8")
    (code,) = re.findall(r'^pip install .*&& python -c "(.+)"$', readme, re.M)

    exec(code, {})

    assert (tmp_path / "digits.png").stat().st_size > 1000
