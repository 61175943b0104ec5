"""Command line of the recipes: the options that all of them have, and their errors."""

import argparse
import ast
import contextlib
import errno
import os
import sys

from support.run import devices, shared_options
from support.run.argument_types import natural, non_negative, positive

# Set before TensorFlow is imported, to hide its log messages about the CPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Errors of a full disk, or of one that cannot be written.
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)

# The part of --help that lists the files of every run folder.
FILES = """\
  report.html       numbers and figures on one page: start here, or send it to someone
  history.csv       metrics of each epoch (tensorboard/ has the same for TensorBoard)
  model.keras       the model: import zoo; keras.models.load_model("model.keras")
  saved_model/      the model for serving: encode, decode, reconstruct, generate, score
  checkpoints/      state from which --resume continues after a crash
  run.json          the list of these files; a folder with files but without it is left alone
Ctrl-C stops training at any time and saves the model as trained so far."""


class InputError(Exception):
    """Error in the user's input: names the argument, what was expected, what came, what to do."""

    def __init__(self, argument, message):
        super().__init__(f"{argument}: {message}")


def parser(prog, description, examples):
    """Command line whose --help keeps the line breaks of its texts."""
    return argparse.ArgumentParser(
        prog=prog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=description,
        epilog=examples,
    )


def add_options(parser, variant, out, evaluate, batch_size=128, learning_rate=None, decay="none"):
    """Add the options that most recipes have, with these defaults.

    Args:
        parser: the recipe's own command line.
        variant: a name of `zoo.available()`.
        out: the run folder.
        evaluate: held-out examples to evaluate; 0 stands for all.
        batch_size: examples in a training step.
        learning_rate: learning rate of Adam; None for that of the variant.
        decay: "cosine" or "none".
    """
    _model_options(parser, variant)
    _training_options(parser, batch_size, learning_rate, decay)
    _run_options(parser, out, evaluate)


def _model_options(parser, variant):
    model = parser.add_argument_group("model")
    shared_options.add_model(model, variant, "a name of zoo.available()", "widths=(32,64)")
    model.add_argument("--beta", type=non_negative, help="weight of the KL in the loss (default 1)")


def _training_options(parser, batch_size, learning_rate, decay):
    training = parser.add_argument_group("training")
    shared_options.add_epochs(training, "passes over the data (the default depends on its size)")
    shared_options.add_optimizer(training, batch_size, learning_rate)
    training.add_argument(
        "--decay",
        choices=("cosine", "none"),
        default=decay,
        help="fall of the learning rate from epoch to epoch: along half a cosine to zero after the "
        f"last of --epochs, or none (default {decay})",
    )
    training.add_argument(
        "--warmup-epochs",
        type=non_negative,
        default=0,
        metavar="E",
        help="epochs in which the weight of the KL grows from 0 to beta (default 0)",
    )
    training.add_argument(
        "--input-noise",
        choices=("gaussian", "masking", "salt_and_pepper"),
        help="train a denoising VAE: noise is added to the encoder's input, not to the target",
    )
    shared_options.add_seed(training, "seed of all random numbers")
    training.add_argument("--distribute", action="store_true", help=devices.HELP)


def _run_options(parser, out, evaluate):
    run = parser.add_argument_group("run")
    shared_options.add_out(run, out)
    run.add_argument(
        "--resume",
        action="store_true",
        help="continue the interrupted or killed run in the folder --out",
    )
    run.add_argument(
        "--evaluate",
        type=natural,
        default=evaluate,
        metavar="N",
        help="held-out examples used for curves, numbers and figures; 0 means all "
        f"(default {evaluate})",
    )
    shared_options.add_no_report(run)
    run.add_argument(
        "--samples",
        type=positive,
        default=100,
        metavar="K",
        help="importance samples of the held-out log-likelihood (default 100)",
    )


def main(parser, recipe, argv=None):
    """Run a recipe: parse its command line, print bad input as one line, return its exit status.

    Args:
        parser: the recipe's command line.
        recipe: a function of the parsed options that returns the exit status.
        argv: arguments; those of the process if None.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names of files may hold what UTF-8 cannot encode
            stream.reconfigure(errors="backslashreplace")
    options = parser.parse_args(argv)
    try:
        return recipe(options)
    except InputError as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        parser.exit(
            1,
            f"{parser.prog}: error: {first_line(error)}; make space and continue with --resume, "
            "if this recipe has it\n",
        )
    except MemoryError as error:
        parser.exit(
            2,
            f"{parser.prog}: error: not enough memory ({first_line(error) or 'out of memory'}): "
            "use less data (--limit), a smaller --batch-size or a smaller model\n",
        )
    except KeyboardInterrupt:
        parser.exit(130, f"\n{parser.prog}: stopped\n")


@contextlib.contextmanager
def as_input_error(argument, *errors):
    """Turn errors of these types into an `InputError` that names the argument."""
    try:
        yield
    except errors as error:
        raise InputError(argument, first_line(error)) from error


def first_line(error):
    """The first line of an error's message."""
    return str(error).strip().split("\n")[0]


def parse_options(pairs):
    """Parse "KEY=VALUE" texts to a dict; values are Python literals, or else strings.

    ["widths=(32,64)"] becomes {"widths": (32, 64)}.
    """
    options = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise InputError("--option", f"expected KEY=VALUE, got {pair!r}")
        try:
            options[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            options[name] = text
    return options
