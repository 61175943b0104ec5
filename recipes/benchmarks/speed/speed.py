"""Speed: `fit` against hand-written PyTorch and JAX loops, interleaved, each in its own process.

    python recipes/benchmarks/speed/speed.py --workload w1
    python recipes/benchmarks/speed/speed.py --workload w2 --rounds 3

Needs torch and jax beside the zoo (`--torch-python`, `--jax-python` name another interpreter for
either). In each round every contender trains a few epochs, one after the other; the number is the
median over rounds of the median epoch after warm-up. Ratios are to be read, not rates: those differ
from machine to machine. Prints a Markdown table and writes the raw lines to `--out`.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

from workload import BATCHES

HERE = pathlib.Path(__file__).parent


def main():
    """Run the rounds and print the table."""
    args = parser().parse_args()
    lines = []
    for number in range(args.rounds):
        for command in contenders(args):
            lines.append(run([*command, "--workload", args.workload, "--epochs", str(args.epochs)]))
            print(f"round {number + 1}: {json.dumps(lines[-1])}", file=sys.stderr, flush=True)
    if args.out:
        args.out.write_text("".join(json.dumps(line) + "\n" for line in lines))
    print(table(lines))


def contenders(args):
    """One command for each contender."""
    torch, jax = args.torch_python or sys.executable, args.jax_python or sys.executable
    found = [
        [sys.executable, HERE / "zoo_fit.py"],
        [torch, HERE / "torch_loop.py"],
        [torch, HERE / "torch_loop.py", "--compile"],
        [jax, HERE / "jax_loop.py"],
    ]
    if args.workload in ("w1", "w3"):  # elsewhere a step is long, and a loop in XLA takes minutes
        found.append([jax, HERE / "jax_loop.py", "--scan", "32"])
    return found


def run(command):
    """What a contender printed."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def table(lines):
    """Markdown: rate, ratio to the fastest other, first step."""
    by_name = {}
    for line in lines:
        by_name.setdefault(line["contender"], []).append(line)
    rates = {
        name: statistics.median(statistics.median(line["rates"][1:]) for line in found)
        for name, found in by_name.items()
    }
    ours = next(name for name in rates if name.startswith("zoo"))
    best = max(rate for name, rate in rates.items() if name != ours)
    rows = ["| contender | examples/s | against the fastest other | first step, s | loss |"]
    rows.append("|---|---|---|---|---|")
    for name, rate in rates.items():
        first = statistics.median(line["first_step_s"] for line in by_name[name])
        loss = by_name[name][-1]["loss"]
        rows.append(f"| {name} | {rate:,.0f} | {rate / best:.2f} | {first:.1f} | {loss:.2f} |")
    return "\n".join(rows)


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--workload", choices=tuple(BATCHES), default="w1")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--epochs", type=int, default=4, help="the first warms up")
    p.add_argument("--torch-python", help="interpreter that has torch")
    p.add_argument("--jax-python", help="interpreter that has jax")
    p.add_argument("--out", type=pathlib.Path, help="file for the raw lines")
    return p


if __name__ == "__main__":
    main()
