"""What the recipes share: their options, and how bad input becomes one clear line."""

import argparse
import ast
import contextlib
import os
import pathlib

import numpy as np
from support.run import devices

# Before TensorFlow is imported: its notes about the CPU are no news to anybody.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


# What every run folder holds, for --help.
FILES = """\
  report.html       all of this on one page, to look at first or to send to someone
  history.csv       what was logged after each epoch (and tensorboard/, the same for TensorBoard)
  model.keras       the model: import zoo; keras.models.load_model("model.keras")
  saved_model/      the same for serving: encode, decode, reconstruct, generate, score
  checkpoints/      what --resume needs after a crash
Ctrl-C at any time stops training and keeps the model as it is by then."""


class InputError(Exception):
    """What the user gave cannot be used; says which argument, what came and what to do."""

    def __init__(self, argument, message):
        super().__init__(f"{argument}: {message}")


def positive(text):
    """argparse type: an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def natural(text):
    """argparse type: an integer of at least 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be at least 0, got {value}")
    return value


def seed(text):
    """argparse type: an integer that every random generator takes."""
    value = natural(text)
    if value >= 2**31:
        raise argparse.ArgumentTypeError(f"must be below 2**31, got {value}")
    return value


def path(text):
    """argparse type: a path, with ~ for the home folder."""
    return pathlib.Path(text).expanduser()


def non_negative(text):
    """argparse type: a finite number of at least 0."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of at least 0, got {text}")
    return value


def fraction(text):
    """argparse type: a number between 0 and 1."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"must lie between 0 and 1, got {text}")
    return value


def parser(prog, description, examples):
    """A command line whose --help keeps the lines as they are written."""
    return argparse.ArgumentParser(
        prog=prog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=description,
        epilog=examples,
    )


def add_options(parser, variant, out, evaluate, learning_rate=1e-3):
    """The options that all recipes have."""
    _model_options(parser, variant)
    _training_options(parser, learning_rate)
    _run_options(parser, out, evaluate)


def _model_options(parser, variant):
    model = parser.add_argument_group("model")
    model.add_argument("--variant", default=variant, metavar="NAME", help="one of zoo.available()")
    model.add_argument("--latent-dim", type=positive, metavar="D", help="latent dimensions")
    model.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any other option of the variant, as a Python literal: --option widths=(32,64)",
    )
    model.add_argument("--beta", type=non_negative, help="weight of the KL in the loss (default 1)")


def _training_options(parser, learning_rate):
    training = parser.add_argument_group("training")
    training.add_argument("--epochs", type=positive, help="passes over the training data")
    training.add_argument("--batch-size", type=positive, default=128, metavar="N")
    training.add_argument(
        "--learning-rate",
        type=non_negative,
        default=learning_rate,
        metavar="R",
        help=f"of Adam (default {learning_rate:g})",
    )
    training.add_argument(
        "--warmup-epochs",
        type=non_negative,
        default=0,
        metavar="E",
        help="let the weight of the KL grow from 0 to beta for so long (default 0)",
    )
    training.add_argument(
        "--input-noise",
        choices=("gaussian", "masking", "salt_and_pepper"),
        help="train a denoising VAE: the encoder sees noise, the target stays clean",
    )
    training.add_argument("--seed", type=seed, default=0, help="of everything random (default 0)")
    training.add_argument(
        "--distribute",
        action="store_true",
        help=devices.HELP,
    )


def _run_options(parser, out, evaluate):
    run = parser.add_argument_group("run")
    run.add_argument("--out", type=path, default=pathlib.Path(out), metavar="FOLDER")
    run.add_argument(
        "--resume", action="store_true", help="go on where the run in --out was stopped or killed"
    )
    run.add_argument(
        "--evaluate",
        type=natural,
        default=evaluate,
        metavar="N",
        help="held-out examples that curves, numbers and figures are made of; 0 is all "
        f"(default {evaluate})",
    )
    run.add_argument(
        "--no-report", dest="report", action="store_false", help="leave out report.html"
    )
    run.add_argument(
        "--samples",
        type=positive,
        default=100,
        metavar="K",
        help="importance samples of the held-out log-likelihood (default 100)",
    )


def main(arguments, run, argv=None):
    """Parse, run, and turn what went wrong into one line and an exit status."""
    options = arguments.parse_args(argv)
    try:
        return run(options)
    except InputError as error:
        arguments.exit(2, f"{arguments.prog}: error: {error}\n")
    except KeyboardInterrupt:
        arguments.exit(130, f"\n{arguments.prog}: stopped\n")


@contextlib.contextmanager
def blame(argument, *errors):
    """Errors of these types are the user's, in this argument."""
    try:
        yield
    except errors as error:
        raise InputError(argument, str(error).strip().split("\n")[0]) from error


def literals(pairs):
    """["widths=(32,64)"] -> {"widths": (32, 64)}; what is no literal is a string."""
    found = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise InputError("--option", f"expected KEY=VALUE, got {pair!r}")
        try:
            found[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            found[name] = text
    return found


def held_out_rows(rows, fraction, seed, limit, argument):
    """Row numbers to train on (at most `limit`) and to hold out, in a random order."""
    if rows < 2:
        raise InputError(argument, f"at least 2 examples are needed, got {rows}")
    order = np.random.default_rng(seed).permutation(rows)
    held_out = max(1, int(rows * fraction))
    return order[held_out:][:limit], order[:held_out]


def tfds_builder(name, data_dir):
    """The builder of a TFDS data set whose data is there, downloaded where that is possible."""
    import difflib

    import tensorflow_datasets as tfds

    if data_dir is not None and not data_dir.is_dir():
        raise InputError("--data-dir", f"{data_dir} is no folder")
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError as error:
        known = tfds.list_builders(with_community_datasets=False)
        close = difflib.get_close_matches(name.split("/")[0], known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise InputError("--dataset", f"TFDS knows no {name!r}{hint}") from error
    except (ValueError, RuntimeError) as error:  # an unknown configuration
        raise InputError("--dataset", str(error).strip().split("\n")[0]) from error
    with blame("--dataset", OSError, tfds.download.DownloadError):
        builder.download_and_prepare()
    return builder
