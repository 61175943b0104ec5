"""Quality: bits per dimension of held-out images as real bytes, beside gzip, PNG and WebP.

For each data set a dense VAE is trained on the training split; the test images are then compressed
all together and one by one, decompressed and compared bit for bit. Beside it stands what the model
promises, its negative ELBO in bits, and what the coder adds to that.

    python recipes/benchmarks/quality/lossless.py --data-dir DIR              # TFDS' mnist
    python recipes/benchmarks/quality/lossless.py --tasks digits              # needs no download

`docs/compression.md` has a recorded run.
"""

import argparse
import bz2
import gzip
import io
import json
import math
import time

import keras
import numpy as np

import zoo

TRAINED = 1500  # of the 1797 digits
ALONE = 50  # images that are compressed one by one
OPTIONS = {"hidden": (512, 256), "latent_dim": 24}


def main():
    """One JSON line for each data set as it ends; the table at the end."""
    args = parser().parse_args()
    rows = []
    for task in args.tasks:
        levels, epochs, load = TASKS[task]
        train, test = load(args)
        rows += measured(task, levels, epochs(args), train, test[: args.images], args)
        print(json.dumps(rows[-1]), flush=True)
    print(table(rows))


def digits(args):
    """scikit-learn's digits, 8x8, 17 grey levels."""
    from sklearn.datasets import load_digits

    del args
    images = load_digits().images[..., None].astype("uint8")
    return images[:TRAINED], images[TRAINED:]


def mnist(args):
    """MNIST, 28x28, 256 grey levels."""
    import tensorflow_datasets as tfds

    loaded = tfds.load("mnist", split=["train", "test"], data_dir=args.data_dir, batch_size=-1)
    return [part["image"].numpy() for part in loaded]


def binary_mnist(args):
    """MNIST, black where a pixel is below half of white."""
    return [(part >= 128).astype("uint8") for part in mnist(args)]


# Grey levels, epochs, images.
TASKS = {
    "digits": (17, lambda args: 5 * args.epochs, digits),
    "binary MNIST": (2, lambda args: args.epochs, binary_mnist),
    "MNIST": (256, lambda args: args.epochs, mnist),
}


def measured(task, levels, epochs, train, test, args):
    """One row for each coder."""
    rows = [coded(task, name, test, coder) for name, coder in baselines(levels).items()]
    vae, minutes = trained(levels, epochs, train / (levels - 1), args)
    x = (test / (levels - 1)).astype("float32")
    vae.decompress(vae.compress(x[:1]))  # compiles
    row = coded(task, "zoo", x, vae.compress)
    stream = vae.compress(x)
    began = time.perf_counter()
    restored = vae.decompress(stream)
    row["ms_back"] = 1000 * (time.perf_counter() - began) / len(x)
    if restored.tobytes() != x.tobytes():
        raise RuntimeError(f"{task}: what came back is not what was compressed")
    promised = zoo.bits_per_dimension(-float(vae.elbo(x, samples=16).mean()), x.shape[1:])
    row |= {"promised": promised, "overhead": row["together"] / promised - 1}
    return [*rows, {**row, "train_core_minutes": minutes}]


def trained(levels, epochs, train, args):
    """A dense VAE, and the processor's minutes that it took."""
    keras.utils.set_random_seed(args.seed)
    discrete = zoo.likelihoods.DiscretizedLogisticLikelihood(levels)
    vae = zoo.get(
        "dense_vae", likelihood="bernoulli" if levels == 2 else discrete, seed=args.seed, **OPTIONS
    )
    began = time.process_time()
    vae.fit(train.astype("float32"), epochs=epochs, batch_size=128, verbose=0)
    return vae, (time.process_time() - began) / 60


def coded(task, name, x, coder):
    """Bits per dimension of all in one and one by one, and the clock's time for each image."""
    began = time.perf_counter()
    size = len(coder(x))
    seconds = time.perf_counter() - began
    few = [coder(x[i : i + 1]) for i in range(min(ALONE, len(x)))]
    return {
        "task": task,
        "coder": name,
        "images": len(x),
        "together": 8 * size / x.size,
        "alone": 8 * sum(map(len, few)) / (len(few) * x[0].size),
        "ms": 1000 * seconds / len(x),
    }


def baselines(levels):
    """Name -> what makes bytes of uint8 images, of many and of one."""

    def packed(x):
        return np.packbits(x).tobytes() if levels == 2 else x.tobytes()

    def image(x, **options):
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
        "PNG": lambda x: image(x, format="PNG", optimize=True),
        "WebP": lambda x: image(x, format="WEBP", lossless=True, quality=100, method=6),
    }


def tiled(x):
    """Images `[N, H, W, C]` as a sheet of about as many columns as rows."""
    columns = math.ceil(math.sqrt(len(x)))
    missing = -len(x) % columns
    x = np.concatenate([x, np.zeros((missing, *x.shape[1:]), x.dtype)])
    rows = x.reshape(-1, columns, *x.shape[1:]).swapaxes(1, 2)
    return rows.reshape(-1, columns * x.shape[2], x.shape[3])


def table(rows):
    """Bits per dimension, and milliseconds for each image, there and back."""
    head = ("data", "coder", "together", "one by one", "-ELBO", "overhead", "ms", "ms back")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        cells = [row["task"], row["coder"], f"{row['together']:.4f}", f"{row['alone']:.3f}"]
        own = ["", "", f"{row['ms']:.2f}", ""]
        if "promised" in row:
            overhead = f"{row['overhead']:.2%}"
            own = [f"{row['promised']:.4f}", overhead, own[2], f"{row['ms_back']:.2f}"]
        lines.append(f"| {' | '.join(cells + own)} |")
    return "\n".join(lines)


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--data-dir", help="TFDS data_dir that holds mnist")
    p.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    p.add_argument("--epochs", type=int, default=20, help="of MNIST; digits have 5 times as many")
    p.add_argument("--images", type=int, default=1000, help="test images to compress, at most")
    p.add_argument("--seed", type=int, default=0)
    return p


if __name__ == "__main__":
    main()
