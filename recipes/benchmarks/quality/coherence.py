"""Quality: `multimodal_vae` on MNIST and spoken digits, one table over the fusions.

    python recipes/benchmarks/quality/coherence.py --data-dir DIR

DIR is a TFDS folder with mnist and spoken_digit. All figures are of held-out data: MNIST's test
images with the recordings of the authors' test split. Coherence is judged by two classifiers that
see the real training data only; their own test accuracy is printed. `docs/results.md` has runs.
"""

import argparse
import json
import pathlib
import sys
import time

import keras
import numpy as np

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from support.data import audio_visual

FUSIONS = ("product", "mixture", "mixture_of_products")


def main():
    """Train a model for each fusion and seed, evaluate, print one JSON line each and a table."""
    args = parser().parse_args()
    keras.utils.set_random_seed(0)
    data = audio_visual.load(args.data_dir, args.pairs)
    judges, accuracy = classifiers(data, args)
    print(json.dumps({"classifiers": accuracy}), file=sys.stderr, flush=True)
    lines = []
    for seed in range(args.seeds):
        for fusion in args.fusions:
            lines.append({"fusion": fusion, "seed": seed, **run(data, judges, fusion, seed, args)})
            print(json.dumps(lines[-1]), flush=True)
    print(table(lines))


def run(data, judges, fusion, seed, args):
    """Train one model and measure it."""
    keras.utils.set_random_seed(seed)
    vae = model(fusion, seed, args)
    steps = args.epochs * -(-args.pairs // args.batch_size)
    vae.compile(
        zoo.FusedAdam(keras.optimizers.schedules.CosineDecay(args.learning_rate, steps)),
        jit_compile=True if args.networks == "dense" else "auto",
    )
    began = time.monotonic(), time.process_time()
    vae.fit(
        shaped(data.train), batch_size=args.batch_size, epochs=args.epochs, verbose=args.verbose
    )
    used = [round((n - b) / 60, 1) for n, b in zip(clock(), began, strict=True)]
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        vae.save(args.out / f"{fusion}-{seed}.keras")
    found = {"minutes": used[0], "core_minutes": used[1]}
    return found | evaluate(vae, data, judges, args)


def model(fusion, seed, args):
    """An untrained model."""
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
    """Now, on the wall and in seconds of all cores."""
    return time.monotonic(), time.process_time()


def shaped(x):
    """Spectrograms as images, for convolutions."""
    return {"image": x["image"], "audio": x["audio"][..., None]}


def evaluate(vae, data, judges, args):
    """Coherence, retrieval and likelihoods on test data."""
    x, labels = shaped(data.test), data.labels["test"]
    rows = np.random.default_rng(0).permutation(len(labels))
    few = rows[: args.evaluate]
    found = coherence(vae, judges, zoo.core.nested.cut(x, few), labels[few])
    found |= retrieval(vae, zoo.core.nested.cut(x, few), labels[few])
    fewer = zoo.core.nested.cut(x, rows[: args.likelihoods])
    fewer["image"] = np.asarray(zoo.binarize(fewer["image"]))
    found |= likelihoods(vae, fewer, args)
    mixed = with_mixture(vae, data, args)
    found["joint_mixture"] = joint(mixed, judges, args.evaluate)
    found["log_p_joint_mixture"] = round(log_p(mixed, fewer, args), 2)
    return found


def with_mixture(vae, data, args):
    """The same encoders and decoders with a mixture of Normals, fitted to the codes, as prior."""
    prior = zoo.MixturePrior(args.latent_dim, args.mixture)
    mixed = zoo.VAE(zoo.MultimodalLatent(vae.latents.encoder, prior=prior), vae.decoder, seed=0)
    zoo.fit_prior(mixed, shaped(data.train))
    return mixed


def joint(vae, judges, size):
    """How often image and sound of a pair from the prior are of one digit."""
    made = vae.generate(size, seed=0)
    seen, heard = (judges[n].predict(made[n], verbose=0).argmax(-1) for n in ("image", "audio"))
    return round(float(np.mean(seen == heard)), 4)


def coherence(vae, judges, x, labels):
    """Fractions of what is generated or translated that the classifiers find right."""
    found = {"joint": joint(vae, judges, len(labels))}
    for source, to in (("image", "audio"), ("audio", "image")):
        told = judges[to].predict(vae.translate({source: x[source]}, to=to), verbose=0)
        found[f"{source}_to_{to}"] = np.mean(told.argmax(-1) == labels)
        own = vae.reconstruct({source: x[source]})[source]
        found[f"{source}_to_{source}"] = np.mean(
            judges[source].predict(own, verbose=0).argmax(-1) == labels
        )
    return {name: round(float(value), 4) for name, value in found.items()}


def retrieval(vae, x, labels):
    """Searching one modality by the other: how many of what is found is of the right digit."""
    found = {}
    for source, to in (("image", "audio"), ("audio", "image")):
        got = zoo.retrieval(vae, {source: x[source]}, {to: x[to]}, labels=labels)
        found[f"precision_at_10_{to}_by_{source}"] = round(got.precision_at[10], 4)
        found[f"mrr_{to}_by_{source}"] = round(got.mean_reciprocal_rank, 4)
    return found


def likelihoods(vae, x, args):
    """Importance-weighted log p in nats: joint, of each alone, of each given the other."""
    both = log_p(vae, x, args)
    alone = {name: log_p(vae, {name: x[name]}, args) for name in x}
    found = {"log_p_joint": both, **{f"log_p_{name}": value for name, value in alone.items()}}
    found["log_p_audio_given_image"] = both - alone["image"]
    found["log_p_image_given_audio"] = both - alone["audio"]
    return {name: round(value, 2) for name, value in found.items()}


def log_p(vae, x, args):
    """Mean over x."""
    return float(vae.log_likelihood(x, samples=args.samples, batch_size=32, rows=512).mean())


def classifiers(data, args):
    """A convolutional classifier for each modality, and its accuracy on test data."""
    judges, accuracy = {}, {}
    train, test = shaped(data.train), shaped(data.test)
    for name, x in train.items():
        judges[name] = classifier(x.shape[1:])
        rows = slice(args.pairs_of_classifiers)
        labels = data.labels["train"][rows]
        judges[name].fit(x[rows], labels, epochs=args.classifier_epochs, verbose=args.verbose)
        got = judges[name].evaluate(test[name], data.labels["test"], verbose=0, return_dict=True)
        accuracy[name] = round(got["accuracy"], 4)
    return judges, accuracy


def classifier(shape):
    """Two convolutions, dropout, a dense layer."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(32, 3, 2, "same", activation="relu"),
            layers.Conv2D(64, 3, 2, "same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def table(lines):
    """Markdown: a column for each fusion, mean over seeds and their standard deviation."""
    names = [n for n in lines[0] if n not in ("fusion", "seed")]
    fusions = list(dict.fromkeys(line["fusion"] for line in lines))
    rows = ["| | " + " | ".join(fusions) + " |", "|---" * (1 + len(fusions)) + "|"]
    for name in names:
        cells = []
        for fusion in fusions:
            values = [line[name] for line in lines if line["fusion"] == fusion]
            spread = f" +- {np.std(values, ddof=1):.3g}" if len(values) > 1 else ""
            cells.append(f"{np.mean(values):.4g}{spread}")
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--data-dir", type=pathlib.Path, help="TFDS folder; key tones without it")
    p.add_argument("--fusions", nargs="+", choices=FUSIONS, default=list(FUSIONS))
    p.add_argument("--seeds", type=int, default=1, help="how many")
    p.add_argument("--pairs", type=int, default=20000, help="training pairs")
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--batch-size", type=int, default=128)
    p.add_argument("--learning-rate", type=float, default=1e-3, help="start of one cosine")
    p.add_argument("--networks", choices=("conv", "dense"), default="conv")
    p.add_argument("--subsets", type=float, help="of training; what the fusion needs by default")
    p.add_argument("--latent-dim", type=int, default=16)
    p.add_argument("--mixture", type=int, default=200, help="components of the prior fitted later")
    p.add_argument("--beta", type=float, default=1.0)
    p.add_argument("--alignment", type=float, default=0.0)
    p.add_argument("--image-factor", type=float, default=1.0, help="of its nats in the loss")
    p.add_argument("--audio-factor", type=float, default=1.0, help="likewise")
    p.add_argument("--evaluate", type=int, default=2000, help="test pairs for coherence")
    p.add_argument("--likelihoods", type=int, default=200, help="test pairs for likelihoods")
    p.add_argument("--samples", type=int, default=500, help="importance samples")
    p.add_argument("--pairs-of-classifiers", type=int, default=20000)
    p.add_argument("--classifier-epochs", type=int, default=4)
    p.add_argument("--verbose", type=int, default=0)
    p.add_argument("--out", type=pathlib.Path, help="folder for the models")
    return p


if __name__ == "__main__":
    main()
