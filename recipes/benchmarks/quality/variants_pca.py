"""Reconstruction of each variant by its defaults, compared with PCA of as many components.

R2 of reconstructions from the mean code on held-out examples, after each number of steps: in
standard deviations of the training data for tables and series, and in pixel values for images.
Sets: the 8x8 digits, wine, breast cancer and diabetes of scikit-learn, and with --data-dir also
MNIST, Fashion-MNIST, spoken digits as log-mel spectrograms (series), and pairs of an MNIST image
and such a spectrogram as an image (modalities), all of TFDS. `series_pca.py` has more series.

Tables have few columns, so their models have four latent dimensions. Of a ladder the dimensions of
the top level are counted. Texts have no PCA.

    python recipes/benchmarks/quality/variants_pca.py --data-dir TFDS

`docs/results.md` has results.
"""

import json
import pathlib
import sys

import keras
import numpy as np
from series_pca import digits as spoken_digits
from shared import command_line, random_rows, tfds_images, unit_range, write_json
from sklearn import datasets
from sklearn.decomposition import PCA

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from support.data import audio_visual

TABLES = ("wine", "breast_cancer", "diabetes")
IMAGES = {"MNIST": "mnist", "Fashion-MNIST": "fashion_mnist"}
SPEECH, PAIRS = "spoken digits", "MNIST and spoken digits"
VARIANTS = {
    "images": ("conv_vae", "dense_vae", "ladder_vae"),
    "tables": ("dense_vae", "dense_ladder_vae"),
    "series": ("lstm_vae",),
    "modalities": ("multimodal_vae",),
}
TABLE_DIM = 4
BATCH = 64
EXAMPLES = 12_000, 2_000  # of MNIST and Fashion-MNIST, and of pairs, for training and held out


def main():
    """Train each variant on each set of its kind; print a JSON line each, and the table."""
    args, rows = parser().parse_args(), []
    for name in args.sets or set_names(args):
        kind, train, test = load(name, args)
        for variant in VARIANTS[kind]:
            if args.variants and variant not in args.variants:
                continue
            for seed in args.seeds:
                for result in compared(variant, kind, train, test, seed, args):
                    rows.append({"set": name, "variant": variant, "seed": seed, **result})
                    print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print("| set | variant | latent dimensions | seed | steps | R2 | R2, PCA |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        steps = f"{row['seed']} | {row['steps']} | {row['r2']:.3f} | {row['pca']:.3f} |"
        print(f"| {row['set']} | `{row['variant']}` | {row['components']} | {steps}")
    if args.out:
        write_json(args.out, rows)


def compared(variant, kind, train, test, seed, args):
    """Yield R2 of a variant and of PCA on held-out examples after each number of steps."""
    keras.utils.set_random_seed(seed)
    options = {} if args.likelihood is None else {"likelihood": args.likelihood}
    if kind == "tables":
        likelihood = zoo.likelihoods.Tabular.from_data(train)
        options = {"latent_dim": TABLE_DIM, "likelihood": likelihood}
    vae, done = zoo.get(variant, seed=seed, **options), 0
    batches = -(-zoo.core.nested.row_count(train) // BATCH)
    for steps in sorted(args.steps):
        epochs = -(-steps // batches)
        vae.fit(train, epochs=epochs, initial_epoch=done, batch_size=BATCH, verbose=0)
        done, components = epochs, vae.latents.encoder.latent_dim
        scored = scores(test, vae.reconstruct(test))
        linear = scores(test, pca(train, test, components))
        yield {"steps": epochs * batches, "components": components, "r2": scored.pop("all")} | {
            "pca": linear.pop("all"),
            **({"r2_by_modality": scored, "pca_by_modality": linear} if scored else {}),
        }


def pca(train, test, components):
    """Reconstruction of test by the principal components of train, of all modalities together."""
    model = PCA(components, svd_solver="covariance_eigh").fit(flat(train))
    rows = model.inverse_transform(model.transform(flat(test)))
    if not isinstance(test, dict):
        return rows.reshape(test.shape)
    ends = np.cumsum([test[name][0].size for name in test])[:-1]
    parts = np.split(rows, ends, axis=1)
    return {n: part.reshape(test[n].shape) for n, part in zip(test, parts, strict=True)}


def scores(x, means):
    """R2 of all values, and of each modality."""
    parts = {name: r_squared(flat(x[name]), flat(means[name])) for name in x} if _named(x) else {}
    means = {name: means[name] for name in x} if _named(x) else means
    return {"all": r_squared(flat(x), flat(means)), **parts}


def r_squared(x, values):
    """1 - squared error / squared distance from the mean example."""
    return float(1 - np.square(x - values).sum() / np.square(x - x.mean(0)).sum())


def flat(x):
    """All values of each example, `[N, F]`."""
    parts = x.values() if _named(x) else [x]
    return np.concatenate([part.reshape(len(part), -1) for part in parts], 1)


def _named(x):
    return isinstance(x, dict)


def set_names(args):
    """Names of the sets that the command line gives."""
    names = ("digits, 8x8", *TABLES)
    return (*names, *IMAGES, SPEECH, PAIRS) if args.data_dir else names


def load(name, args):
    """Kind, training and held-out part of a set."""
    if name in TABLES:
        train, test = parts(getattr(datasets, f"load_{name}")().data.astype("float32"))
        return "tables", *(standardised(x, train, 0) for x in (train, test))
    if name in IMAGES:
        (train, _), (test, _) = tfds_images(IMAGES[name], args.data_dir)
        rows = random_rows(len(train), EXAMPLES[0], seed=0)
        return "images", unit_range(train[rows]), unit_range(test[: EXAMPLES[1]])
    if name == SPEECH:
        train, test = spoken_digits(args.data_dir)
        return "series", *(standardised(x, train, (0, 1)) for x in (train, test))
    if name == PAIRS:
        pairs = audio_visual.spoken(args.data_dir, EXAMPLES[0])
        train, test = ({**x, "audio": x["audio"][..., None]} for x in (pairs.train, pairs.test))
        return "modalities", train, zoo.core.nested.take_rows(test, slice(EXAMPLES[1]))
    images = datasets.load_digits().images[..., None].astype("float32") / 16
    return "images", *parts(images)


def standardised(x, train, axes):
    """x in standard deviations of the training part."""
    return (x - train.mean(axes)) / train.std(axes)


def parts(x):
    """Training and held-out part, a random fifth."""
    held_out = np.zeros(len(x), bool)
    held_out[random_rows(len(x), len(x) // 5, seed=0)] = True
    return x[~held_out], x[held_out]


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--data-dir", type=pathlib.Path, help="folder of TFDS' data")
    p.add_argument("--sets", nargs="+", help="names of sets, all by default")
    p.add_argument("--variants", nargs="+", help="names of variants, all by default")
    p.add_argument("--likelihood", help="p(x|z) of images, by default that of the variant")
    p.add_argument("--steps", nargs="+", type=int, default=[600, 1200], help="whole epochs")
    p.add_argument("--seeds", nargs="+", type=int, default=[0])
    p.add_argument("--out", type=pathlib.Path, help="write all numbers into this .json file")
    return p


if __name__ == "__main__":
    main()
