"""Usefulness of codes of MNIST for classification, compared with pixels and principal components.

A VAE is trained on all training images without labels. Simple classifiers are then trained on the
codes of the first --train training images and scored on those of the first --test test images
(`zoo.evaluation.representation`).

Needs scikit-learn and TFDS' mnist in the folder DIR (default: downloaded):

    python recipes/benchmarks/quality/representation.py --data-dir DIR

`docs/representation.md` explains the columns of the table and has results.
"""

import time

import keras
from shared import (
    add_seed_and_out,
    command_line,
    random_rows,
    tfds_images,
    unit_range,
    write_json,
)

import zoo


def main():
    """Train, score and print the table."""
    args = parser().parse_args()
    (x, y), (test_x, test_y) = tfds_images(args.dataset, args.data_dir)
    x, test_x = unit_range(x), unit_range(test_x)
    keras.utils.set_random_seed(args.seed)
    vae = zoo.get(args.variant, input_shape=(28, 28, 1), latent_dim=args.latent_dim, seed=args.seed)
    start = time.process_time()
    vae.fit(x, epochs=args.epochs, batch_size=128, verbose=2)
    print(f"trained in {time.process_time() - start:.0f} core seconds", flush=True)
    print(f"test ELBO {vae.evaluate(test_x, verbose=0, return_dict=True)['elbo']:.2f} nats")
    start = time.process_time()
    train = random_rows(len(x), args.train, args.seed)
    test = random_rows(len(test_x), args.test, args.seed)
    scores = zoo.evaluation.representation.scores(
        vae,
        x[train],
        y[train],
        test=(test_x[test], test_y[test]),
        baselines=True,
        seed=args.seed,
        verbose=True,
    )
    print(f"scored in {time.process_time() - start:.0f} core seconds\n{scores}")
    if args.out:
        write_json(args.out, scores.to_dict())


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--data-dir", help="folder of TFDS' data")
    p.add_argument("--dataset", choices=("mnist", "fashion_mnist"), default="mnist")
    p.add_argument("--variant", choices=("dense_vae", "conv_vae"), default="dense_vae")
    p.add_argument("--latent-dim", type=int, default=16)
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--train", type=int, default=10000, help="images to train classifiers on")
    p.add_argument("--test", type=int, default=10000, help="images to score classifiers on")
    add_seed_and_out(p, "write all scores into this .json file")
    return p


if __name__ == "__main__":
    main()
