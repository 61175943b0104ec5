"""Throughput of encoding with the SavedModel, compared with the same network in PyTorch.

The SavedModel is loaded with TensorFlow alone. Measures examples per second with batches of 1 and
256; the contenders run in turns, each in its own process with two threads.

Needs PyTorch (in the interpreter --torch-python if it is another one), and no data:

    python recipes/benchmarks/speed/serve.py --workload w1

`docs/results.md` has results.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).parent
BATCHES = (1, 256)


def main():
    """Export the model, measure both contenders in turns, and print a table."""
    args = parser().parse_args()
    if args.contender:
        print(json.dumps(globals()[f"measure_{args.contender}"](args)))
        return
    with tempfile.TemporaryDirectory() as folder:
        export(args.workload, folder)
        measured = {"tensorflow": [], "torch": []}
        for _ in range(args.rounds):
            for name, python in (("tensorflow", sys.executable), ("torch", args.torch_python)):
                command = [python or sys.executable, __file__, "--contender", name]
                command += ["--workload", args.workload, "--folder", folder]
                out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                measured[name].append(json.loads(out.strip().splitlines()[-1]))
    print("| batch | SavedModel, examples/s | PyTorch, examples/s | ratio |\n|---|---|---|---|")
    for batch in BATCHES:
        ours, theirs = (
            statistics.median(rates[str(batch)] for rates in rounds) for rounds in measured.values()
        )
        print(f"| {batch} | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:.2f} |")


def export(workload, folder):
    """Export the untrained model: its speed does not depend on the weights."""
    from workload import NETWORKS

    import zoo

    name = {"w1": "dense_vae", "w2": "conv_vae"}[workload]
    zoo.get(name, input_shape=(28, 28, 1), **NETWORKS[workload]).export(folder)


def measure_tensorflow(args):
    """Rates of the `encode` signature, from NumPy to NumPy."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(2)
    encode = tf.saved_model.load(args.folder).signatures["encode"]
    return measure_rates(lambda x: encode(x=tf.constant(x))["loc"].numpy(), (28, 28, 1))


def measure_torch(args):
    """Rates of the same network in PyTorch, eager in inference mode, from NumPy to NumPy."""
    import torch
    from torch_loop import VAE

    torch.set_num_threads(2)
    model = VAE(args.workload).eval()

    def encode(x):
        with torch.inference_mode():
            return model.encoder(torch.from_numpy(x)).numpy()

    return measure_rates(encode, (784,))


def measure_rates(encode, shape):
    """Batch size -> examples per second: the median of five half-seconds after a warm-up."""
    rates = {}
    for batch in BATCHES:
        x = np.random.default_rng(0).random((batch, *shape), dtype=np.float32)
        for _ in range(10):
            encode(x)
        rates[str(batch)] = statistics.median(_rate(encode, x) for _ in range(5))
    return rates


def _rate(encode, x):
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < 0.5:
        encode(x)
        calls += 1
    return calls * len(x) / (time.perf_counter() - start)


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--workload", choices=("w1", "w2"), default="w1")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--torch-python", help="interpreter with PyTorch (default: this one)")
    p.add_argument("--contender", help=argparse.SUPPRESS)
    p.add_argument("--folder", help=argparse.SUPPRESS)
    return p


if __name__ == "__main__":
    main()
