"""Serving: encode throughput of the SavedModel, loaded with TensorFlow alone, beside PyTorch.

    python recipes/benchmarks/speed/serve.py --workload w1

Examples a second at batch 1 and 256, contenders in turns, each in its own process, two threads.
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
    """Export, then measure in turns."""
    args = parser().parse_args()
    if args.contender:
        print(json.dumps(globals()[f"measure_{args.contender}"](args)))
        return
    with tempfile.TemporaryDirectory() as folder:
        export(args.workload, folder)
        found = {"tensorflow": [], "torch": []}
        for _ in range(args.rounds):
            for name, python in (("tensorflow", sys.executable), ("torch", args.torch_python)):
                command = [python or sys.executable, __file__, "--contender", name]
                command += ["--workload", args.workload, "--folder", folder]
                out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                found[name].append(json.loads(out.strip().splitlines()[-1]))
    print("| batch | SavedModel, examples/s | PyTorch, examples/s | ratio |\n|---|---|---|---|")
    for batch in BATCHES:
        ours, theirs = (statistics.median(r[str(batch)] for r in rs) for rs in found.values())
        print(f"| {batch} | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:.2f} |")


def export(workload, folder):
    """The workload's model, untrained: speed does not depend on its weights."""
    import zoo

    name = {"w1": "dense_vae", "w2": "conv_vae"}[workload]
    zoo.get(name, latent_dim=16, input_shape=(28, 28, 1)).export(folder)


def measure_tensorflow(args):
    """Through the `encode` signature, NumPy in and NumPy out."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(2)
    encode = tf.saved_model.load(args.folder).signatures["encode"]
    return rates(lambda x: encode(x=tf.constant(x))["loc"].numpy(), (28, 28, 1))


def measure_torch(args):
    """The same network, eager, inference mode, NumPy in and NumPy out."""
    import torch
    from torch_loop import VAE

    torch.set_num_threads(2)
    model = VAE(args.workload).eval()

    def encode(x):
        with torch.inference_mode():
            return model.encoder(torch.from_numpy(x)).numpy()

    return rates(encode, (784,))


def rates(encode, shape):
    """Examples a second at each batch size: the median of five half-seconds after a warm-up."""
    found = {}
    for batch in BATCHES:
        x = np.random.default_rng(0).random((batch, *shape), dtype=np.float32)
        for _ in range(10):
            encode(x)
        found[str(batch)] = statistics.median(_rate(encode, x) for _ in range(5))
    return found


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
    p.add_argument("--torch-python", help="interpreter that has torch")
    p.add_argument("--contender", help=argparse.SUPPRESS)
    p.add_argument("--folder", help=argparse.SUPPRESS)
    return p


if __name__ == "__main__":
    main()
