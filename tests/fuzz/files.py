"""Files that the project reads: good bytes of each, and a function that reads it."""

import dataclasses
import gzip
import importlib.util
import io
import json
import pathlib
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd

import zoo
from tests.fuzz.arguments import TABLE
from tests.fuzz.judge import ALLOWED, ROOT
from tests.fuzz.mutations import mutated

CSV = "time,a,b,label\n" + "".join(
    f"2024-01-{i + 1:02},{i / 7:.3f},{i % 3},{i % 2}\n" for i in range(28)
)
LINES = "".join(
    f"the {w} sat on the {v}\n"
    for w in ("cat", "dog", "fox")
    for v in ("mat", "sofa", "tree", "bed")
)
MARK = {"recipe": "tables", "options": {}, "format": 1}


@dataclasses.dataclass
class File:
    """A kind of file: its name, good bytes, a reader of a path, and the errors it may raise."""

    name: str
    content: bytes
    read: Callable
    expected: tuple = ALLOWED
    beside: dict = dataclasses.field(default_factory=dict)  # other files of the folder

    def place(self, rng, folder):
        """Write the spoiled file; return its path and a text about it."""
        path = folder / self.name.split(" ")[0]
        path.parent.mkdir(parents=True)
        for name, content in self.beside.items():
            (path.parent / name).write_bytes(content)
        path.write_bytes(mutated(rng, self.content))
        return path, ""

    def problem(self, path, outcome):
        """What is wrong beside what the judge found: nothing."""


def recipe(name):
    folder = str(ROOT / "recipes")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)


def recipe_files():
    """Files that the recipes read."""
    errors = (recipe("support.run.cli").InputError,)

    def loader(name, module, *flags):
        def read(path):
            options = recipe(name).parser().parse_args(["--data", str(path), *flags])
            return recipe(f"support.data.{module}").load(options)

        return read

    tables, series = loader("tables", "tables"), loader("time_series", "series", "--window", "4")
    text, images = loader("text", "text"), loader("images", "images")
    frame = pd.read_csv(io.StringIO(CSV))
    contents = [
        ("t.csv", CSV.encode()),
        ("t.csv.gz", gzip.compress(CSV.encode())),
        ("t.parquet", frame.to_parquet()),
        ("t.jsonl", frame.to_json(orient="records", lines=True).encode()),
    ]
    if importlib.util.find_spec("openpyxl"):
        workbook = io.BytesIO()
        frame.to_excel(workbook, index=False)
        contents.append(("t.xlsx", workbook.getvalue()))
    found = [
        File(f"{r}/{n}", c, f, errors)
        for n, c in contents
        for r, f in (("tables", tables), ("series", series))
    ]
    found += [
        File("texts/t.txt", LINES.encode(), text, errors),
        File("texts/t.csv", ("text\n" + LINES).encode(), text, errors),
    ]
    images_x = (np.arange(12 * 8 * 8) % 256).reshape(12, 8, 8).astype("uint8")
    for suffix, save in {
        "npy": np.save,
        "npz": lambda file, x: np.savez(file, x=x, y=np.arange(12)),
    }.items():
        file = io.BytesIO()
        save(file, images_x)
        found.append(File(f"images/x.{suffix}", file.getvalue(), images, errors))
    found += [
        File(
            f"images/folder/x.{s}",
            c,
            lambda path: images(path.parent),
            errors,
            {"good.png": _image("png")},
        )
        for s in ("png", "jpeg", "gif", "bmp", "webp", "tiff", "ppm")
        for c in [_image(s)]
    ]
    return found + _run_files(errors)


def _image(suffix):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray((np.arange(192) % 256).reshape(8, 8, 3).astype("uint8")).save(file, suffix)
    return file.getvalue()


def _run_files(errors):
    history, metrics = recipe("support.run.history_csv"), recipe("support.run.metrics_json")
    rows = b"epoch,elbo,val_elbo\n0,-3.5,-3.2\n1,-3.1,-3.0\n2,-2.9,-2.8\n"
    record = json.dumps({"recipe": "tables", "seconds": {"training": 3.5}, "epochs": 2}).encode()

    def truncate(path):
        history.truncate(path, 2)
        return history.read(path), history.count(path)

    return [
        File(
            "run/history.csv", rows, lambda path: (history.read(path), history.count(path)), errors
        ),
        File("run/history.csv (truncate)", rows, truncate, errors),
        File("run/metrics.json", record, metrics.read_progress, errors),
    ]


def model_files(models):
    """Files of models and of training: weights, checkpoints and compressed streams."""
    vae, binary = models["dense_vae"], models["binary"]
    folder = pathlib.Path("good")
    folder.mkdir(exist_ok=True)
    vae.save(folder / "m.keras")
    vae.save_weights(folder / "m.weights.h5")
    resume = zoo.Resume(folder / "states")
    from zoo.core import checkpoints

    (folder / "states").mkdir(exist_ok=True)
    state = folder / "states" / "epoch-000001.weights.h5"
    checkpoints.write(vae, state)
    record = checkpoints.record_path(state)
    options = {"input_shape": (6,), "latent_dim": 2, "hidden": (12,)}

    def weights(path):
        return zoo.get("dense_vae", weights=path, **options)

    def restored(path):
        return zoo.Resume(path.parent).restore(vae)

    del resume
    return [
        File("weights/m.keras", (folder / "m.keras").read_bytes(), weights),
        File("weights/m.weights.h5", (folder / "m.weights.h5").read_bytes(), weights),
        File(
            "states/epoch-000001.weights.h5",
            state.read_bytes(),
            restored,
            beside={record.name: record.read_bytes()},
        ),
        File(
            "states/epoch-000001.json",
            record.read_bytes(),
            restored,
            beside={state.name: state.read_bytes()},
        ),
        File(
            "stream/x.bin",
            binary.compress((TABLE > 0.5).astype("uint8")),
            lambda path: binary.decompress(path.read_bytes()),
        ),
    ]
