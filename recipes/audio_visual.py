"""Train a VAE on pairs of images and sounds of digits, and translate each into the other.

Data: by default scikit-learn's digits, each with the SYNTHESISED telephone tone of its key, made by
this recipe (1,257 pairs to train on, 360 held out), no download; MNIST with spoken digits by
--data-dir.
Command: python recipes/audio_visual.py
Time: 140 s of one CPU core (80 epochs).
Expect, with seed 0: held-out ELBO 2235 and log p(x) 2254 +- 5 nats per pair (100 importance
samples). Of the ten sounds nearest to an image 81 % are of its digit, and of the ten images nearest
to a sound 79 %. An image is translated to the right two tones, smeared over the time in which they
may sound, and a tone to a blurred digit. In most pairs from the prior, which is fitted to the codes
after training, image and sound are of the same digit.
With --data-dir: 200 s on two cores (15 epochs); ELBO 1983, log p(x) 2003 +- 10 nats per pair; 80 %
of the sounds and 55 % of the images found are of the right digit. Images are translated to smooth
spectrograms, and sounds to average digits.
"""

import math

from support.data import audio_visual
from support.results import translation
from support.run import argument_types, cli, evaluation, shared_options
from support.run.run import Run, early_stopping

import zoo

# Not "concatenation": it needs every modality, and a translation has only one.
FUSIONS = ("product", "mixture", "mixture_of_products")
# Epochs of the default pairs; pairs and training steps of MNIST with spoken digits.
TONES_EPOCHS = 80
SPOKEN_PAIRS, SPOKEN_STEPS = 20_000, 4500
LATENT_DIM = 16
# An image has far fewer nats than a spectrogram; with a larger weight its digit is encoded better.
FACTORS = {"image": 3.0}
MAX_COMPONENTS = 100  # of the prior

DESCRIPTION = f"""\
Train a variational autoencoder on pairs of an image and a sound of the same digit, translate images
to sounds and sounds to images, and measure retrieval between them.

Reads scikit-learn's digits with synthesised telephone tones (no download), or mnist and
spoken_digit of TensorFlow Datasets (TFDS), which must be prepared in the folder --data-dir.
Sounds are log-mel spectrograms; those that the model generates are converted to waveforms.
Writes into the folder --out:
  figures/          curves, image to sound to image, joint samples, latent space, retrieval
  sounds/           sounds made from images, and sounds of new pairs, as WAV files
  retrieval.md      scores of the search for sounds by an image, and for images by a sound
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
    """Command line of the recipe."""
    command_line = cli.parser("audio_visual.py", DESCRIPTION, EXAMPLES)
    data = command_line.add_argument_group("data")
    shared_options.add_data_dir(
        data, "folder of TFDS' data with mnist and spoken_digit (default: telephone tones)"
    )
    data.add_argument(
        "--pairs",
        type=argument_types.positive,
        metavar="N",
        help=f"pairs to train on (default: each image once; {SPOKEN_PAIRS:,} with --data-dir)",
    )
    cli.add_options(
        command_line,
        variant="multimodal_vae",
        out="runs/audio_visual",
        evaluate=1000,
        batch_size=64,
    )
    modalities = command_line.add_argument_group("modalities")
    modalities.add_argument(
        "--fusion",
        choices=FUSIONS,
        default="product",
        help="how the posteriors of image and sound are combined (default product)",
    )
    modalities.add_argument(
        "--alignment",
        type=argument_types.non_negative,
        default=0.0,
        metavar="WEIGHT",
        help="weight of KL(joint posterior || posterior of each modality) in the loss (default 0)",
    )
    modalities.add_argument(
        "--subsets",
        type=argument_types.probability,
        metavar="P",
        help="probability that a training step encodes one modality and decodes both (default: "
        "0.5 for a product, else 0)",
    )
    return command_line


def main(options):
    """Train, save, evaluate and draw; return the exit status."""
    run = Run("audio_visual", options)
    _check_variant(options.variant)
    if options.input_noise:
        raise cli.InputError(
            "--input-noise",
            f"expected none for several modalities, got {options.input_noise}; leave it out",
        )
    if options.pairs == 1:
        raise cli.InputError(
            "--pairs", "expected at least 2, got 1: the prior is fitted to the codes of the pairs"
        )
    if options.data_dir is not None and options.pairs is None:
        options.pairs = SPOKEN_PAIRS
    data = audio_visual.load(options.data_dir, options.pairs, options.seed)
    rows = slice(options.evaluate or None)
    train = with_channel(data.train)
    valid, held_out = with_channel(data.valid, rows), with_channel(data.test, rows)
    labels = data.labels["test"][rows]
    run.describe(data.name, train, held_out)
    _set_epochs(options, zoo.core.nested.row_count(train))
    run.record["data"]["description"] = data.description
    print(f"{data.description}; {len(labels)} of the test pairs are used for all numbers")
    vae = model(run, train)
    outcome = run.train(vae, train, valid, early_stopping(options.epochs // 5))
    lines = []
    if outcome.error is None:
        with run.skippable():
            zoo.fit_prior(vae, train, seed=options.seed)
            run.save(vae)
            lines = evaluation.held_out(run, vae, held_out)
            lines += translation.write(run, vae, held_out, labels)
            run.report(vae, held_out, labels)
    return run.finish(outcome, *lines)


def with_channel(x, rows=slice(None)):
    """Select rows of the pairs, and give the spectrograms a channel axis."""
    return {"image": x["image"][rows], "audio": x["audio"][rows][..., None]}


def model(run, x):
    """Build the model of the command line's options, by default with dense networks."""
    import keras

    options = run.options
    keras.utils.set_random_seed(options.seed)  # some layers are created before the model is
    # Values of a spectrogram are in [0, 1]; a scale that starts at 1 takes many steps to shrink.
    likelihoods = {
        "image": zoo.likelihoods.Bernoulli(),
        "audio": zoo.likelihoods.SharedScaleNormal(0.1),
    }
    chosen = {"latent_dim": options.latent_dim or LATENT_DIM, "fusion": options.fusion}
    chosen |= {"alignment": options.alignment, "subsets": options.subsets, "rescale": FACTORS}
    # Close to the standard Normal during training; fitted to the codes afterwards.
    components = max(1, min(MAX_COMPONENTS, zoo.core.nested.row_count(x) // 10))
    chosen["prior"] = zoo.MixturePrior(
        chosen["latent_dim"], components, init_std=0.3, initial_scale=1.0
    )
    chosen |= networks(chosen["latent_dim"], likelihoods)
    shapes = zoo.core.nested.map_arrays(lambda array: array.shape[1:], x)
    vae = run.model(shapes, likelihoods, **chosen)
    if vae.latents.encoder.fusion.needs_all:
        raise cli.InputError(
            "--option",
            f"expected one of {', '.join(FUSIONS)} for fusion, got one that needs all modalities",
        )
    return vae


def networks(latent_dim, likelihoods):
    """Dense encoders and decoders, ten times as fast on a CPU as convolutional ones."""
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
    with cli.as_input_error("--variant", ValueError):
        kind = zoo.card(name).data
    if kind != "modalities":
        raise cli.InputError(
            "--variant", f"expected a variant for several modalities, got {name}, one for {kind}"
        )


def _set_epochs(options, pairs):
    if options.epochs is None:
        epochs = max(5, math.ceil(SPOKEN_STEPS / math.ceil(pairs / options.batch_size)))
        options.epochs = TONES_EPOCHS if options.data_dir is None else min(epochs, 100)


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), main))
