"""Reconstruction and likelihood of `lstm_vae` on real series, compared with PCA.

Windows of each set are split by time (spoken digits by the authors' split, stocks by date). On the
held-out windows, for each seed: R2 of the reconstruction from the mean code, over all values in
standard deviations of the training data; the ELBO and the importance-weighted bound on log p(x), in
nats of the same unit. PCA has as many components as the model has latent dimensions; the densities
are those of probabilistic PCA (Tipping and Bishop, 1999) and of a vector autoregression of the last
three steps.

Needs scikit-learn, and for each set that is to be measured its file or folder:

    python recipes/benchmarks/quality/series_pca.py --etth1 ETTh1.csv --nab NAB \\
        --stocks all_stocks_5yr.csv --data-dir TFDS

ETTh1.csv is that of the repository ETDataset, NAB a clone of the Numenta Anomaly Benchmark,
all_stocks_5yr.csv the prices of the S&P 500 from Kaggle (columns date, Name, close), and TFDS a
folder with TFDS' spoken_digit. `docs/results.md` has results.
"""

import json
import pathlib
import sys

import keras
import numpy as np
import pandas as pd
from scipy.stats import multivariate_normal
from shared import command_line, mean_and_std, random_rows, write_json
from sklearn.decomposition import PCA

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from support.data import spectrograms, windows

BATCH = 128
MAX_WINDOWS = 24 * BATCH
STOCK_DAYS, STOCK_WINDOWS = 900, (3000, 500)


def main():
    """Train and measure each set and seed, a JSON line each; print the table."""
    args = parser().parse_args()
    rows, sets = [], list(chosen_sets(args))
    for seed in args.seeds:
        for name, train, test in sets:
            baseline = {
                **pca(train, test, args.latent_dim),
                "var_log_p": vector_autoregression(train, test),
            }
            for measured in run(train, test, seed, args):
                rows.append({"set": name, "seed": seed, **measured, **baseline})
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
            if args.out:
                write_json(args.out, rows)
    print(table(rows))


def run(train, test, seed, args):
    """Train a model with the default options; yield its results after each number of steps."""
    keras.utils.set_random_seed(seed)
    chosen = {"likelihood": args.likelihood, "squared_error_weight": args.squared_error_weight}
    options = {name: value for name, value in chosen.items() if value is not None}
    vae = zoo.get("lstm_vae", latent_dim=args.latent_dim, seed=seed, **options)
    if args.learning_rate is not None:
        vae.compile(zoo.FusedAdam(args.learning_rate))
    batches, done = -(-len(train) // BATCH), 0
    for steps in sorted(args.steps):
        epochs = -(-steps // batches)
        vae.fit(train, epochs=epochs, batch_size=BATCH, initial_epoch=done, verbose=0)
        done = epochs
        yield {"steps": batches * epochs, **scores(vae, train, test, seed, args)}


def scores(vae, train, test, seed, args):
    """R2 and nats of the held-out windows."""
    unit = log_determinant(train)
    bound = vae.log_likelihood(test, samples=args.samples, seed=seed)
    return {
        "r2": r_squared(train, test, vae.reconstruct(test)),
        "elbo": float(np.mean(vae.elbo(test, samples=8, seed=seed)) + unit),
        "log_p": float(np.mean(bound) + unit),
    }


def pca(train, test, components):
    """R2 and mean log-density of PCA with this number of components."""
    mean, std = moments(train)
    rows, held_out = (((x - mean) / std).reshape(len(x), -1) for x in (train, test))
    model = PCA(components, svd_solver="full").fit(rows)
    values = model.inverse_transform(model.transform(held_out)).reshape(test.shape)
    return {
        "pca_r2": r_squared(train, test, values * std + mean),
        "ppca_log_p": float(model.score(held_out)),
    }


def vector_autoregression(train, test, order=3):
    """Mean log-density of x_t ~ Normal(b + sum_k A_k x_(t-k), S), fitted by least squares.

    The first `order` steps of a window are jointly Normal.
    """
    mean, std = moments(train)
    (x, y, first), (held_x, held_y, held_first) = (
        _lagged((x - mean) / std, order) for x in (train, test)
    )
    weights = np.linalg.lstsq(x, y, rcond=None)[0]
    start = multivariate_normal(first.mean(0), np.cov(first.T), allow_singular=True)
    noise = multivariate_normal(cov=np.cov((y - x @ weights).T))
    log_p = noise.logpdf(held_y - held_x @ weights).sum() + start.logpdf(held_first).sum()
    return float(log_p / len(test))


def _lagged(x, order):
    """Inputs and outputs of the regression, and the first steps of each window."""
    steps, channels = x.shape[1:]
    lags = [x[:, order - k : steps - k] for k in range(1, order + 1)]
    inputs = np.concatenate([*lags, np.ones_like(lags[0][..., :1])], -1)
    outputs = x[:, order:].reshape(-1, channels)
    return inputs.reshape(len(outputs), -1), outputs, x[:, :order].reshape(len(x), -1)


def moments(train):
    """Mean and standard deviation of each channel."""
    return train.mean((0, 1)), train.std((0, 1))


def log_determinant(train):
    """Nats to add to a log-density of x for that of standardised x."""
    return train.shape[1] * np.log(moments(train)[1]).sum()


def r_squared(train, x, values):
    """1 - squared error / squared distance from the channel means of x, in standardised units."""
    mean, std = moments(train)
    z = (x - mean) / std
    error = np.square(z - (values - mean) / std).sum()
    return float(1 - error / np.square(z - z.mean((0, 1))).sum())


def table(rows):
    """Markdown table, a line for each set and number of steps."""
    lines = [
        "| set | steps | R2 | R2, PCA | log p(x) | ELBO | PPCA | VAR(3) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, steps in sorted({(row["set"], row["steps"]) for row in rows}):
        group = [row for row in rows if (row["set"], row["steps"]) == (name, steps)]
        r2, log_p, elbo = (
            mean_and_std([row[key] for row in group], form)
            for key, form in (("r2", ".4f"), ("log_p", ".1f"), ("elbo", ".1f"))
        )
        pca_r2, *others = (group[0][key] for key in ("pca_r2", "ppca_log_p", "var_log_p"))
        densities = " | ".join(f"{value:.1f}" for value in others)
        lines.append(f"| {name} | {steps} | {r2} | {pca_r2:.4f} | {log_p} | {elbo} | {densities} |")
    return "\n".join(lines)


def chosen_sets(args):
    """Yield name, training and held-out windows `[N, T, C]` of each set that is given."""
    if args.etth1:
        values = pd.read_csv(args.etth1).iloc[:, 1:].to_numpy("float64")
        yield "ETTh1", *split(values[:15_000], 12_000, 48, (4, 24))
    if args.nab:
        values = nab_series(args.nab, "nyc_taxi")
        yield "NAB, taxi", *split(values, 7_200, 96, (3, 12))
        values = nab_series(args.nab, "machine_temperature_system_failure")
        yield "NAB, machine temperature", *split(values, 15_000, 96, (5, 24))
    if args.data_dir:
        yield "spoken digits", *digits(args.data_dir)
    if args.stocks:
        yield "stocks, daily returns", *stocks(args.stocks)


def split(values, steps, length, strides):
    """Windows of the first `steps` steps, and of the others, with their strides."""
    train = windows.cut(values[:steps], length, strides[0])
    return train[:MAX_WINDOWS], windows.cut(values[steps:], length, strides[1])


def nab_series(folder, name):
    """Values `[steps, 1]` of a series of NAB."""
    (path,) = (folder / "data").glob(f"*/{name}.csv")
    return pd.read_csv(path).value.to_numpy("float64")[:, None]


def stocks(path):
    """Windows of 48 daily log returns of stocks with all prices; held out are the last days."""
    prices = pd.read_csv(path).pivot(index="date", columns="Name", values="close")
    returns = np.log(prices).diff().iloc[1:].dropna(axis=1).to_numpy("float64")
    parts = []
    for days, count in zip(np.split(returns, [STOCK_DAYS]), STOCK_WINDOWS, strict=True):
        x = np.concatenate([windows.cut(days[:, [i]], 48, 24) for i in range(days.shape[1])])
        parts.append(x[random_rows(len(x), count, seed=0)])
    return parts


def digits(data_dir):
    """Log-mel spectrograms of spoken digits, split by the number in the name of the recording."""
    import tensorflow_datasets as tfds

    rows = tfds.as_numpy(tfds.load("spoken_digit", split="train", data_dir=data_dir))
    waveforms, held_out = [], []
    for row in rows:
        waveforms.append(row["audio"] / max(1, np.abs(row["audio"]).max()))
        number = pathlib.Path(row["audio/filename"].decode()).stem.split("_")[2]
        held_out.append(int(number) < 5)
    x, held_out = spectrograms.log_mel(waveforms).astype("float64"), np.array(held_out)
    return x[~held_out], x[held_out]


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--etth1", type=pathlib.Path, help="ETTh1.csv")
    p.add_argument("--nab", type=pathlib.Path, help="clone of NAB's repository")
    p.add_argument("--stocks", type=pathlib.Path, help="all_stocks_5yr.csv, or .csv.gz")
    p.add_argument("--data-dir", type=pathlib.Path, help="folder of TFDS' data")
    p.add_argument("--steps", nargs="+", type=int, default=[600, 1200], help="whole epochs")
    p.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    p.add_argument("--latent-dim", type=int, default=16)
    p.add_argument("--likelihood", help="p(x|z), by default that of the variant")
    p.add_argument("--squared-error-weight", type=float, help="by default that of the variant")
    p.add_argument("--learning-rate", type=float, help="of Adam, by default that of the variant")
    p.add_argument("--samples", type=int, default=64, help="importance samples")
    p.add_argument("--out", type=pathlib.Path, help="write all numbers into this .json file")
    return p


if __name__ == "__main__":
    main()
