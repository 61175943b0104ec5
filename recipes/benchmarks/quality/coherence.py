"""Coherence, retrieval and likelihoods of `multimodal_vae` on MNIST with spoken digits.

Prints a table with a column for each fusion. All numbers are of held-out data: MNIST's test images
with the recordings of the authors' test split. Coherence is the fraction of generated or translated
examples that classifiers, trained on the real training data, assign to the right digit; the test
accuracy of these classifiers is printed.

Needs TFDS' mnist and spoken_digit, prepared in the folder DIR:

    python recipes/benchmarks/quality/coherence.py --data-dir DIR

`docs/results.md` has results.
"""

import json
import pathlib
import sys
import time

import keras
import numpy as np
from digit_classifiers import classifier, coherence, joint_coherence
from shared import command_line, mean_and_std

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from support.data import audio_visual

FUSIONS = ("product", "mixture", "mixture_of_products")


def main():
    """Train and evaluate a model for each fusion and seed, a JSON line each; print the table."""
    args = parser().parse_args()
    keras.utils.set_random_seed(0)
    data = audio_visual.load(args.data_dir, args.pairs)
    judges, accuracy = fit_classifiers(data, args)
    print(json.dumps({"classifiers": accuracy}), file=sys.stderr, flush=True)
    lines = []
    for seed in range(args.seeds):
        for fusion in args.fusions:
            lines.append({"fusion": fusion, "seed": seed, **run(data, judges, fusion, seed, args)})
            print(json.dumps(lines[-1]), flush=True)
    print(table(lines))


def run(data, judges, fusion, seed, args):
    """Train and measure one model."""
    keras.utils.set_random_seed(seed)
    vae = model(fusion, seed, args)
    steps = args.epochs * -(-args.pairs // args.batch_size)
    vae.compile(
        zoo.FusedAdam(keras.optimizers.schedules.CosineDecay(args.learning_rate, steps)),
        jit_compile=True if args.networks == "dense" else "auto",
    )
    start = clock()
    vae.fit(
        with_channel(data.train),
        batch_size=args.batch_size,
        epochs=args.epochs,
        verbose=args.verbose,
    )
    minutes = [round((now - then) / 60, 1) for now, then in zip(clock(), start, strict=True)]
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        vae.save(args.out / f"{fusion}-{seed}.keras")
    numbers = {"minutes": minutes[0], "core_minutes": minutes[1]}
    return numbers | evaluate(vae, data, judges, args)


def model(fusion, seed, args):
    """The untrained model."""
    likelihoods = {
        "image": zoo.likelihoods.BinarizedBernoulli(),
        "audio": zoo.likelihoods.SharedScaleNormal(0.1),
    }
    size, networks = args.latent_dim, {}
    if args.networks == "dense":
        networks["encoders"] = {
            name: zoo.encoders.DenseEncoder(size, hidden=(512, 256)) for name in likelihoods
        }
        networks["decoders"] = {
            name: zoo.decoders.DenseDecoder(hidden=(256, 512), likelihood=likelihood)
            for name, likelihood in likelihoods.items()
        }
    return zoo.get(
        "multimodal_vae",
        latent_dim=size,
        fusion=fusion,
        likelihoods=likelihoods,
        subsets=args.subsets,
        beta=args.beta,
        alignment=args.alignment,
        rescale={"image": args.image_factor, "audio": args.audio_factor},
        seed=seed,
        **networks,
    )


def clock():
    """Seconds of wall time and of all cores."""
    return time.monotonic(), time.process_time()


def with_channel(x):
    """Pairs with spectrograms as images of one channel."""
    return {"image": x["image"], "audio": x["audio"][..., None]}


def evaluate(vae, data, judges, args):
    """Coherence, retrieval and likelihoods on test data."""
    x, labels = with_channel(data.test), data.labels["test"]
    rows = np.random.default_rng(0).permutation(len(labels))
    few = rows[: args.evaluate]
    numbers = coherence(vae, judges, zoo.core.nested.take_rows(x, few), labels[few])
    numbers |= retrieval(vae, zoo.core.nested.take_rows(x, few), labels[few])
    fewer = zoo.core.nested.take_rows(x, rows[: args.likelihoods])
    fewer["image"] = np.asarray(zoo.binarize(fewer["image"]))
    numbers |= likelihoods(vae, fewer, args)
    mixture = with_mixture_prior(vae, data, args)
    numbers["joint_mixture"] = joint_coherence(mixture, judges, args.evaluate)
    numbers["log_p_joint_mixture"] = round(log_p(mixture, fewer, args), 2)
    return numbers


def with_mixture_prior(vae, data, args):
    """The same encoders and decoders with a mixture of Normals fitted to the codes as prior."""
    prior = zoo.MixturePrior(args.latent_dim, args.mixture)
    mixture = zoo.VAE(zoo.MultimodalLatent(vae.latents.encoder, prior=prior), vae.decoder, seed=0)
    zoo.fit_prior(mixture, with_channel(data.train))
    return mixture


def retrieval(vae, x, labels):
    """Retrieval of each modality by the other: precision by digit and mean reciprocal rank."""
    scores = {}
    for source, to in (("image", "audio"), ("audio", "image")):
        result = zoo.retrieval(vae, {source: x[source]}, {to: x[to]}, labels=labels)
        scores[f"precision_at_10_{to}_by_{source}"] = round(result.precision_at[10], 4)
        scores[f"mrr_{to}_by_{source}"] = round(result.mean_reciprocal_rank, 4)
    return scores


def likelihoods(vae, x, args):
    """Importance-weighted log p in nats: joint, marginal and conditional."""
    both = log_p(vae, x, args)
    alone = {name: log_p(vae, {name: x[name]}, args) for name in x}
    values = {"log_p_joint": both, **{f"log_p_{name}": value for name, value in alone.items()}}
    values["log_p_audio_given_image"] = both - alone["image"]
    values["log_p_image_given_audio"] = both - alone["audio"]
    return {name: round(value, 2) for name, value in values.items()}


def log_p(vae, x, args):
    """Mean importance-weighted log p of x."""
    return float(vae.log_likelihood(x, samples=args.samples, batch_size=32, rows=512).mean())


def fit_classifiers(data, args):
    """A convolutional classifier for each modality, and its accuracy on test data."""
    judges, accuracy = {}, {}
    train, test = with_channel(data.train), with_channel(data.test)
    for name, x in train.items():
        judges[name] = classifier(x.shape[1:])
        rows = slice(args.pairs_of_classifiers)
        labels = data.labels["train"][rows]
        judges[name].fit(x[rows], labels, epochs=args.classifier_epochs, verbose=args.verbose)
        logs = judges[name].evaluate(test[name], data.labels["test"], verbose=0, return_dict=True)
        accuracy[name] = round(logs["accuracy"], 4)
    return judges, accuracy


def table(lines):
    """Markdown table with a column for each fusion: mean and standard deviation over seeds."""
    names = [n for n in lines[0] if n not in ("fusion", "seed")]
    fusions = list(dict.fromkeys(line["fusion"] for line in lines))
    rows = ["| | " + " | ".join(fusions) + " |", "|---" * (1 + len(fusions)) + "|"]
    for name in names:
        cells = []
        for fusion in fusions:
            values = [line[name] for line in lines if line["fusion"] == fusion]
            cells.append(mean_and_std(values, ".4g"))
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument(
        "--data-dir", type=pathlib.Path, help="folder of TFDS' data (default: telephone tones)"
    )
    p.add_argument("--fusions", nargs="+", choices=FUSIONS, default=list(FUSIONS))
    p.add_argument("--seeds", type=int, default=1, help="number of seeds")
    p.add_argument("--pairs", type=int, default=20000, help="training pairs")
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--batch-size", type=int, default=128)
    p.add_argument(
        "--learning-rate", type=float, default=1e-3, help="start of the learning rate's cosine"
    )
    p.add_argument("--networks", choices=("conv", "dense"), default="conv")
    p.add_argument(
        "--subsets",
        type=float,
        help="probability of training on one modality (default: by the fusion)",
    )
    p.add_argument("--latent-dim", type=int, default=16)
    p.add_argument("--mixture", type=int, default=200, help="components of the mixture prior")
    p.add_argument("--beta", type=float, default=1.0)
    p.add_argument("--alignment", type=float, default=0.0)
    p.add_argument(
        "--image-factor", type=float, default=1.0, help="weight of the image's nats in the loss"
    )
    p.add_argument(
        "--audio-factor", type=float, default=1.0, help="weight of the sound's nats in the loss"
    )
    p.add_argument("--evaluate", type=int, default=2000, help="test pairs for coherence")
    p.add_argument("--likelihoods", type=int, default=200, help="test pairs for likelihoods")
    p.add_argument("--samples", type=int, default=500, help="importance samples")
    p.add_argument("--pairs-of-classifiers", type=int, default=20000)
    p.add_argument("--classifier-epochs", type=int, default=4)
    p.add_argument("--verbose", type=int, default=0)
    p.add_argument("--out", type=pathlib.Path, help="folder of the models")
    return p


if __name__ == "__main__":
    main()
