"""Write the golden files of variants: a tiny trained model, its input and its numbers.

    python tests/golden/make.py NAME ...     # of these variants
    python tests/golden/make.py --missing    # of every variant that has none

`NAME.keras.gz` is what `VAE.save` wrote, compressed; `NAME.npz` holds x, the numbers that the model
gave and the version of the zoo. A file is never overwritten: from its release on, every later
version must load it. To make one again before its release, delete it first.
"""

import argparse
import gzip
import pathlib
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
STEPS = 3
OPTIONS = {"widths": (2, 4)}  # those of the tests' models would take more bytes
MAX_BYTES = 60_000  # of one compressed model: they stay in the repository for ever


def model_path(name):
    """Path of a variant's compressed `.keras` file."""
    return FOLDER / f"{name}.keras.gz"


def numbers_path(name):
    """Path of a variant's input and expected numbers."""
    return FOLDER / f"{name}.npz"


def numbers(vae, x):
    """{name: array, or {modality: array}} of what the model gives for x without sampling."""
    q = vae.encode(x)
    posterior = {"loc": q.loc.numpy(), "scale": q.scale.numpy()}
    return {**posterior, "reconstruct": vae.reconstruct(x), "elbo": vae.elbo(x)}


def flat(tree, prefix=""):
    """{"x/image": array} of {"x": {"image": array}}."""
    if not isinstance(tree, dict):
        return {prefix: tree}
    items = tree.items()
    return {p: a for k, v in items for p, a in flat(v, f"{prefix}/{k}" if prefix else k).items()}


def nested(arrays):
    """The tree that `flat` was given."""
    tree = {}
    for path, array in arrays.items():
        *folders, name = path.split("/")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = array
    return tree


def write(name):
    """Write both files of a variant; neither may exist."""
    import inspect

    import numpy as np

    import zoo
    from tests.helpers import data, small

    for path in (model_path(name), numbers_path(name)):
        if path.exists():
            raise FileExistsError(f"{path} exists, and golden files are never overwritten")
    known = inspect.signature(zoo.builder(name)).parameters
    options = {option: value for option, value in OPTIONS.items() if option in known}
    vae, x = small(name, run_eagerly=False, **options), data(name, 4)
    vae.fit(x, epochs=STEPS, batch_size=4, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        saved = pathlib.Path(folder) / "vae.keras"
        vae.save(saved)
        compressed = gzip.compress(saved.read_bytes(), mtime=0)
    if len(compressed) > MAX_BYTES:
        raise ValueError(f"{name} must take at most {MAX_BYTES} bytes, got {len(compressed)}")
    arrays = flat({"x": x, "expected": numbers(vae, x)})
    np.savez_compressed(numbers_path(name), version=zoo.__version__, **arrays)
    model_path(name).write_bytes(compressed)


def read(name, folder):
    """A variant's model, loaded by way of a file in `folder`, its x and its expected numbers."""
    import keras
    import numpy as np

    import zoo  # noqa: F401  (registers its classes)

    path = pathlib.Path(folder) / f"{name}.keras"
    path.write_bytes(gzip.decompress(model_path(name).read_bytes()))
    with np.load(numbers_path(name)) as arrays:
        tree = nested({key: arrays[key] for key in arrays.files})
    return keras.models.load_model(path), tree["x"], tree["expected"]


def main():
    sys.path.insert(0, str(ROOT))
    import zoo

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--missing", action="store_true", help="every variant without a file")
    arguments = parser.parse_args()
    names = arguments.names
    if arguments.missing:
        names = [name for name in zoo.available() if not model_path(name).exists()]
    for name in names:
        write(name)
        sys.stdout.write(f"{name}: {model_path(name).stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
