"""Reconstruction of each variant by its defaults, compared with PCA of as many components.

R2 of reconstructions from the mean code on a held-out fifth of each set, in standard deviations of
the training data for tables, and in pixel values for images. Sets: the digits, wine, breast cancer
and diabetes of scikit-learn, and with --data-dir also MNIST of TFDS. Series have a script of their
own, `series_pca.py`. Tables have few columns, so their models have four latent dimensions.

    python recipes/benchmarks/quality/variants_pca.py

`docs/results.md` has results.
"""

import json
import pathlib

import keras
import numpy as np
from shared import command_line, random_rows, tfds_images, unit_range, write_json
from sklearn import datasets
from sklearn.decomposition import PCA

import zoo

TABLES = ("wine", "breast_cancer", "diabetes")
VARIANTS = {
    "images": ("conv_vae", "dense_vae"),
    "table": ("dense_vae",),
}
TABLE_DIM = 4
BATCH = 64
MNIST_IMAGES = 12_000


def main():
    """Train each variant on each set of its kind; print a JSON line each."""
    args, rows = parser().parse_args(), []
    for name, kind, train, test in chosen_sets(args):
        for variant in VARIANTS[kind]:
            if args.variants and variant not in args.variants:
                continue
            for seed in args.seeds:
                row = {"set": name, "variant": variant, "seed": seed}
                row |= compared(variant, kind, train, test, seed, args)
                rows.append(row)
                print(json.dumps(row), flush=True)
    if args.out:
        write_json(args.out, rows)


def compared(variant, kind, train, test, seed, args):
    """R2 of a variant and of PCA on held-out examples."""
    keras.utils.set_random_seed(seed)
    options = {} if args.likelihood is None else {"likelihood": args.likelihood}
    if kind == "table":
        likelihood = zoo.likelihoods.Tabular.from_data(train)
        options = {"latent_dim": TABLE_DIM, "likelihood": likelihood}
    vae = zoo.get(variant, seed=seed, **options)
    epochs = -(-args.steps // -(-len(train) // BATCH))
    vae.fit(train, epochs=epochs, batch_size=BATCH, verbose=0)
    components = min(vae.latents.latent_dim, train[0].size)
    return {
        "steps": epochs * -(-len(train) // BATCH),
        "components": components,
        "r2": r_squared(test, vae.reconstruct(test)),
        "pca": r_squared(test, pca(train, test, components)),
    }


def pca(train, test, components):
    """Reconstruction of test by the principal components of train."""
    model = PCA(components, svd_solver="full").fit(train.reshape(len(train), -1))
    rows = model.inverse_transform(model.transform(test.reshape(len(test), -1)))
    return rows.reshape(test.shape)


def r_squared(x, values):
    """1 - squared error / squared distance from the mean example."""
    return float(1 - np.square(x - values).sum() / np.square(x - x.mean(0)).sum())


def chosen_sets(args):
    """Yield name, kind, training and held-out part."""
    images = datasets.load_digits().images[..., None].astype("float32") / 16
    yield "digits", "images", *parts(images)
    if args.data_dir:
        (train, _), (test, _) = tfds_images("mnist", args.data_dir)
        rows = random_rows(len(train), MNIST_IMAGES, seed=0)
        yield "MNIST", "images", unit_range(train[rows]), unit_range(test[:2000])
    for name in TABLES:
        train, test = parts(getattr(datasets, f"load_{name}")().data.astype("float32"))
        mean, std = train.mean(0), train.std(0)
        yield name, "table", (train - mean) / std, (test - mean) / std


def parts(x):
    """Training and held-out part, a random fifth."""
    held_out = np.zeros(len(x), bool)
    held_out[random_rows(len(x), len(x) // 5, seed=0)] = True
    return x[~held_out], x[held_out]


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--data-dir", type=pathlib.Path, help="folder of TFDS' data, for MNIST")
    p.add_argument("--variants", nargs="+", help="names of variants, all by default")
    p.add_argument("--likelihood", help="p(x|z) of images, by default that of the variant")
    p.add_argument("--steps", type=int, default=600, help="training steps, whole epochs")
    p.add_argument("--seeds", nargs="+", type=int, default=[0])
    p.add_argument("--out", type=pathlib.Path, help="write all numbers into this .json file")
    return p


if __name__ == "__main__":
    main()
