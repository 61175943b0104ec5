"""Lossless compression of images: bits per dimension, compared with gzip, bz2, PNG and WebP.

For each data set a dense VAE or a ladder is trained on the training images. The test images are
compressed, all in one stream and one by one, decompressed and compared bit for bit. The table also
has the negative ELBO in bits, which is the expected size, and the overhead of the coder.

The receiver needs the model, too. The last row has the bits of a model with weights of 8 bits, and
the size of these weights in bytes.

Needs Pillow, and TFDS' mnist in the folder DIR (default: downloaded); "digits" needs no download:

    python recipes/benchmarks/quality/lossless.py --data-dir DIR
    python recipes/benchmarks/quality/lossless.py --tasks digits
    python recipes/benchmarks/quality/lossless.py --data-dir DIR --tasks MNIST --variant ladder_vae
    python recipes/benchmarks/quality/lossless.py --data-dir DIR --tasks MNIST --model FILE.keras

`docs/compression.md` has results.
"""

import bz2
import gzip
import io
import json
import math
import time

import eight_bits
import keras
import numpy as np
from shared import command_line, random_rows, tfds_images
from support.pretraining.spec import Training
from support.pretraining.train import make_optimizer

import zoo

TRAIN_DIGITS = 1500  # of 1797
OPTIONS = {
    "dense_vae": {"hidden": (512, 256), "latent_dim": 24},
    # Small, so that its weights take few bytes: a vector, a map of a quarter of the image's size
    # and one of half of it.
    "ladder_vae": {
        "latent_dim": 8,
        "level_dims": (1, 2),
        "widths": (8, 8, 8),
        "stem_strides": 1,
        "normalization": None,
        "activation": "silu",
        "free_bits": None,
    },
}
GREY = {
    "dense_vae": zoo.likelihoods.DiscretizedLogisticLikelihood,
    "ladder_vae": zoo.likelihoods.DiscretizedLogisticMixture,
}


def main():
    """Measure each data set, a JSON line each; print the table."""
    args = parser().parse_args()
    rows = []
    for task in args.tasks:
        levels, epochs, load = TASKS[task]
        train, test = load(args)
        test = test[random_rows(len(test), args.images, args.seed)]
        for row in measure(task, levels, epochs(args), train, test, args):
            print(json.dumps(row), flush=True)
            rows.append(row)
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
    """Yield a row for each coder."""
    for name, coder in baselines(levels).items():
        yield measure_coder(task, name, test, coder, args)[0]
    x = (test / (levels - 1)).astype("float32")
    if args.model:
        vae, training = keras.models.load_model(args.model), {"model": args.model}
    else:
        vae, training = fit(levels, epochs, train / (levels - 1), args)
    yield {**measure_model(task, "zoo", vae, x, args), **training}
    weights = eight_bits.to_bytes(vae)
    eight_bits.load(vae, weights)
    row = measure_model(task, "zoo, weights of 8 bits", vae, x, args)
    with_model = row["together"] + 8 * len(weights) / x.size
    yield {
        **row,
        "parameters": vae.count_params(),
        "model_bytes": len(weights),
        "with_model": with_model,
    }


def measure_model(task, name, vae, x, args):
    """The row of a model, whose decompressed images must be the originals."""
    vae.decompress(vae.compress(x[:1]))  # compiles
    row, stream = measure_coder(task, name, x, vae.compress, args)
    start = time.perf_counter()
    restored = vae.decompress(stream)
    row["ms_back"] = 1000 * (time.perf_counter() - start) / len(x)
    if restored.tobytes() != x.tobytes():
        raise RuntimeError(f"{task}: the decompressed images differ from the originals")
    expected = zoo.bits_per_dimension(-float(vae.elbo(x, samples=4).mean()), x.shape[1:])
    return row | {"expected": expected, "overhead": row["together"] / expected - 1}


def fit(levels, epochs, train, args):
    """Train a VAE: the model, and the core minutes that it took."""
    keras.utils.set_random_seed(args.seed)
    vae = zoo.get(
        args.variant,
        likelihood="bernoulli" if levels == 2 else GREY[args.variant](levels=levels),
        seed=args.seed,
        **OPTIONS[args.variant],
    )
    batch_size = 128
    if args.variant == "ladder_vae":
        batch_size = 64
        plan = Training(epochs=epochs, optimizer="adamax", peak=1e-2, clipnorm=None, ema=0.999)
        vae.compile(make_optimizer(plan, epochs * -(-len(train) // batch_size)))
    start = time.process_time()
    vae.fit(train.astype("float32"), epochs=epochs, batch_size=batch_size, verbose=args.verbose)
    minutes = (time.process_time() - start) / 60
    if args.out:
        vae.save(args.out)
    return vae, {"train_core_minutes": minutes}


def measure_coder(task, name, x, coder, args):
    """The row of bits per dimension and milliseconds per image, and the stream of all images."""
    start = time.perf_counter()
    stream = coder(x)
    seconds = time.perf_counter() - start
    single = [coder(x[i : i + 1]) for i in range(min(args.single, len(x)))]
    row = {
        "task": task,
        "coder": name,
        "images": len(x),
        "together": 8 * len(stream) / x.size,
        "alone": 8 * sum(map(len, single)) / (len(single) * x[0].size),
        "ms": 1000 * seconds / len(x),
    }
    return row, stream


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
    head = (*head, "model, kB", "together with the model")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    forms = {
        "expected": ".4f",
        "overhead": ".2%",
        "ms": ".2f",
        "ms_back": ".2f",
        "model_bytes": ",.1f",
        "with_model": ".4f",
    }
    for row in rows:
        cells = [row["task"], row["coder"], f"{row['together']:.4f}", f"{row['alone']:.3f}"]
        row = {**row, "model_bytes": row["model_bytes"] / 1000} if "model_bytes" in row else row
        cells += [format(row[key], form) if key in row else "" for key, form in forms.items()]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--data-dir", help="folder of TFDS' data")
    p.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    p.add_argument("--variant", choices=OPTIONS, default="dense_vae", help="of the model to train")
    p.add_argument("--model", help="a .keras file to measure instead of training a model")
    p.add_argument(
        "--epochs", type=int, default=20, help="epochs of MNIST; the digits have 5 times as many"
    )
    p.add_argument("--images", type=int, default=1000, help="maximum number of test images")
    p.add_argument("--single", type=int, default=50, help="images compressed one by one as well")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--verbose", type=int, default=0, help="of `fit`")
    p.add_argument("--out", help="a .keras file for the trained model")
    return p


if __name__ == "__main__":
    main()
