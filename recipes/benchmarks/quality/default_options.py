"""Default options of an image variant, and changes of one option, at equal processor time.

Each model is trained for --seconds of processor time of this process after its first step, in which
the learning rate falls along half a cosine to zero, and evaluated on held-out images that are
binarised once. Prints a table: the ELBO in nats, and its gain over the defaults with the same seed.
With --out, numbers are kept after each model, and a repeated command trains only what is missing.

Needs TFDS' mnist in the folder DIR (default: downloaded), or other grey images (--data FILE). Cost
is comparable with one thread:

    OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 \\
        python recipes/benchmarks/quality/default_options.py --data-dir DIR --out OUT.json

`docs/results.md` has results.
"""

import json
import math
import pathlib
import time

import keras
import numpy as np
from shared import add_image_options, command_line, image_parts, mean_and_std, write_json

import zoo

BATCH_SIZE = 64
TRAINING = ("batch_size", "learning_rate")
# Line of the table -> options of the variant or of its training that are not the defaults.
CHANGES = {
    "conv_vae": {
        "defaults": {},
        "blocks=2": {"blocks": 2},
        "widths=(32, 64, 128)": {"widths": (32, 64, 128)},
        "widths=(16, 32, 64)": {"widths": (16, 32, 64)},
        "hidden=None": {"hidden": None},
        "hidden=512": {"hidden": 512},
        "activation='relu'": {"activation": "relu"},
        "activation='elu'": {"activation": "elu"},
        "normalization='batch'": {"normalization": "batch"},
        "normalization='group'": {"normalization": "group"},
        "stem_strides=1": {"stem_strides": 1},
        "latent_dim=16": {"latent_dim": 16},
        "latent_dim=64": {"latent_dim": 64},
        "learning rate 1e-3": {"learning_rate": 1e-3},
        "learning rate 4e-3": {"learning_rate": 4e-3},
        "batches of 32": {"batch_size": 32},
        "batches of 128": {"batch_size": 128},
    },
    "ladder_vae": {
        "defaults": {},
        "widths=(32, 64, 64)": {"widths": (32, 64, 64)},
        "activation='elu'": {"activation": "elu"},
        "normalization=None": {"normalization": None},
        "learning rate 2e-3": {"learning_rate": 2e-3},
    },
    "dense_vae": {
        "defaults": {},
        "hidden=(1024, 512)": {"hidden": (1024, 512)},
        "hidden=(256, 128)": {"hidden": (256, 128)},
        "activation='elu'": {"activation": "elu"},
        "learning rate 2e-3": {"learning_rate": 2e-3},
    },
}
HEADER = """\
| change | ELBO, nats | gain | images | weights |
|---|---|---|---|---|"""


class ProcessorTime(keras.callbacks.Callback):
    """Stops training when this process has used `seconds` of processor time since its first step.

    Meanwhile the learning rate falls along half a cosine from `peak` to zero. Time counts from the
    end of the first step, so that tracing and compiling are free.
    """

    def __init__(self, seconds, peak):
        super().__init__()
        self.seconds, self.peak, self.start = seconds, peak, None

    def on_train_batch_end(self, batch, logs=None):
        """Set the learning rate, or stop after the steps that used the last of the time."""
        if self.start is None:
            self.start = time.process_time()
            return
        used = time.process_time() - self.start
        if used >= self.seconds:
            self.model.stop_training = True
        else:
            rate = self.peak * (1 + math.cos(math.pi * used / self.seconds)) / 2
            self.model.optimizer.learning_rate = rate


def main():
    """Train and evaluate what is missing; print a line of the table for each change."""
    args = parser().parse_args()
    changes = CHANGES[args.variant]
    train, test = image_parts(args)
    test = np.asarray(zoo.binarize(test[: args.evaluate], seed=0))
    results = json.loads(args.out.read_text()) if args.out and args.out.exists() else {}
    print(HEADER)
    for change in ["defaults", *(args.changes or [c for c in changes if c != "defaults"])]:
        for seed in args.seeds:
            if key(args, change, seed) not in results:
                numbers = trained(args.variant, changes[change], train, test, args.seconds, seed)
                results[key(args, change, seed)] = numbers
                if args.out:
                    write_json(args.out, results)
        print(line(change, results, args), flush=True)


def key(args, change, seed):
    """Name of a model in the file --out."""
    return f"{args.variant}, {change}, {args.seconds:g} s, seed {seed}"


def trained(variant, change, train, test, seconds, seed):
    """Numbers of a model with the variant's defaults except for `change`."""
    keras.utils.set_random_seed(seed)
    options = {name: value for name, value in change.items() if name not in TRAINING}
    vae = zoo.get(
        variant,
        input_shape=train.shape[1:],
        likelihood="binarized_bernoulli",
        seed=seed,
        **options,
    )
    peak = change.get("learning_rate", vae.auto_compile["learning_rate"])
    vae.compile(zoo.FusedAdam(peak))
    batch_size, clock = change.get("batch_size", BATCH_SIZE), ProcessorTime(seconds, peak)
    vae.fit(train, batch_size=batch_size, epochs=1000, callbacks=[clock], verbose=0)
    return {
        "elbo": float(vae.evaluate(test, batch_size=500, verbose=0, return_dict=True)["elbo"]),
        "images": int(vae.optimizer.iterations) * batch_size,
        "weights": vae.count_params(),
    }


def line(change, results, args):
    """Line of the table: means and standard deviations over the seeds."""
    rows = [results[key(args, change, seed)] for seed in args.seeds]
    defaults = [results[key(args, "defaults", seed)] for seed in args.seeds]
    gains = [row["elbo"] - default["elbo"] for row, default in zip(rows, defaults, strict=True)]
    gain = mean_and_std(gains) if change != "defaults" else ""
    elbo, images = mean_and_std([row["elbo"] for row in rows]), np.mean([r["images"] for r in rows])
    return f"| {change} | {elbo} | {gain} | {images:,.0f} | {rows[0]['weights']:,} |"


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--variant", choices=CHANGES, default="conv_vae")
    p.add_argument(
        "--changes", nargs="+", metavar="CHANGE", help='such as "blocks=2", by default all'
    )
    add_image_options(p)
    p.add_argument("--seconds", type=float, default=100.0, help="processor time of a training")
    p.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    p.add_argument("--evaluate", type=int, default=2000, help="number of held-out images")
    p.add_argument("--out", type=pathlib.Path, help="JSON file of all numbers")
    return p


if __name__ == "__main__":
    main()
