"""Functions of several scripts in this folder: data, command lines, optimizer, evaluation."""

import argparse
import importlib
import json
import pathlib
import sys

import keras
import numpy as np

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import images as image_recipe
from support.data import images as image_data
from support.run import cli

# Options of the residual network of these benchmarks, given here so that other defaults of the
# variant do not change what they measure.
FAST_CONV = {
    "widths": (32, 64, 64),
    "blocks": 1,
    "stem_strides": 2,
    "normalization": None,
    "activation": "elu",
}


def tfds_images(name, data_dir):
    """Training and test part of a TFDS data set: images `[N, H, W, C]` uint8 and classes `[N]`."""
    import tensorflow_datasets as tfds

    splits = tfds.load(name, split=["train", "test"], data_dir=data_dir, batch_size=-1)
    return [(part["image"].numpy(), part["label"].numpy()) for part in splits]


def required(module, command):
    """A module of a package that few scripts need, or exit with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        script = pathlib.Path(sys.argv[0]).name
        sys.exit(f"{script}: error: {error}; this script needs: {command}")


def unit_range(images):
    """uint8 images as float32 in [0, 1]."""
    return images.astype("float32") / 255


def image_parts(args):
    """Training and test images, `[N, H, W, C]` float32 in [0, 1], of --dataset or --data.

    They are read as `images.py` reads them; what was understood goes to stderr.
    """
    options = image_recipe.parser().parse_args(["--evaluate", "0"])
    options.dataset, options.data = (None if args.data else args.dataset), args.data
    options.data_dir = args.data_dir
    try:
        data = image_data.load(options)
    except cli.InputError as error:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: error: {error}")
    print(*data.notes, sep="\n", file=sys.stderr)
    return data.train, data.held_out


def add_image_options(parser):
    """Add --dataset, --data-dir and --data, which `image_parts` reads."""
    parser.add_argument("--dataset", default="mnist", help="a name of TFDS (default mnist)")
    parser.add_argument("--data-dir", type=pathlib.Path, help="folder of TFDS' data")
    parser.add_argument("--data", type=pathlib.Path, help="a folder, .npy or .npz file of images")


def random_rows(rows, count, seed):
    """Row numbers of at most `count` of `rows` examples, a random choice by the seed, in order."""
    return np.sort(np.random.default_rng(seed).permutation(rows)[:count])


def command_line(description):
    """argparse parser whose --help keeps the line breaks of the script's docstring."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )


def add_training_options(parser, epochs, batch_size, learning_rate, warmup):
    """Add the options of training with `cosine_adam` and an increasing beta, with these defaults.

    Args:
        parser: the script's command line.
        epochs, batch_size: of training.
        learning_rate: peak of the cosine.
        warmup: epochs in which beta goes from 0 to 1.
    """
    parser.add_argument(
        "--epochs",
        type=int,
        default=epochs,
        help="epochs, and length of the learning rate's cosine",
    )
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument(
        "--learning-rate", type=float, default=learning_rate, help="peak of the cosine"
    )
    parser.add_argument(
        "--warmup", type=int, default=warmup, help="epochs in which beta goes from 0 to 1"
    )


def add_seed_and_out(parser, out):
    """Add the options --seed and --out; `out` is the help text of the path --out."""
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, help=out)


def cosine_adam(peak, steps):
    """Adam whose learning rate rises for 500 steps and then falls along a cosine."""
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=peak, warmup_steps=500)
    return zoo.FusedAdam(rate, global_clipnorm=300.0)


def log_likelihoods(vae, x, samples, slice_size, skip=0):
    """Importance-weighted bound of each image, in nats; progress goes to stderr.

    Args:
        vae: the model.
        x: images.
        samples: importance samples.
        slice_size: approximate number of images between two lines of progress.
        skip: number of slices to leave out.
    """
    bounds = []
    slices = np.array_split(x, -(-len(x) // slice_size))
    for number, part in [*enumerate(slices)][skip:]:
        # Each slice has its own seed: one seed would repeat the noise.
        bounds.append(vae.log_likelihood(part, samples=samples, seed=number, batch_size=64))
        values = np.concatenate(bounds)
        print(f"{len(values)} images: {values.mean():.3f} nats", file=sys.stderr, flush=True)
    return values


def mean_and_std(values, form=".2f"):
    """Text of the mean and, of several values, their standard deviation."""
    if len(values) < 2:
        return format(np.mean(values), form) if len(values) else ""
    return f"{np.mean(values):{form}} +- {np.std(values, ddof=1):{form}}"


def write_json(path, value):
    """Write a JSON file; its folder is created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def recorded(out):
    """Rows that `record_row` has appended to the file `out`; none where it is None or new."""
    if not out or not out.exists():
        return []
    return [json.loads(line) for line in out.read_text().splitlines()]


def record_row(row, out):
    """Print a row as a JSON line, and append it to the file `out` unless it is None."""
    line = json.dumps(row)
    print(line, flush=True)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a") as file:
            file.write(line + "\n")
