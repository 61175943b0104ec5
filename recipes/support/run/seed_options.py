"""Options of the recipes that train a model for each of several seeds."""

from support.run import shared_options
from support.run.argument_types import positive


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
    shared_options.add_model(
        model,
        "dense_vae",
        "a name of zoo.available() for images",
        "hidden=(64,)",
        latent_dim=latent_dim,
    )
    training = parser.add_argument_group("training")
    shared_options.add_optimizer(training, batch_size, learning_rate=1e-3)
    shared_options.add_seed(training, "the first seed")
    training.add_argument(
        "--seeds", type=positive, default=1, metavar="N", help="number of seeds (default 1)"
    )
    run = parser.add_argument_group("run")
    shared_options.add_out(run, out)
    # Options of other recipes that `Run` reads.
    parser.set_defaults(resume=False, distribute=False, beta=None, input_noise=None)
    return model, training, run
