"""Memory and time by length: `lstm_vae` trained on series of 8 features, each length in a process.

    python recipes/benchmarks/speed/length.py --lengths 128 256 512 1024 2048

Prints the peak of anonymous resident memory while `fit` takes 24 steps, what it is above that from
before, and the time of one step once it is compiled: both should grow in proportion to the length.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np
from memory import Peak, anonymous


def main():
    """Each length in turn."""
    args = parser().parse_args()
    if args.length:
        print(json.dumps(fit(args.length, args.batch_size)))
        return
    print("| steps | peak, MB | above that before fit, MB | ms per step of training |")
    print("|---|---|---|---|")
    for length in args.lengths:
        command = [sys.executable, __file__, "--length", length, "--batch-size", args.batch_size]
        out = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
        found = json.loads(out.stdout.strip().splitlines()[-1])
        above = found["peak"] - found["before"]
        print(f"| {length} | {found['peak']:.0f} | {above:.0f} | {1e3 * found['seconds']:.0f} |")


def fit(length, batch_size):
    """Megabytes and seconds of training on series of that length."""
    import keras

    import zoo

    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(8 * batch_size, length, 8)).astype("float32")
    vae = zoo.get("lstm_vae", input_shape=(length, 8), seed=0)
    before = anonymous()
    with Peak() as peak:
        vae.fit(x, batch_size=batch_size, epochs=2, verbose=0)
        start = time.perf_counter()
        vae.fit(x, batch_size=batch_size, epochs=1, verbose=0)
        seconds = (time.perf_counter() - start) / 8
    return {"before": before, "peak": peak.megabytes, "seconds": seconds}


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--lengths", type=int, nargs="+", default=[128, 256, 512, 1024, 2048])
    p.add_argument("--batch-size", type=int, default=64)
    p.add_argument("--length", type=int, help=argparse.SUPPRESS)
    return p


if __name__ == "__main__":
    main()
