"""Memory and CPU time of the estimators of tables, on a large frame and on its Parquet file.

Writes a table of mixed columns (numbers, integers, categories, a tenth of them with gaps) to a
Parquet file. Each estimator is fitted with its default options in its own process, once to the
frame in memory ("frame") and once to the file in batches ("batches"), and applied to all rows: the
detector scores them, the embedder computes codes, the synthesizer draws as many, and the imputer
fills in the first --imputed of them. Prints the peak of resident memory above that before `fit`,
where the frame and the libraries are loaded, and CPU seconds.

Needs no data, but pyarrow and Linux:

    OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 \\
        python recipes/benchmarks/speed/tables_memory.py --rows 1000000 --columns 50

`docs/results.md` has results.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd

CHUNK = 1 << 16
FORMS = ("frame", "batches")
HEAD = ("estimator", "data", "before fit, MB", "fit, MB more", "all, MB more", "fit, CPU s")
HEAD += ("applied, CPU s",)


def main():
    """Write the file, measure each estimator in its own process, and print a table."""
    args = parser().parse_args()
    if args.file:
        print(json.dumps(measure(args)))
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        file = pathlib.Path(folder) / "table.parquet"
        write(file, args.rows, args.columns)
        print("| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|", flush=True)
        for name in args.estimators:
            for form in args.forms:
                command = [sys.executable, __file__, *sys.argv[1:], "--file", str(file)]
                command += ["--estimators", name, "--forms", form]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                result = json.loads(done.stdout.strip().splitlines()[-1])
                cells = [f"{value:.0f}" for value in result.values()]
                print("| " + " | ".join([name, form, *cells]) + " |", flush=True)


def write(file, rows, columns):
    """Write a table of mixed columns in row groups of `CHUNK` rows."""
    import pyarrow
    import pyarrow.parquet

    writer, rng = None, np.random.default_rng(0)
    for start in range(0, rows, CHUNK):
        table = pyarrow.Table.from_pandas(chunk(rng, min(CHUNK, rows - start), columns))
        writer = writer or pyarrow.parquet.ParquetWriter(file, table.schema)
        writer.write_table(table)
    writer.close()


def chunk(rng, rows, columns):
    """A frame of columns that depend on two common numbers; of ten, two are categories."""
    common = rng.normal(size=(rows, 2))
    frame = {}
    for i in range(columns):
        value = common @ [np.cos(i), np.sin(i)] + 0.5 * rng.normal(size=rows)
        kind = i % 10
        if kind in (0, 5):
            frame[f"label{i}"] = np.array([f"l{k}" for k in range(10 + i)])[
                np.clip((value * (2 + i / 5)).astype(int) + 5 + i // 2, 0, 9 + i)
            ]
        elif kind == 1:
            frame[f"count{i}"] = np.floor(np.exp(2 + value)).astype("int64")
        else:
            frame[f"number{i}"] = np.exp(value) if kind == 2 else value
            if kind == 3:
                frame[f"number{i}"][rng.random(rows) < 0.1] = np.nan
    return pd.DataFrame(frame)


def measure(args):
    """Fit and apply one estimator; megabytes and CPU seconds."""
    import zoo

    (name,), (form,) = args.estimators, args.forms
    table = zoo.tables.ParquetBatches(args.file)
    if form == "frame":
        table = pd.read_parquet(args.file)
    estimator = getattr(zoo, name)(random_state=0)
    before, start = peak(), time.process_time()
    estimator.fit(table)
    fitted, middle = peak(), time.process_time()
    ESTIMATORS[name](estimator, table, args)
    return {
        "before": before,
        "fit": fitted - before,
        "all": peak() - before,
        "fit_seconds": middle - start,
        "applied_seconds": time.process_time() - middle,
    }


def peak():
    """Peak of this process' resident memory until now, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def impute(imputer, table, args):
    """Fill in the first rows, of batches one by one."""
    if isinstance(table, pd.DataFrame):
        imputer.transform(table.iloc[: args.imputed])
        return
    rows = 0
    for frame in table:
        imputer.transform(frame.iloc[: args.imputed - rows])
        rows += len(frame)
        if rows >= args.imputed:
            return


# Estimator -> function that applies it.
ESTIMATORS = {
    "AnomalyDetector": lambda detector, table, args: detector.score_samples(table),
    "TableSynthesizer": lambda synthesizer, table, args: synthesizer.sample(args.rows, seed=0),
    "VAEImputer": impute,
    "VAEEmbedder": lambda embedder, table, args: embedder.transform(table),
}


def parser():
    """Command line of the script."""
    command = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("--rows", type=int, default=1_000_000)
    command.add_argument("--columns", type=int, default=50)
    command.add_argument("--imputed", type=int, default=100_000, help="rows to impute")
    command.add_argument("--estimators", nargs="+", default=[*ESTIMATORS], choices=[*ESTIMATORS])
    command.add_argument("--forms", nargs="+", default=[*FORMS], choices=FORMS)
    command.add_argument("--folder", type=pathlib.Path, help="for the file; a temporary one")
    command.add_argument("--file", type=pathlib.Path, help=argparse.SUPPRESS)
    return command


if __name__ == "__main__":
    main()
