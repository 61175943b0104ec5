"""`python -m tests.fuzz --minutes 60 --seed 7`, or `--seed 7 --case 1234` for one case again.

Cases are drawn from a generator of NumPy, seeded by (seed, number of the case), so that a number
replays its case alone. Hypothesis would shrink a failing example, but most differ from a valid call
in a single argument, and it would be one more dependency.
"""

import argparse
import collections
import sys
import time

import tests.conftest  # noqa: F401  settings that TensorFlow reads when it is imported


def main():
    description = "Call the project with random values and bytes."
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=description)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--count", type=int, help="end after this many cases")
    parser.add_argument("--case", type=int, help="run this case alone")
    parser.add_argument("--repeat", action="store_true", help="print each finding of a kind")
    options = parser.parse_args()
    from tests.fuzz.cases import Cases, in_a_folder

    if options.case is not None:
        options.first, options.count = options.case, 1
    kinds, number = collections.Counter(), options.first
    with in_a_folder() as folder:
        cases, end = Cases(folder), time.monotonic() + 60 * options.minutes
        while time.monotonic() < end and number - options.first != options.count:
            finding = cases.run(options.seed, number)
            if finding:
                kind = finding.split("\n")[0]
                kinds[kind] += 1
                if kinds[kind] == 1 or options.repeat:
                    print(f"--seed {options.seed} --case {number}: {finding}\n", flush=True)
            number += 1
    print(f"{number - options.first} cases, {len(kinds)} kinds of findings", flush=True)
    return bool(kinds)


if __name__ == "__main__":
    sys.exit(main())
