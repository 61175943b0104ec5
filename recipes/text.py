"""Train a VAE on sentences; write samples, reconstructions, interpolations and neighbours.

Data: by default the sentences of the Python language reference that ships inside CPython.
Command: python recipes/text.py
Time: about two minutes on two CPU cores.
Expect, with seed 0: a held-out perplexity near 60, a KL near 3 nats, and sentences that read like
the reference but mean little, because 1,600 training sentences are few.
"""

import math

import numpy as np
from support.data import table_files, text
from support.results import generated_text
from support.run import argument_types, cli, evaluation, shared_options
from support.run.run import Run, early_stopping

import zoo

STEPS = 2500
MAX_EPOCHS = 60
UNKNOWN = 1  # token id of words outside of the vocabulary
DEFAULTS = {"transformer_vae": dict(latent_dim=32)}

DESCRIPTION = f"""\
Train a variational autoencoder on sentences; write new sentences, reconstructions, interpolations
between two sentences, and neighbours in latent space.

Reads the language reference that is part of Python (some thousand sentences), your own file with
one sentence per line (--data), or one column of a table (--column). A tenth is held out for all
numbers, sentences and figures.
Writes into the folder --out:
  texts/            samples, reconstructions, interpolation, neighbours
  figures/          curves, latent space
  metrics.json      held-out numbers, options, seed, versions, seconds
{cli.FILES}"""
EXAMPLES = """\
examples:
  python recipes/text.py
  python recipes/text.py --data reviews.txt --max-length 30 --epochs 20
  python recipes/text.py --data ptb.train.txt --split-on-spaces --vocabulary 10000
  python recipes/text.py --data reviews.csv --column text
  python recipes/text.py --option decoder=lstm --option word_dropout=0.5
"""


def parser():
    """Command line of the recipe."""
    command_line = cli.parser("text.py", DESCRIPTION, EXAMPLES)
    data = command_line.add_argument_group("data")
    shared_options.add_data(data, "FILE", "one sentence per line, or a table")
    data.add_argument(
        "--column",
        metavar="NAME",
        help="column of a .csv, .jsonl, .xlsx or .parquet file (default: the one with the longest "
        "texts)",
    )
    table_files.add_options(data)
    data.add_argument(
        "--words",
        choices=("auto", "spaces", "characters"),
        default="auto",
        help="whether each character counts as a word in scripts without spaces, such as Chinese "
        "(default: auto, if they are common)",
    )
    data.add_argument(
        "--vocabulary",
        type=argument_types.positive,
        default=8000,
        metavar="V",
        help="number of words in the vocabulary, the most frequent (default 8000)",
    )
    data.add_argument(
        "--max-length",
        type=argument_types.positive,
        default=40,
        metavar="L",
        help="maximum number of words; longer sentences are cut (default 40)",
    )
    data.add_argument(
        "--width",
        type=argument_types.positive,
        default=128,
        metavar="W",
        help="size of word embeddings (default 128)",
    )
    data.add_argument(
        "--split-on-spaces",
        action="store_true",
        help="split texts only at spaces (default: also lower-case them and split off punctuation)",
    )
    shared_options.add_limit(data, "sentences")
    cli.add_options(
        command_line, variant="transformer_vae", out="runs/text", evaluate=500, batch_size=32
    )
    return command_line


def main(options):
    """Train, save, evaluate, write and draw; return the exit status."""
    run = Run("text", options)
    data = text.load(options)
    if len(data.train) < 2:
        raise cli.InputError(
            "--limit",
            f"expected at least 2, got {options.limit}: one sentence is held out for early "
            "stopping",
        )
    if options.epochs is None:
        steps = math.ceil(len(data.train) / options.batch_size)
        options.epochs = min(MAX_EPOCHS, max(5, math.ceil(STEPS / steps)))
    with cli.as_input_error("--vocabulary", ValueError):
        likelihood = zoo.likelihoods.Text(
            options.vocabulary,
            options.max_length,
            options.width,
            standardize=not options.split_on_spaces,
        )
    with cli.as_input_error("--data", ValueError):  # no line has a word
        likelihood.preprocessor().adapt([data.train])
    reading = [*data.notes, *_length_notes(likelihood, data)]
    run.describe(data.name, data.train, data.held_out, reading)
    print(
        f"{data.name}: {len(data.train):,} {data.unit} to train on, each a text, "
        f"{len(data.held_out):,} held out, "
        f"{likelihood.token_count:,} different words"
    )
    defaults = DEFAULTS.get(options.variant, {})
    vae = run.model((options.max_length,), likelihood, **defaults)
    # Early stopping uses a fourteenth of the training sentences.
    valid = max(1, len(data.train) // 14)
    stopping = early_stopping(options.epochs // 10)
    outcome = run.train(vae, data.train[valid:], data.train[:valid], stopping)
    lines = []
    if outcome.error is None:
        with run.skippable():
            x = data.held_out[: options.evaluate or None]
            lines = evaluation.held_out(run, vae, x)
            lines += evaluation.perplexity(run, vae, x)
            generated_text.write(run, vae, data)
            draw(run, vae, x)
            run.report(vae, x, _lengths(vae, x))
    return run.finish(outcome, *lines)


def _length_notes(likelihood, data):
    """Sentences that are cut, and words outside of the vocabulary."""
    longer = zoo.likelihoods.Text(
        max_length=likelihood.max_length + 1,
        width=likelihood.width,
        vocabulary=likelihood.vocabulary,
        standardize=likelihood.standardize,
    )
    tokens = longer.preprocessor().to_array(np.concatenate([data.train, data.held_out]))
    cut = int((tokens[:, -1] > 0).sum())
    if cut:
        yield (
            f"{cut:,} of {len(tokens):,} {data.unit} are longer than {likelihood.max_length} words "
            "and are cut; --max-length sets another limit"
        )
    unknown = (tokens == UNKNOWN).sum() / (tokens > 0).sum()
    if unknown:
        yield f"{unknown:.1%} of the words are outside of the vocabulary (--vocabulary)"


def draw(run, vae, x):
    """Draw all figures of a trained model."""
    plots = zoo.plots
    run.figure("curves", plots.training_curves(run.history()))
    run.figure("latent", plots.latent_scatter(vae.encode(x).loc, _lengths(vae, x)))


def _lengths(vae, x):
    """Class of each text for figures: short or long."""
    words = np.count_nonzero(vae.preprocessor.to_array(x), 1)
    median = int(np.median(words))
    return np.where(words <= median, f"up to {median} words", f"more than {median} words")


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), main))
