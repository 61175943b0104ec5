"""Lossless compression of images: bits per dimension, compared with gzip, bz2, PNG and WebP.

For each data set a dense VAE is trained on the training images. The test images are compressed, all
in one stream and one by one, decompressed and compared bit for bit. The table also has the negative
ELBO in bits, which is the expected size, and the overhead of the coder.

Needs Pillow, and TFDS' mnist in the folder DIR (default: downloaded); "digits" needs no download:

    python recipes/benchmarks/quality/lossless.py --data-dir DIR
    python recipes/benchmarks/quality/lossless.py --tasks digits

`docs/compression.md` has results.
"""

import bz2
import gzip
import io
import json
import math
import time

import keras
import numpy as np
from shared import command_line, random_rows, tfds_images

import zoo

TRAIN_DIGITS = 1500  # of 1797
SINGLE_IMAGES = 50  # images that are compressed one by one
OPTIONS = {"hidden": (512, 256), "latent_dim": 24}


def main():
    """Measure each data set, a JSON line each; print the table."""
    args = parser().parse_args()
    rows = []
    for task in args.tasks:
        levels, epochs, load = TASKS[task]
        train, test = load(args)
        test = test[random_rows(len(test), args.images, args.seed)]
        rows += measure(task, levels, epochs(args), train, test, args)
        print(json.dumps(rows[-1]), flush=True)
    print(table(rows))


def digits(args):
    """scikit-learn's digits, 8x8, 17 grey levels."""
    from sklearn.datasets import load_digits

    del args
    images = load_digits().images[..., None].astype("uint8")
    return images[:TRAIN_DIGITS], images[TRAIN_DIGITS:]


def mnist(args):
    """MNIST, 28x28, 256 grey levels."""
    return [images for images, _ in tfds_images("mnist", args.data_dir)]


def binary_mnist(args):
    """MNIST with two grey levels."""
    return [(part >= 128).astype("uint8") for part in mnist(args)]


# Name -> number of grey levels, epochs, images.
TASKS = {
    "digits": (17, lambda args: 5 * args.epochs, digits),
    "binary MNIST": (2, lambda args: args.epochs, binary_mnist),
    "MNIST": (256, lambda args: args.epochs, mnist),
}


def measure(task, levels, epochs, train, test, args):
    """A row for each coder."""
    rows = [measure_coder(task, name, test, coder) for name, coder in baselines(levels).items()]
    vae, minutes = fit(levels, epochs, train / (levels - 1), args)
    x = (test / (levels - 1)).astype("float32")
    vae.decompress(vae.compress(x[:1]))  # compiles
    row = measure_coder(task, "zoo", x, vae.compress)
    stream = vae.compress(x)
    start = time.perf_counter()
    restored = vae.decompress(stream)
    row["ms_back"] = 1000 * (time.perf_counter() - start) / len(x)
    if restored.tobytes() != x.tobytes():
        raise RuntimeError(f"{task}: the decompressed images differ from the originals")
    expected = zoo.bits_per_dimension(-float(vae.elbo(x, samples=16).mean()), x.shape[1:])
    row |= {"expected": expected, "overhead": row["together"] / expected - 1}
    return [*rows, {**row, "train_core_minutes": minutes}]


def fit(levels, epochs, train, args):
    """Train a dense VAE: the model and the core minutes that it took."""
    keras.utils.set_random_seed(args.seed)
    likelihood = zoo.likelihoods.DiscretizedLogisticLikelihood(levels)
    vae = zoo.get(
        "dense_vae",
        likelihood="bernoulli" if levels == 2 else likelihood,
        seed=args.seed,
        **OPTIONS,
    )
    start = time.process_time()
    vae.fit(train.astype("float32"), epochs=epochs, batch_size=128, verbose=0)
    return vae, (time.process_time() - start) / 60


def measure_coder(task, name, x, coder):
    """Bits per dimension of all images in one stream and one by one, and milliseconds per image."""
    start = time.perf_counter()
    size = len(coder(x))
    seconds = time.perf_counter() - start
    single = [coder(x[i : i + 1]) for i in range(min(SINGLE_IMAGES, len(x)))]
    return {
        "task": task,
        "coder": name,
        "images": len(x),
        "together": 8 * size / x.size,
        "alone": 8 * sum(map(len, single)) / (len(single) * x[0].size),
        "ms": 1000 * seconds / len(x),
    }


def baselines(levels):
    """Name -> function that compresses uint8 images."""

    def packed(x):
        return np.packbits(x).tobytes() if levels == 2 else x.tobytes()

    def as_image(x, **options):
        from PIL import Image

        sheet = tiled(x)[..., 0]
        picture = Image.fromarray(sheet * 255 if levels == 2 else sheet)
        if levels == 2 and options["format"] == "PNG":
            picture = picture.convert("1")
        file = io.BytesIO()
        picture.save(file, **options)
        return file.getvalue()

    return {
        "gzip": lambda x: gzip.compress(packed(x), 9, mtime=0),
        "bz2": lambda x: bz2.compress(packed(x), 9),
        "PNG": lambda x: as_image(x, format="PNG", optimize=True),
        "WebP": lambda x: as_image(x, format="WEBP", lossless=True, quality=100, method=6),
    }


def tiled(x):
    """Images `[N, H, W, C]` side by side in one, with about as many columns as rows."""
    columns = math.ceil(math.sqrt(len(x)))
    missing = -len(x) % columns
    x = np.concatenate([x, np.zeros((missing, *x.shape[1:]), x.dtype)])
    rows = x.reshape(-1, columns, *x.shape[1:]).swapaxes(1, 2)
    return rows.reshape(-1, columns * x.shape[2], x.shape[3])


def table(rows):
    """Markdown table of bits per dimension, and of milliseconds per image for both directions."""
    head = ("data", "coder", "together", "one by one", "-ELBO", "overhead", "ms", "ms to decode")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        cells = [row["task"], row["coder"], f"{row['together']:.4f}", f"{row['alone']:.3f}"]
        ms = f"{row['ms']:.2f}"
        if "expected" in row:
            bits, overhead = f"{row['expected']:.4f}", f"{row['overhead']:.2%}"
            cells += [bits, overhead, ms, f"{row['ms_back']:.2f}"]
        else:
            cells += ["", "", ms, ""]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--data-dir", help="folder of TFDS' data")
    p.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    p.add_argument(
        "--epochs", type=int, default=20, help="epochs of MNIST; the digits have 5 times as many"
    )
    p.add_argument("--images", type=int, default=1000, help="maximum number of test images")
    p.add_argument("--seed", type=int, default=0)
    return p


if __name__ == "__main__":
    main()
