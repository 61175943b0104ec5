"""Train a classifier of images from a few labels: a VAE with a Normal prior for each class.

Data: scikit-learn's digits by default (1,797 grey images, 8x8; a fifth is held out), no download.
Command: python recipes/semi_supervised.py
Time: two minutes on two CPU cores.
Expect, with seed 0 and 100 labels: 97.2 % of the 359 held-out images are classified correctly;
logistic regression on the same labels reaches 90.5 %, the nearest neighbour 91.4 %.
"""

import time

import numpy as np
from support.data import few_labels, images
from support.results import label_propagation
from support.run import argument_types, cli, seed_options, shared_options
from support.run.run import Outcome, Run

import zoo

LIKELIHOODS = ("bernoulli", "binarized_bernoulli", "discretized_logistic", "shared_scale_normal")
DIGITS_EPOCHS, EPOCHS = 100, 8
# Factor of --weight after label propagation, when most images have a label.
PROPAGATED_FACTOR = 10.0
LOGGED = 1000  # test images for the numbers in history.csv

DESCRIPTION = """\
Train a classifier on a few labelled images and many without a label.

Reads scikit-learn's digits (no download), a data set of TensorFlow Datasets (TFDS) with classes
(--dataset) or your own images (--data, sub-folders are classes).
Of the images to train on, --labels keep their label, equally many of each class, chosen at random.
Trains in phases: first with these labels, then --rounds times with labels propagated between
neighbours in latent space.
Repeats everything for --seeds seeds and reports mean and standard deviation of the test accuracy,
with those of classifiers trained on the labelled images alone.
Writes into the folder --out:
  metrics.json      accuracy of each seed, options, versions, seconds
and of the first seed
  figures/          curves, test images in latent space, new images of each class
  report.html       numbers and figures on one page: start here, or send it to someone
  history.csv       what was logged after each epoch
  model.keras       the model: import zoo; keras.models.load_model("model.keras")
  saved_model/      the model for serving"""
EXAMPLES = """\
examples:
  python recipes/semi_supervised.py
  python recipes/semi_supervised.py --dataset mnist --labels 100 --seeds 5 --out runs/mnist100
  python recipes/semi_supervised.py --dataset svhn_cropped --labels 1000 --variant conv_vae
  python recipes/semi_supervised.py --data photos/ --size 32 --labels 60
"""


def parser():
    """Command line of the recipe."""
    command_line = cli.parser("semi_supervised.py", DESCRIPTION, EXAMPLES)
    _data_options(command_line.add_argument_group("data"))
    model, training, run = seed_options.add_options(
        command_line, out="runs/semi_supervised", latent_dim=16, batch_size=250
    )
    model.add_argument(
        "--likelihood",
        choices=LIKELIHOODS,
        help="p(x|z) (default: bernoulli for grey images, else discretized_logistic)",
    )
    shared_options.add_epochs(
        training,
        "passes over the training data in the first phase; later phases take half as many "
        f"(default {DIGITS_EPOCHS} for the digits, else {EPOCHS})",
    )
    training.add_argument(
        "--rounds",
        type=argument_types.natural,
        default=2,
        metavar="N",
        help="number of times that labels are propagated (default 2)",
    )
    training.add_argument(
        "--weight",
        type=argument_types.non_negative,
        default=10.0,
        metavar="W",
        help="weight of the labelled images' cross-entropy in the loss (default 10)",
    )
    training.add_argument(
        "--warp",
        type=argument_types.non_negative,
        default=0.1,
        metavar="S",
        help="strength of random rotation, scaling and translation of the encoder's input, as a "
        "fraction of half the image size; 0 means none (default 0.1)",
    )
    shared_options.add_no_report(run)
    return command_line


def _data_options(data):
    images.add_options(data)
    data.add_argument(
        "--labels",
        type=argument_types.positive,
        default=100,
        metavar="N",
        help="number of labelled images, of all classes together (default 100)",
    )
    data.add_argument(
        "--evaluate",
        type=argument_types.natural,
        default=0,
        metavar="N",
        help="number of test images; 0 means all (default 0)",
    )


def main(options):
    """Train and test for each seed, save and draw the first model; return the exit status."""
    run = Run("semi_supervised", options)
    data = few_labels.load(options)
    if options.epochs is None:
        options.epochs = DIGITS_EPOCHS if data.default else EPOCHS
    run.describe(data.name, data.x, data.test_x, data.notes)
    print(
        f"{data.name}: {len(data.x):,} images of {len(data.names)} classes to train on, "
        f"{options.labels} with a label; {len(data.test_x):,} to test"
    )
    first, accuracies = options.seed, run.record.setdefault("accuracy", [])
    for seed in range(first, first + options.seeds):
        options.seed = seed  # `run.model` uses it
        labelled = few_labels.choose(data.y, options.labels, seed)
        vae = _model(run, data)
        if seed == first:
            run.begin()
        try:
            seconds = _train(run, vae, data, labelled, log=seed == first)
        except FloatingPointError as error:
            return run.finish(Outcome(error=str(error)))
        accuracy = {"VAE": _accuracy(vae, data), **few_labels.baselines(data, labelled)}
        accuracies.append({"seed": seed, **accuracy, "seconds": round(seconds, 1)})
        text = ", ".join(f"{name} {100 * value:.2f} %" for name, value in accuracy.items())
        print(f"seed {seed}: {text}; {seconds:.0f} s", flush=True)
        run.write()
        if seed == first:
            run.save(vae)
            _draw(run, vae, data, seed)
            run.report(vae, data.test_x, data.names[data.test_y])
    return run.finish(Outcome(), *_summary(run, accuracies))


def _model(run, data):
    """Build the variant with a Normal prior for each class and the terms of the labels."""
    options, grey = run.options, data.x.shape[-1] == 1
    terms = (zoo.objectives.LabelKL(), zoo.objectives.Classification(options.weight))
    return run.model(
        data.x.shape[1:],
        options.likelihood or ("bernoulli" if grey else "discretized_logistic"),
        prior=zoo.LabelPrior(options.latent_dim, len(data.names)),
        objective=zoo.objectives.ELBO(terms),
        **({"hidden": (500, 500)} if options.variant == "dense_vae" else {}),
        **({"input_noise": zoo.training.AffineCorruption(options.warp)} if options.warp else {}),
    )


def _train(run, vae, data, labelled, log):
    """Fit in phases; return the seconds that this took."""
    from support.run.progress import EpochLines

    start, options = time.monotonic(), run.options
    total = options.epochs + options.rounds * -(-options.epochs // 2)
    lines = EpochLines(total, ("elbo", "classification", "val_classification"), write=_print)
    y = visible = few_labels.hide(data.y, labelled)
    print(f"{options.labels} labels; {total} epochs in {1 + options.rounds} phases")
    epoch = _train_phase(run, vae, data, y, labelled, 0, options.epochs, log, lines)
    classification = vae.objective.term("classification")
    classification.current.assign(PROPAGATED_FACTOR * classification.weight)
    for number in range(options.rounds):
        codes = np.asarray(vae.encode(data.x, batch_size=1000).loc)
        y = label_propagation.propagate(codes, visible, len(data.names), options.seed + number)
        print(f"labels are propagated: {(y >= 0).sum():,} of {len(y):,} images have one")
        half = -(-options.epochs // 2)
        epoch = _train_phase(run, vae, data, y, labelled, epoch, half, log, lines)
    return time.monotonic() - start


def _print(text):
    print(text, flush=True)


def _train_phase(run, vae, data, y, labelled, first_epoch, epochs, log, lines):
    """Train for `epochs` epochs with a learning rate that falls to nearly 0; return the last."""
    import keras

    options = run.options
    x, y = few_labels.repeat_labelled(data.x, y, labelled)
    steps = epochs * -(-len(x) // options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, steps, alpha=0.02)
    vae.compile(zoo.FusedAdam(rate))
    logging = {"callbacks": [lines]}
    if log:
        logger = keras.callbacks.CSVLogger(run.file("history.csv"), append=first_epoch > 0)
        logging = {
            "callbacks": [logger, lines],
            "validation_data": (data.test_x[:LOGGED], data.test_y[:LOGGED]),
        }
    vae.fit(
        x,
        y,
        batch_size=options.batch_size,
        epochs=first_epoch + epochs,
        initial_epoch=first_epoch,
        verbose=0,
        **logging,
    )
    return first_epoch + epochs


def _accuracy(vae, data):
    predicted = vae.classify(data.test_x).argmax(-1)
    return float((predicted == data.test_y).mean())


def _draw(run, vae, data, seed):
    """Draw all figures of a trained model."""
    plots, count = zoo.plots, len(data.names)
    run.figure("curves", plots.training_curves(run.history()))
    q = vae.encode(data.test_x)
    run.figure("latent", plots.latent_scatter(q.loc, data.names[data.test_y]))
    labels = np.repeat(np.arange(count), 10)
    samples = vae.generate(len(labels), label=labels, seed=seed)
    run.figure("classes", plots.samples(samples, 10, "Samples of each class", data.names))


def _summary(run, accuracies):
    """Mean and standard deviation over seeds, for metrics.json and as summary lines."""
    names = [name for name in accuracies[0] if name not in ("seed", "seconds")]
    run.record["mean_accuracy"] = means = {}
    lines = []
    for name in names:
        values = 100 * np.array([accuracy[name] for accuracy in accuracies])
        std = values.std(ddof=1) if len(values) > 1 else 0.0
        means[name] = {"mean": float(values.mean()), "std": float(std), "unit": "%"}
        lines.append(f"{name:<20} test accuracy {values.mean():.2f} ± {std:.2f} %")
    return lines


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), main))
