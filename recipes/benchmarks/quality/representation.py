"""Quality: what codes of MNIST are good for, beside raw pixels and principal components.

Trains a VAE on all training images, without a label; then simple methods look for the digits in its
codes (`zoo.evaluation.representation`). They train on the first --train
images and are scored on the first --test test images.

    python recipes/benchmarks/quality/representation.py --data-dir DIR           # TFDS' mnist

`docs/representation.md` says what the columns are.
"""

import argparse
import json
import pathlib
import time

import keras

import zoo


def main():
    """Train, score, print the table."""
    args = parser().parse_args()
    (x, y), (test_x, test_y) = (load(args, split) for split in ("train", "test"))
    keras.utils.set_random_seed(args.seed)
    vae = zoo.get(args.variant, input_shape=(28, 28, 1), latent_dim=args.latent_dim, seed=args.seed)
    began = time.process_time()
    vae.fit(x, epochs=args.epochs, batch_size=128, verbose=2)
    print(f"trained in {time.process_time() - began:.0f} core seconds", flush=True)
    print(f"test ELBO {vae.evaluate(test_x, verbose=0, return_dict=True)['elbo']:.2f} nats")
    began = time.process_time()
    found = zoo.evaluation.representation.scores(
        vae,
        x[: args.train],
        y[: args.train],
        test=(test_x[: args.test], test_y[: args.test]),
        baselines=True,
        seed=args.seed,
        verbose=True,
    )
    print(f"scored in {time.process_time() - began:.0f} core seconds\n{found}")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(found.to_dict(), indent=2) + "\n")


def load(args, split):
    """Images float32 in [0, 1], and digits, of a split."""
    import tensorflow_datasets as tfds

    found = tfds.load(args.dataset, split=split, data_dir=args.data_dir, batch_size=-1)
    return found["image"].numpy().astype("float32") / 255, found["label"].numpy()


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--data-dir", help="TFDS data_dir that holds the data set")
    p.add_argument("--dataset", choices=("mnist", "fashion_mnist"), default="mnist")
    p.add_argument("--variant", choices=("dense_vae", "conv_vae"), default="dense_vae")
    p.add_argument("--latent-dim", type=int, default=16)
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--train", type=int, default=10000, help="images that the probes train on")
    p.add_argument("--test", type=int, default=10000, help="images that they are scored on")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out", type=pathlib.Path, help="a .json file for all that was measured")
    return p


if __name__ == "__main__":
    main()
