"""Options of the recipes that train a model for each of several seeds."""

from support.run import argument_types


def add_options(parser, out, latent_dim, batch_size):
    """Add the options that these recipes have in common.

    Args:
        parser: the recipe's own command line.
        out: the default run folder.
        latent_dim: the default number of latent dimensions.
        batch_size: the default batch size.

    Returns:
        The groups "model", "training" and "run", for further options.
    """
    model = parser.add_argument_group("model")
    model.add_argument(
        "--variant",
        default="dense_vae",
        metavar="NAME",
        help="a variant for images of zoo.available() (default dense_vae)",
    )
    model.add_argument(
        "--latent-dim",
        type=argument_types.positive,
        default=latent_dim,
        metavar="D",
        help=f"latent dimensions (default {latent_dim})",
    )
    model.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any other option of the variant, as a Python literal: --option hidden=(64,)",
    )
    training = parser.add_argument_group("training")
    training.add_argument(
        "--batch-size",
        type=argument_types.positive,
        default=batch_size,
        metavar="N",
        help=f"examples in a training step (default {batch_size})",
    )
    training.add_argument(
        "--learning-rate",
        type=argument_types.non_negative,
        default=1e-3,
        metavar="R",
        help="learning rate of Adam (default 0.001)",
    )
    training.add_argument(
        "--seed",
        type=argument_types.seed,
        default=0,
        metavar="N",
        help="the first seed (default 0)",
    )
    training.add_argument(
        "--seeds",
        type=argument_types.positive,
        default=1,
        metavar="N",
        help="number of seeds (default 1)",
    )
    run = parser.add_argument_group("run")
    run.add_argument(
        "--out",
        type=argument_types.path,
        default=argument_types.path(out),
        metavar="FOLDER",
        help=f"run folder for all results (default {out})",
    )
    # Options of other recipes that `Run` reads.
    parser.set_defaults(resume=False, distribute=False, beta=None, input_noise=None)
    return model, training, run
