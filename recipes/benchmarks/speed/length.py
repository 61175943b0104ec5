"""Memory and time of training an `lstm_vae` by the length of the series.

Trains on series of 8 channels, each length in its own process. Prints the peak of anonymous
resident memory during 24 training steps, the increase over the memory before `fit`, and the time of
a compiled step. Both should be proportional to the length.

Needs no data, and Linux:

    python recipes/benchmarks/speed/length.py --lengths 128 256 512 1024 2048

`docs/results.md` has results.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np
from memory import Peak, anonymous


def main():
    """Measure each length and print a table."""
    args = parser().parse_args()
    if args.length:
        print(json.dumps(measure(args.length, args.batch_size)))
        return
    print("| length | peak, MB | increase over before fit, MB | ms per training step |")
    print("|---|---|---|---|")
    for length in args.lengths:
        command = [sys.executable, __file__, "--length", length, "--batch-size", args.batch_size]
        out = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
        result = json.loads(out.stdout.strip().splitlines()[-1])
        peak, increase = result["peak"], result["peak"] - result["before"]
        print(f"| {length} | {peak:.0f} | {increase:.0f} | {1e3 * result['seconds']:.0f} |")


def measure(length, batch_size):
    """Train on series of this length; return megabytes and seconds."""
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
