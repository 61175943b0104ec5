"""log p(x) of the pretrained weights' models after a training of some minutes, for a GPU.

For each of --tags, the speed of a training step is measured with each policy of --policies, with
and without XLA. The model is then trained with the fastest of them, by the specification of
`recipes/pretrain.py`, for as many epochs as fit into --minutes, which the tags share. log p(x) of
held-out images, binarised once, is measured in float32. Nothing is selected on them.

Needs TensorFlow with a GPU, and TFDS' data in the folder DIR (default: downloaded):

    python recipes/benchmarks/quality/gpu_likelihood.py --data-dir DIR --out OUT

OUT/VARIANT-TAG/model.keras is the model in float32; `pretrain.py VARIANT/TAG --model FILE` makes
weights of it. `docs/results.md` has results.
"""

import dataclasses
import itertools
import pathlib
import time

import keras
import numpy as np
from shared import command_line, log_likelihoods, write_json
from support.pretraining import evaluate, machine, train
from support.pretraining.sources import SOURCES
from support.pretraining.specs import SPECS

import zoo

VARIANTS = ("conv_vae", "dense_vae", "ladder_vae")
TAGS = ("ladder_vae/mnist", "ladder_vae/omniglot", "ladder_vae/fashion_mnist")


def main():
    """Measure, train and evaluate each tag; print and write the results."""
    args = parser().parse_args()
    results = {"machine": machine.name(), "minutes": args.minutes, "tags": {}}
    print(results["machine"], flush=True)
    for name in args.tags:
        results["tags"][name] = run(args, SPECS[name], args.out / name.replace("/", "-"))
        write_json(args.out / "result.json", results)


def run(args, spec, folder):
    """Results of one tag, whose share of the minutes includes the measurement of speed."""
    start = time.time()
    data = SOURCES[spec.source].read(args.data_dir)
    speeds = {
        (policy, xla): images_per_second(spec, data.train, policy, xla, args.steps)
        for policy, xla in itertools.product(args.policies, (False, True))
    }
    for (policy, xla), speed in speeds.items():
        print(f"{spec.name}: {policy}, XLA {xla}: {speed:.0f} images a second", flush=True)
    policy, xla = max(speeds, key=speeds.get)
    seconds = 60 * args.minutes / len(args.tags) - (time.time() - start)
    plan = fitted(spec.training, seconds * speeds[policy, xla] / len(data.train))
    began = time.time()
    trained = train_model(dataclasses.replace(spec, training=plan), data.train, folder, policy, xla)
    minutes = (time.time() - began) / 60
    trained.save(folder / "model.keras")
    x = evaluate.observed(trained, data.held_out[: args.evaluate])
    bounds = log_likelihoods(trained, x, args.samples, 500)
    result = {
        "images_per_second": {f"{p}, XLA {x}": round(s, 1) for (p, x), s in speeds.items()},
        "policy": policy,
        "xla": xla,
        "epochs": plan.epochs,
        "minutes": minutes,
        "parameters": trained.count_params(),
        "log_likelihood": float(bounds.mean()),
        "error": float(bounds.std() / len(bounds) ** 0.5),
        "images": len(bounds),
        "samples": args.samples,
    }
    print(f"{spec.name}: {result}", flush=True)
    return result


def fitted(plan, epochs):
    """A `Training` of this many epochs, at least one, with shorter warm-ups if they are few.

    An epoch with the importance-weighted bound counts as often as it has draws.
    """
    planned = plan.epochs + plan.importance_epochs * plan.importance_samples
    first = max(1, int(epochs * plan.epochs / planned))
    return dataclasses.replace(
        plan,
        epochs=first,
        importance_epochs=int(epochs * plan.importance_epochs / planned),
        beta_warmup=min(plan.beta_warmup, first // 4),
        steps_per_execution=20,
    )


def images_per_second(spec, x, policy, xla, steps):
    """Speed of training, without the first epoch, which compiles."""
    vae = new_model(spec, x, policy)
    optimizer = train.make_optimizer(spec.training, 10 * steps)
    vae.compile(optimizer, jit_compile=xla, steps_per_execution=min(20, steps))
    batch = min(spec.training.batch_size, len(x))
    part, clock = x[np.arange(steps * batch) % len(x)], EpochTimes()
    vae.fit(part, epochs=3, batch_size=batch, callbacks=[clock], verbose=0)
    return len(part) / min(clock.seconds[1:])


class EpochTimes(keras.callbacks.Callback):
    """Seconds of each epoch."""

    def __init__(self):
        super().__init__()
        self.seconds, self._start = [], None

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._start)


def train_model(spec, x, folder, policy, xla):
    """The trained model with its weights in a model of float32."""
    keras.config.set_dtype_policy(policy)
    try:
        trained, _ = train.train(spec, x, folder, jit_compile=xla)
    finally:
        keras.config.set_dtype_policy("float32")
    vae = new_model(spec, x, "float32")
    vae.set_weights(trained.get_weights())
    return vae


def new_model(spec, x, policy):
    """The model of a `Spec` for images x, with a policy of Keras."""
    keras.config.set_dtype_policy(policy)
    try:
        options = train.options_of(spec, x)
        return zoo.get(spec.variant, input_shape=x.shape[1:], seed=spec.seed, **options)
    finally:
        keras.config.set_dtype_policy("float32")


def parser():
    """Command line."""
    p = command_line(__doc__)
    tags = [name for name, spec in SPECS.items() if spec.variant in VARIANTS]
    p.add_argument("--tags", nargs="+", default=TAGS, choices=tags, metavar="VARIANT/TAG")
    p.add_argument("--data-dir", type=pathlib.Path, help="folder of TFDS' data")
    p.add_argument("--minutes", type=float, default=10, help="of training and speed, of all tags")
    p.add_argument(
        "--policies", nargs="+", default=["float32", "mixed_bfloat16"], help="of Keras' layers"
    )
    p.add_argument("--steps", type=int, default=100, help="steps of an epoch that is timed")
    p.add_argument("--evaluate", type=int, help="held-out images (default: all)")
    p.add_argument("--samples", type=int, default=100, help="importance samples")
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/gpu_likelihood"))
    return p


if __name__ == "__main__":
    main()
