"""Options that several recipes have; each function adds them to a group of a command line."""

from support.run.argument_types import folder, fraction, non_negative, path, positive, seed


def add_tfds(data, examples):
    """Add --dataset and --data-dir; `examples` are names of data sets, for the help."""
    data.add_argument("--dataset", metavar="NAME", help=f"a TFDS data set: {examples}, ...")
    add_data_dir(data, "folder of TFDS' data")


def add_data_dir(data, help):
    """Add --data-dir, a folder of TFDS' data."""
    data.add_argument("--data-dir", type=path, metavar="FOLDER", help=help)


def add_data(data, metavar, help):
    """Add --data, the path of the user's own data."""
    data.add_argument("--data", type=path, metavar=metavar, help=help)


def add_held_out(data, part):
    """Add --held-out, 0.3 by default; its help is "fraction `part` that is held out"."""
    data.add_argument(
        "--held-out",
        type=fraction,
        default=0.3,
        metavar="F",
        help=f"fraction {part} that is held out (default 0.3)",
    )


def add_limit(data, examples):
    """Add --limit, the number of `examples` to train on; all by default."""
    data.add_argument("--limit", type=positive, metavar="N", help=f"train on at most N {examples}")


def add_model(model, variant, variants, example, latent_dim=None):
    """Add --variant, --latent-dim and --option.

    Args:
        model: the group.
        variant: the default variant.
        variants: description of the possible variants, for the help.
        example: example of an --option, for the help.
        latent_dim: the default number of latent dimensions; None takes the variant's own.
    """
    model.add_argument(
        "--variant", default=variant, metavar="NAME", help=f"{variants} (default {variant})"
    )
    text = (
        "latent dimensions" if latent_dim is None else f"latent dimensions (default {latent_dim})"
    )
    model.add_argument("--latent-dim", type=positive, default=latent_dim, metavar="D", help=text)
    model.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=f"any other option of the variant, as a Python literal: --option {example}",
    )


def add_epochs(training, help, default=None):
    """Add --epochs; a default of None leaves the number to the recipe."""
    training.add_argument("--epochs", type=positive, default=default, metavar="N", help=help)


def add_optimizer(training, batch_size, learning_rate):
    """Add --batch-size and --learning-rate, with these defaults.

    A learning rate of None is that of the variant.
    """
    text = "that of the variant" if learning_rate is None else f"{learning_rate:g}"
    training.add_argument(
        "--batch-size",
        type=positive,
        default=batch_size,
        metavar="N",
        help=f"examples in a training step (default {batch_size})",
    )
    training.add_argument(
        "--learning-rate",
        type=non_negative,
        default=learning_rate,
        metavar="R",
        help=f"learning rate of Adam (default {text})",
    )


def add_seed(training, help):
    """Add --seed, 0 by default."""
    training.add_argument("--seed", type=seed, default=0, metavar="N", help=f"{help} (default 0)")


def add_out(run, out):
    """Add --out, the run folder, with this default."""
    run.add_argument(
        "--out",
        type=folder,
        default=path(out),
        metavar="FOLDER",
        help=f"run folder for all results (default {out})",
    )


def add_no_report(run):
    """Add --no-report."""
    run.add_argument(
        "--no-report", dest="report", action="store_false", help="do not write report.html"
    )
