"""Peak memory of training on a memory-mapped file that is far larger than the memory used.

Writes an .npy file of noise into a temporary folder and trains a `dense_vae` on it for one epoch,
through a memory map. Prints the peak of resident memory without the pages of the file, also for a
tenth of the data; the two should be equal.

Needs no data, but disk space for the file, and Linux:

    python recipes/benchmarks/speed/memory.py --gigabytes 10

`docs/results.md` has results.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np


def main():
    """Write the file, measure two sizes in their own processes, and print a table."""
    args = parser().parse_args()
    if args.file:
        print(json.dumps(measure(args.file, args.rows)))
        return
    rows = int(args.gigabytes * 2**30 / (4 * 784))
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        file = pathlib.Path(folder) / "x.npy"
        write(file, rows)
        print("| data, GB | peak anonymous memory, MB | before fit, MB | seconds |")
        print("|---|---|---|---|")
        for part in (rows // 10, rows):
            command = [sys.executable, __file__, "--file", file, "--rows", str(part)]
            out = subprocess.run(
                [str(c) for c in command], capture_output=True, text=True, check=True
            )
            result = json.loads(out.stdout.strip().splitlines()[-1])
            print(
                f"| {part * 4 * 784 / 2**30:.1f} | {result['peak']:.0f} | {result['before']:.0f} "
                f"| {result['seconds']:.0f} |"
            )


def write(file, rows):
    """Write uniform noise in chunks."""
    array = np.lib.format.open_memmap(file, "w+", np.float32, (rows, 784))
    rng = np.random.default_rng(0)
    for start in range(0, rows, 1 << 16):
        array[start : start + (1 << 16)] = rng.random(
            (min(1 << 16, rows - start), 784), dtype=np.float32
        )
    array.flush()


def measure(file, rows):
    """Train for one epoch; return megabytes and seconds."""
    import zoo

    vae = zoo.get("dense_vae", input_shape=784)
    x = np.load(file, mmap_mode="r")[:rows]
    before, start = anonymous(), time.time()
    with Peak() as peak:
        vae.fit(x, verbose=0)
    return {"before": before, "peak": peak.megabytes, "seconds": time.time() - start}


class Peak:
    """Peak of anonymous memory in a block, sampled 20 times per second, in MB."""

    def __enter__(self):
        self.megabytes, self.done = anonymous(), threading.Event()
        self.watcher = threading.Thread(target=self.watch)
        self.watcher.start()
        return self

    def watch(self):
        while not self.done.wait(0.05):
            self.megabytes = max(self.megabytes, anonymous())

    def __exit__(self, *exception):
        self.done.set()
        self.watcher.join()


def anonymous():
    """Resident memory without the pages of mapped files, in MB (Linux)."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise OSError("/proc/self/status has no RssAnon")


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--gigabytes", type=float, default=10.0)
    p.add_argument("--folder", help="folder for the file (default: the system's temporary folder)")
    p.add_argument("--file", help=argparse.SUPPRESS)
    p.add_argument("--rows", type=int, help=argparse.SUPPRESS)
    return p


if __name__ == "__main__":
    main()
