"""Tell images apart from a few labels: a VAE whose codes lie in one cloud for each class.

Data: scikit-learn's digits by default (1,797 grey images, 8x8; a fifth is held out), no download.
Command: python recipes/semi_supervised.py
Time: two minutes on two CPU cores.
Expect, with seed 0 and 100 labels: 97.2 % of the 359 held-out images right, where a logistic
regression on the same labels has 90.5 % and the nearest neighbour 91.4 %.
"""

import time

import numpy as np
from support.data import few_labels
from support.results import label_propagation
from support.run import cli
from support.run.run import Outcome, Run

import zoo

LIKELIHOODS = ("bernoulli", "binarized_bernoulli", "discretized_logistic", "shared_scale_normal")
DIGITS_EPOCHS, EPOCHS = 100, 8
# Once labels are passed on, most images have one.
MORE_WEIGHT = 10.0
WATCHED = 1000  # test images that history.csv says something of

DESCRIPTION = """\
Learn classes from a few labelled images and many without a label.

Reads scikit-learn's digits (no download), any TFDS data set that has classes (--dataset) or your
own images (--data, sub-folders are classes).
Of the images to train on --labels keep their class, as many of each; which ones is up to the seed.
Trains in phases: first on these labels, then --rounds times on labels that were passed on, among
the codes of the images to train on, from neighbour to neighbour.
Repeats everything for --seeds seeds and reports the mean and deviation of the test accuracy, beside
that of classifiers which see the labelled images alone.
Writes into the folder --out, of the first seed but for the numbers:
  figures/          curves, test images in latent space, images of each class that it made up
  metrics.json      accuracy of each seed, options, versions, seconds
  report.html       all of the first model on one page, to look at first or to send to someone
  history.csv       what was logged after each epoch
  model.keras       the model: import zoo; keras.models.load_model("model.keras")
  saved_model/      the same for serving"""
EXAMPLES = """\
examples:
  python recipes/semi_supervised.py
  python recipes/semi_supervised.py --dataset mnist --labels 100 --seeds 5 --out runs/mnist100
  python recipes/semi_supervised.py --dataset svhn_cropped --labels 1000 --variant conv_vae
  python recipes/semi_supervised.py --data photos/ --size 32 --labels 60
"""


def parser():
    """The command line."""
    found = cli.parser("semi_supervised.py", DESCRIPTION, EXAMPLES)
    _data_options(found.add_argument_group("data"))
    model = found.add_argument_group("model")
    model.add_argument("--variant", default="dense_vae", metavar="NAME", help="dense_vae, conv_vae")
    model.add_argument("--latent-dim", type=cli.positive, default=16, metavar="D")
    model.add_argument("--option", action="append", default=[], metavar="KEY=VALUE")
    model.add_argument("--likelihood", choices=LIKELIHOODS, help="p(x|z); default: by the colours")
    training = found.add_argument_group("training")
    training.add_argument(
        "--epochs",
        type=cli.positive,
        metavar="N",
        help="passes over the training data in the first phase, half as many in each other",
    )
    training.add_argument(
        "--rounds",
        type=cli.natural,
        default=2,
        metavar="N",
        help="how often labels are passed on (default 2)",
    )
    training.add_argument("--batch-size", type=cli.positive, default=250, metavar="N")
    training.add_argument("--learning-rate", type=cli.non_negative, default=1e-3, metavar="R")
    training.add_argument(
        "--weight",
        type=cli.non_negative,
        default=10.0,
        metavar="W",
        help="of the cross-entropy of labelled images in the loss (default 10)",
    )
    training.add_argument(
        "--warp",
        type=cli.non_negative,
        default=0.1,
        metavar="S",
        help="how far the images that the encoder sees are turned, stretched and moved while "
        "training, as a part of half an image; 0: not at all (default 0.1)",
    )
    training.add_argument("--seed", type=cli.seed, default=0, help="the first one (default 0)")
    training.add_argument("--seeds", type=cli.positive, default=1, metavar="N")
    run = found.add_argument_group("run")
    run.add_argument("--out", type=cli.path, default=cli.path("runs/semi_supervised"))
    run.add_argument(
        "--no-report", dest="report", action="store_false", help="leave out report.html"
    )
    # What other recipes let the user choose, and their helpers ask for.
    found.set_defaults(resume=False, distribute=False, beta=None, input_noise=None)
    return found


def _data_options(data):
    from support.data import images

    data.add_argument("--dataset", metavar="NAME", help="a TFDS name: mnist, svhn_cropped, ...")
    data.add_argument("--data-dir", type=cli.path, metavar="FOLDER", help="where TFDS keeps it")
    data.add_argument(
        "--data", type=cli.path, metavar="PATH", help="a folder of images in a folder a class"
    )
    data.add_argument("--size", type=images.size, metavar="S", help="resize to SxS, or HxW")
    data.add_argument("--limit", type=cli.positive, metavar="N", help="train on N images")
    data.add_argument(
        "--labels",
        type=cli.positive,
        default=100,
        metavar="N",
        help="images that keep their label, of all classes together (default 100)",
    )
    data.add_argument(
        "--evaluate", type=cli.natural, default=0, metavar="N", help="test images; 0 is all"
    )


def run(options):
    """Train and test for each seed, save and draw the first; the exit status."""
    folder = Run("semi_supervised", options)
    data = few_labels.load(options)
    if options.epochs is None:
        options.epochs = DIGITS_EPOCHS if data.default else EPOCHS
    folder.describe(data.name, data.x, data.test_x)
    print(
        f"{data.name}: {len(data.x):,} images of {len(data.names)} classes to train on, "
        f"{options.labels} with a label; {len(data.test_x):,} to test"
    )
    first, found = options.seed, folder.record.setdefault("accuracy", [])
    for seed in range(first, first + options.seeds):
        options.seed = seed  # which the model is made by
        chosen = few_labels.choose(data.y, options.labels, seed)
        vae = _model(folder, data)
        if seed == first:
            folder.begin()
        try:
            seconds = _train(folder, vae, data, chosen, log=seed == first)
        except FloatingPointError as error:
            return folder.finish(Outcome(error=str(error)))
        scores = {"VAE": _accuracy(vae, data), **few_labels.baselines(data, chosen)}
        found.append({"seed": seed, **scores, "seconds": round(seconds, 1)})
        shown = ", ".join(f"{name} {100 * value:.2f} %" for name, value in scores.items())
        print(f"seed {seed}: {shown}; {seconds:.0f} s", flush=True)
        folder.write()
        if seed == first:
            folder.save(vae)
            _draw(folder, vae, data, seed)
            folder.report(vae, data.test_x, data.names[data.test_y])
    return folder.finish(Outcome(), *_summary(folder, found))


def _model(folder, data):
    """The variant with a Normal for each class as prior, and terms that read the labels."""
    options, grey = folder.options, data.x.shape[-1] == 1
    terms = (zoo.objectives.LabelKL(), zoo.objectives.Classification(options.weight))
    return folder.model(
        data.x.shape[1:],
        options.likelihood or ("bernoulli" if grey else "discretized_logistic"),
        prior=zoo.LabelPrior(options.latent_dim, len(data.names)),
        objective=zoo.objectives.ELBO(terms),
        **({"hidden": (500, 500)} if options.variant == "dense_vae" else {}),
        **({"input_noise": zoo.training.AffineCorruption(options.warp)} if options.warp else {}),
    )


def _train(folder, vae, data, chosen, log):
    """Fit, in phases; how many seconds that took."""
    began, options = time.monotonic(), folder.options
    y = known = few_labels.known(data.y, chosen)
    done = _phase(folder, vae, data, y, chosen, 0, options.epochs, log)
    classification = vae.objective.term("classification")
    classification.current.assign(MORE_WEIGHT * classification.weight)
    for number in range(options.rounds):
        codes = np.asarray(vae.encode(data.x, batch_size=1000).loc)
        y = label_propagation.spread(codes, known, len(data.names), options.seed + number)
        done = _phase(folder, vae, data, y, chosen, done, -(-options.epochs // 2), log)
    return time.monotonic() - began


def _phase(folder, vae, data, y, chosen, done, epochs, log):
    """Train for so many epochs more, at a rate that falls to nearly 0; how many are done then."""
    import keras

    options = folder.options
    x, y = few_labels.mixed(data.x, y, chosen)
    steps = epochs * -(-len(x) // options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, steps, alpha=0.02)
    vae.compile(zoo.FusedAdam(rate))
    logged = {}
    if log:
        logger = keras.callbacks.CSVLogger(folder.folder / "history.csv", append=done > 0)
        logged = {
            "callbacks": [logger],
            "validation_data": (data.test_x[:WATCHED], data.test_y[:WATCHED]),
        }
    vae.fit(
        x,
        y,
        batch_size=options.batch_size,
        epochs=done + epochs,
        initial_epoch=done,
        verbose=0,
        **logged,
    )
    return done + epochs


def _accuracy(vae, data):
    found = vae.classify(data.test_x).argmax(-1)
    return float((found == data.test_y).mean())


def _draw(folder, vae, data, seed):
    """All figures of a trained model."""
    plots, count = zoo.plots, len(data.names)
    folder.figure("curves", plots.training_curves(folder.history()))
    q = vae.encode(data.test_x)
    folder.figure("latent", plots.latent_scatter(q.loc, data.names[data.test_y]))
    labels = np.repeat(np.arange(count), 10)
    made = vae.generate(len(labels), label=labels, seed=seed)
    folder.figure("classes", plots.samples(made, columns=10, title="Samples of each class"))


def _summary(folder, found):
    """Mean and deviation over seeds, into metrics.json; lines for the end."""
    names = [name for name in found[0] if name not in ("seed", "seconds")]
    folder.record["mean_accuracy"] = means = {}
    lines = []
    for name in names:
        values = 100 * np.array([scores[name] for scores in found])
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        means[name] = {"mean": float(values.mean()), "deviation": float(spread), "unit": "%"}
        lines.append(f"{name:<20} test accuracy {values.mean():.2f} ± {spread:.2f} %")
    return lines


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), run))
