"""Train a VAE on sentences, see what it writes, and what lies between two of them.

Data: by default the sentences of the Python language reference that ships inside CPython.
Command: python recipes/text.py
Time: about two minutes on two CPU cores.
Expect, with seed 0: a held-out perplexity near 60, a KL near 3 nats, and sentences that read like
the reference without meaning much: 1,600 of them are few.
"""

import math

import numpy as np
from support.data import text
from support.results import text as writing
from support.run import cli, evaluation
from support.run.run import Run, early_stopping

import zoo

STEPS = 2500
MAX_EPOCHS = 60
DEFAULTS = {"transformer_vae": dict(latent_dim=32)}

DESCRIPTION = f"""\
Train a variational autoencoder on sentences, and see what it learned: what it writes, how it
rebuilds sentences, what lies between two of them, which are neighbours.

Reads the language reference that ships inside Python (some thousand sentences) or your own file
with one sentence a line (--data). A tenth is held out; all numbers, sentences and figures are made
of it.
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
  python recipes/text.py --option decoder=lstm --option word_dropout=0.5
"""


def parser():
    """The command line."""
    found = cli.parser("text.py", DESCRIPTION, EXAMPLES)
    data = found.add_argument_group("data")
    data.add_argument("--data", type=cli.path, metavar="FILE", help="one sentence a line, UTF-8")
    data.add_argument(
        "--vocabulary", type=cli.positive, default=8000, metavar="V", help="most frequent words"
    )
    data.add_argument(
        "--max-length", type=cli.positive, default=40, metavar="L", help="words; more are cut"
    )
    data.add_argument("--width", type=cli.positive, default=128, help="of a word's embedding")
    data.add_argument(
        "--split-on-spaces",
        action="store_true",
        help="words are what spaces separate (default: lower case, punctuation apart)",
    )
    data.add_argument(
        "--limit", type=cli.positive, metavar="N", help="train on N sentences at most"
    )
    cli.add_options(found, variant="transformer_vae", out="runs/text", evaluate=500)
    found.set_defaults(batch_size=32)
    return found


def run(options):
    """Train, save, evaluate, write; the exit status."""
    folder = Run("text", options)
    data = text.load(options)
    if len(data.train) < 2:
        raise cli.InputError(
            "--limit",
            f"{options.limit} leaves nothing to train on, expected at least 2: one sentence says "
            "when to stop",
        )
    if options.epochs is None:
        steps = math.ceil(len(data.train) / options.batch_size)
        options.epochs = min(MAX_EPOCHS, max(5, math.ceil(STEPS / steps)))
    folder.describe(data.name, data.train, data.held_out)
    with cli.blame("--vocabulary", ValueError):
        likelihood = zoo.likelihoods.Text(
            options.vocabulary,
            options.max_length,
            options.width,
            standardize=not options.split_on_spaces,
        )
    likelihood.preprocessor().adapt([data.train])
    print(
        f"{data.name}: {len(data.train):,} sentences to train on, {len(data.held_out):,} held out, "
        f"{likelihood.token_count:,} different words"
    )
    defaults = DEFAULTS.get(options.variant, {})
    vae = folder.model((options.max_length,), likelihood, **defaults)
    # A fourteenth of the training sentences says when to stop.
    few = max(1, len(data.train) // 14)
    stopping = early_stopping(options.epochs // 10)
    outcome = folder.train(vae, data.train[few:], data.train[:few], stopping)
    lines = []
    if outcome.error is None:
        with folder.skippable():
            x = data.held_out[: options.evaluate or None]
            lines = evaluation.nats(folder, vae, x)
            lines += evaluation.perplexity(folder, vae, x)
            writing.write(folder, vae, data)
            draw(folder, vae, x)
            folder.report(vae, x, _lengths(vae, x))
    return folder.finish(outcome, *lines)


def draw(folder, vae, x):
    """All figures of a trained model."""
    plots = zoo.plots
    folder.figure("curves", plots.training_curves(folder.history()))
    folder.figure("latent", plots.latent_scatter(vae.encode(x).loc, _lengths(vae, x)))


def _lengths(vae, x):
    """A class for each text: short or long."""
    words = np.count_nonzero(vae.preprocessor.to_array(x), 1)
    middle = int(np.median(words))
    return np.where(words <= middle, f"up to {middle} words", f"more than {middle} words")


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), run))
