"""Train a VAE on images and sounds of digits at once: each of them becomes the other.

Data: by default scikit-learn's digits, each with the SYNTHESISED telephone tone of its key, made on
the spot (1,257 pairs; 360 more are held out), no download; MNIST with spoken digits by --data-dir.
Command: python recipes/audio_visual.py
Time: 140 s of one CPU core (80 epochs).
Expect, with seed 0: held-out ELBO 2235 and log p(x) 2254 +- 5 nats a pair (100 importance samples);
of the ten sounds nearest to an image 81% are of its digit, of the ten images nearest to a sound
79%. Images become the right two tones, smeared over the time in which they may sound; tones become
blurred digits; most pairs from the prior, which is fitted to the codes in the end, belong together.
With --data-dir 200 s on two cores (15 epochs); ELBO 1983, log p(x) 2003 +- 10 nats a pair, 80% and
55% by digit. What is made of images are smooth spectrograms, what is made of sounds mean digits.
"""

import argparse
import math

from support.data import audio_visual
from support.results import audio_visual as audio_visual_results
from support.run import cli, evaluation
from support.run.run import Run, early_stopping

import zoo

# No concatenation: it needs every modality, and a translation has one only.
FUSIONS = ("product", "mixture", "mixture_of_products")
# What suits the default pairs, and what MNIST with spoken digits.
TONES_EPOCHS = 80
SPOKEN_PAIRS, SPOKEN_STEPS = 20_000, 4500
LATENT_DIM = 16
# An image has far fewer nats than a spectrogram; counted more often, its digit is read better.
FACTORS = {"image": 3.0}
COMPONENTS = 100  # of the prior at most

DESCRIPTION = f"""\
Train a variational autoencoder on pairs of an image and a sound of the same digit, either of which
may be missing, and see what it learned: images become sounds and sounds images.

Reads scikit-learn's digits with synthesised telephone tones (no download), or TFDS' mnist with its
spoken_digit (--data-dir), which TFDS must have prepared.
Sounds are log-mel spectrograms; those that the model makes are turned into waveforms again.
Writes into the folder --out:
  figures/          curves, image to sound to image, joint samples, latent space, retrieval
  sounds/           what the model makes of images, and what it makes up, as WAV files
  retrieval.md      how well an image finds its sound, and a sound its image
  metrics.json      held-out numbers, options, seed, versions, seconds
{cli.FILES}"""
EXAMPLES = """\
examples:
  python recipes/audio_visual.py
  python recipes/audio_visual.py --fusion mixture_of_products --alignment 1
  python recipes/audio_visual.py --data-dir ~/tensorflow_datasets --out runs/spoken_digits

The first takes about two minutes of one CPU core.
"""


def parser():
    """The command line."""
    found = cli.parser("audio_visual.py", DESCRIPTION, EXAMPLES)
    data = found.add_argument_group("data")
    data.add_argument(
        "--data-dir",
        type=cli.path,
        metavar="FOLDER",
        help="where TFDS keeps mnist and spoken_digit (default: telephone tones instead)",
    )
    data.add_argument(
        "--pairs",
        type=cli.positive,
        metavar="N",
        help=f"to train on (default: each image once; {SPOKEN_PAIRS:,} with --data-dir)",
    )
    cli.add_options(found, variant="multimodal_vae", out="runs/audio_visual", evaluate=1000)
    found.set_defaults(batch_size=64)
    found.add_argument(
        "--fusion", choices=FUSIONS, default="product", help="how two posteriors become one"
    )
    found.add_argument(
        "--alignment",
        type=cli.non_negative,
        default=0.0,
        metavar="WEIGHT",
        help="of KL(joint posterior || that of each modality alone) in the loss (default 0)",
    )
    found.add_argument(
        "--subsets",
        type=probability,
        metavar="P",
        help="how often training encodes one modality and explains both (default: 0.5 for a "
        "product, else 0)",
    )
    return found


def probability(text):
    """argparse type: a number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1, got {text}")
    return value


def run(options):
    """Train, save, evaluate, draw; the exit status."""
    folder = Run("audio_visual", options)
    _check_variant(options.variant)
    if options.input_noise:
        raise cli.InputError("--input-noise", "is for one modality; see --subsets")
    if options.data_dir is not None and options.pairs is None:
        options.pairs = SPOKEN_PAIRS
    data = audio_visual.load(options.data_dir, options.pairs, options.seed)
    rows = slice(options.evaluate or None)
    train, valid, held_out = shaped(data.train), shaped(data.valid, rows), shaped(data.test, rows)
    labels = data.labels["test"][rows]
    _set_epochs(options, zoo.core.nested.rows(train))
    folder.describe(data.name, train, held_out)
    folder.record["data"]["description"] = data.description
    print(f"{data.description}; {len(labels)} of the test pairs are held out for all numbers")
    vae = model(folder, train)
    outcome = folder.train(vae, train, valid, early_stopping(options.epochs // 5))
    lines = []
    if outcome.error is None:
        with folder.skippable():
            zoo.fit_prior(vae, train, seed=options.seed)
            folder.save(vae)
            lines = evaluation.nats(folder, vae, held_out)
            lines += audio_visual_results.report(folder, vae, held_out, labels)
            folder.report(vae, held_out, labels)
    return folder.finish(outcome, *lines)


def shaped(x, rows=slice(None)):
    """Some of the pairs, with spectrograms as images of one channel: convolutions take them."""
    return {"image": x["image"][rows], "audio": x["audio"][rows][..., None]}


def model(folder, x):
    """The model that was asked for; dense networks are its defaults."""
    import keras

    options = folder.options
    keras.utils.set_random_seed(options.seed)  # initial weights depend on when layers are made
    # Values of a spectrogram are in [0, 1], and a scale of 1 would take many steps to shrink.
    likelihoods = {
        "image": zoo.likelihoods.Bernoulli(),
        "audio": zoo.likelihoods.SharedScaleNormal(0.1),
    }
    chosen = {"latent_dim": options.latent_dim or LATENT_DIM, "fusion": options.fusion}
    chosen |= {"alignment": options.alignment, "subsets": options.subsets, "rescale": FACTORS}
    # Near the standard Normal to begin with; fitted to the codes in the end.
    components = max(1, min(COMPONENTS, zoo.core.nested.rows(x) // 10))
    chosen["prior"] = zoo.MixturePrior(
        chosen["latent_dim"], components, init_std=0.3, initial_scale=1.0
    )
    chosen |= networks(chosen["latent_dim"], likelihoods)
    shapes = zoo.core.nested.change(lambda array: array.shape[1:], x)
    vae = folder.model(shapes, likelihoods, **chosen)
    if vae.latents.encoder.fusion.needs_all:
        raise cli.InputError(
            "--option", f"fusion needs all modalities, expected one of {', '.join(FUSIONS)}"
        )
    return vae


def networks(latent_dim, likelihoods):
    """Dense encoders and decoders: ten times as fast on a CPU as convolutions."""
    return {
        "encoders": {
            name: zoo.encoders.DenseEncoder(latent_dim, hidden=(512, 256)) for name in likelihoods
        },
        "decoders": {
            name: zoo.decoders.DenseDecoder(hidden=(256, 512), likelihood=likelihood)
            for name, likelihood in likelihoods.items()
        },
    }


def _check_variant(name):
    with cli.blame("--variant", ValueError):
        kind = zoo.card(name).data
    if kind != "modalities":
        raise cli.InputError("--variant", f"{name} is for {kind}, expected one for modalities")


def _set_epochs(options, pairs):
    if options.epochs is None:
        few = max(5, math.ceil(SPOKEN_STEPS / math.ceil(pairs / options.batch_size)))
        options.epochs = TONES_EPOCHS if options.data_dir is None else min(few, 100)


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), run))
