"""Training speed of `fit`, compared with hand-written PyTorch and JAX loops.

In each round every contender trains for a few epochs in its own process, one after the other.
Prints a table with the median over rounds of the median epoch after the first, and ratios. Compare
the ratios, not the rates, which depend on the machine.

Workloads: w1 dense, w2 convolutional, w3 LSTM, w4 transformer on texts of equal lengths, w4-ragged
on texts of different lengths.

Needs PyTorch and JAX (in the interpreters --torch-python and --jax-python if they are others), and
no data:

    python recipes/benchmarks/speed/speed.py --workload w1
    python recipes/benchmarks/speed/speed.py --workload w2 --rounds 3

`docs/results.md` has results, `docs/performance-notes.md` explains them.
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
    """Command of each contender."""
    torch, jax = args.torch_python or sys.executable, args.jax_python or sys.executable
    commands = [
        [sys.executable, HERE / "zoo_fit.py"],
        [torch, HERE / "torch_loop.py"],
        [torch, HERE / "torch_loop.py", "--compile"],
        [jax, HERE / "jax_loop.py"],
    ]
    if args.workload in ("w1", "w3"):  # a loop over the longer steps of the others takes minutes
        commands.append([jax, HERE / "jax_loop.py", "--scan", "32"])
    return commands


def run(command):
    """Run a contender; return the JSON object that it prints."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def table(lines):
    """Markdown table of rates, ratios to the fastest other contender, and first steps."""
    groups = {}
    for line in lines:
        groups.setdefault(line["contender"], []).append(line)
    rates = {
        name: statistics.median(statistics.median(line["rates"][1:]) for line in group)
        for name, group in groups.items()
    }
    ours = next(name for name in rates if name.startswith("zoo"))
    best = max(rate for name, rate in rates.items() if name != ours)
    rows = ["| contender | examples/s | against the fastest other | first step, s | loss |"]
    rows.append("|---|---|---|---|---|")
    for name, rate in rates.items():
        first = statistics.median(line["first_step_s"] for line in groups[name])
        loss = groups[name][-1]["loss"]
        rows.append(f"| {name} | {rate:,.0f} | {rate / best:.2f} | {first:.1f} | {loss:.2f} |")
    return "\n".join(rows)


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--workload", choices=tuple(BATCHES), default="w1")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--epochs", type=int, default=4, help="epochs; the first is not counted")
    p.add_argument("--torch-python", help="interpreter with PyTorch (default: this one)")
    p.add_argument("--jax-python", help="interpreter with JAX (default: this one)")
    p.add_argument("--out", type=pathlib.Path, help="write all measurements into this .jsonl file")
    return p


if __name__ == "__main__":
    main()
