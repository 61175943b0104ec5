"""Fine-tuning of pretrained weights on few images, compared with training from new weights.

The model of a tag is trained on --images images of another data set: from the stored weights, from
these with the encoder frozen, and from new weights with the same options. log p(x) of held-out
images, binarised once, is printed after each number of epochs in --epochs. Nothing is selected on
them.

Needs TFDS' data in the folder DIR (default: downloaded):

    python recipes/benchmarks/quality/warm_start.py --data-dir DIR

`docs/pretrained.md` has results.
"""

import pathlib

import keras
import numpy as np
from shared import add_seed_and_out, command_line, mean_and_std, random_rows, write_json
from support.pretraining.sources import SOURCES

import zoo

STARTS = ("new weights", "pretrained", "pretrained, encoder frozen")


def main():
    """Train from each start with each seed, and print the table."""
    args = parser().parse_args()
    data = SOURCES[args.source].read(args.data_dir)
    rows = random_rows(len(data.held_out), args.evaluate, 0)
    test = np.asarray(zoo.binarize(data.held_out[rows], 0))
    results = {}
    for start in STARTS:
        curves = [curve(args, start, data.train, test, args.seed + i) for i in range(args.seeds)]
        results[start] = np.array(curves).tolist()
        cells = (mean_and_std(column, ".1f") for column in zip(*curves, strict=True))
        print(f"| {start} | {' | '.join(cells)} |", flush=True)
    if args.out:
        write_json(args.out / "result.json", {"epochs": args.epochs, "log_likelihood": results})


def curve(args, start, images, test, seed):
    """log p(x) of `test` after each number of epochs, in nats an image."""
    keras.utils.set_random_seed(seed)
    x = images[random_rows(len(images), args.images, seed)]
    vae = model(args, start, x.shape[1:], seed)
    vae.compile(zoo.FusedAdam(args.learning_rate), jit_compile=False)
    values, before = [], 0
    for epochs in args.epochs:
        vae.fit(x, initial_epoch=before, epochs=epochs, batch_size=20, verbose=0)
        bound = vae.log_likelihood(test, samples=args.samples, seed=0)
        values.append(float(bound.mean()))
        before = epochs
    return values


def model(args, start, shape, seed):
    """The model of a start in `STARTS`."""
    if start == "new weights":
        options = zoo.card(args.variant, weights=args.weights).options
        return zoo.get(args.variant, input_shape=shape, seed=seed, **options)
    vae = zoo.get(args.variant, weights=args.weights, seed=seed)
    vae.encoder.trainable = start == "pretrained"
    return vae


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--variant", default="dense_vae")
    p.add_argument("--weights", default="mnist", help="a tag of the variant")
    p.add_argument("--source", default="omniglot", choices=SOURCES, help="the other data")
    p.add_argument("--data-dir", type=pathlib.Path, help="folder of TFDS' data")
    p.add_argument("--images", type=int, default=200, help="images to train on")
    p.add_argument("--epochs", type=int, nargs="+", default=[0, 10, 30, 100])
    p.add_argument("--learning-rate", type=float, default=1e-3)
    p.add_argument("--evaluate", type=int, default=1000, help="held-out images")
    p.add_argument("--samples", type=int, default=100, help="importance samples")
    p.add_argument("--seeds", type=int, default=3)
    add_seed_and_out(p, "folder of result.json")
    return p


if __name__ == "__main__":
    main()
