"""Model of a run: built from the options of the command line and checked against the data."""

import contextlib

from support.run.cli import InputError, as_input_error, first_line, parse_options

import zoo


def build(options, event_shape, likelihood, strategy, defaults):
    """The variant of --variant, built and compiled with Adam at --learning-rate.

    Args:
        options: the parsed command line.
        event_shape: shape of an example, or a dict of one for each modality.
        likelihood: the variant's likelihood, or a dict of one for each modality.
        strategy: the distribution strategy to build it in.
        defaults: options of the variant that apply where the command line does not set them.
    """
    import keras

    keras.utils.set_random_seed(options.seed)
    flags = {
        "latent_dim": options.latent_dim,
        "beta": options.beta,
        "input_noise": options.input_noise,
        "seed": options.seed,
        **parse_options(options.option),
    }
    arguments = {**defaults, **{k: v for k, v in flags.items() if v is not None}}
    with as_input_error("--variant", ValueError):
        zoo.card(options.variant)
    arguments["likelihoods" if isinstance(likelihood, dict) else "likelihood"] = likelihood
    with _option_errors(options.variant), strategy.scope():
        vae = zoo.get(options.variant, input_shape=event_shape, **arguments)
        if options.learning_rate is not None:
            vae.compile(zoo.FusedAdam(options.learning_rate))
    return vae


def describe(options, vae, likelihood, strategy):
    """The "model" part of metrics.json."""
    return {
        "variant": options.variant,
        "likelihood": zoo.core.nested.map_arrays(
            lambda x: x if isinstance(x, str) else type(x).__name__, likelihood
        ),
        "parameters": vae.count_params(),
        "learning_rate": float(vae.optimizer.learning_rate.numpy()),
        "replicas": strategy.num_replicas_in_sync,
    }


def check_data(vae, train, validation):
    """Raise `InputError` if the model cannot be trained on the data; call it before any writing."""
    rows, validation_rows = zoo.core.nested.row_count(train), zoo.core.nested.row_count(validation)
    if not rows or not validation_rows:
        raise InputError(
            "--limit",
            "expected at least 1 example to train on and 1 for validation, got "
            f"{rows} and {validation_rows}; use more data",
        )
    with as_input_error("--data", TypeError, ValueError):
        if not vae.preprocessor.adapted:
            vae.adapt(train)
        for x in (train, validation):
            vae.preprocessor.validate(vae.preprocessor.to_array(x))


@contextlib.contextmanager
def _option_errors(variant):
    """Turn errors of a builder into an `InputError` of --option, or of --variant.

    It is of --variant if the variant is for another kind of data than the recipe's.
    """
    import tensorflow as tf

    # The values of --option reach any part of the model; a huge one, the memory's end.
    wrong_value = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
    try:
        yield
    except (*wrong_value, MemoryError, tf.errors.OpError) as error:
        message = first_line(error)
        if message.startswith("x must be"):
            raise InputError(
                "--variant", f"expected a variant for this kind of data, got {variant}: {message}"
            ) from error
        raise InputError("--option", message) from error
