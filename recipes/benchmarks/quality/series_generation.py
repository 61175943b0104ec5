"""Generated series and filled gaps of `lstm_vae`, on real series.

Discriminative score: the accuracy of classifiers that separate as many generated as real windows,
on the fifth of both that they were not trained on; 0.5 if they cannot. The first is that of TimeGAN
(Yoon et al., Time-series generative adversarial networks, 2019): a GRU with half as many units as
channels, 2,000 batches of values scaled to [0, 1]; the real windows are those of the training. Two
stronger ones are a GRU of 32 units, and boosted trees on the values and their differences. They
separate the real windows from four others:

- `prior`: x ~ p(x|z), z ~ p(z), the generated series;
- `fitted`: the same, where a mixture of Normals that was fitted to the codes is the prior;
- `posterior`: x ~ p(x|z), z ~ q(z|x) of the real windows. What is told from real ones here is a
  fault of the likelihood; what is told from real ones above alone, one of the prior;
- `real`: the other half of the real windows, which nobody can tell.

Also the largest difference between the autocorrelations of both, over channels and lags.

Imputation: the error of filled gaps in held-out windows of ETTh1, in standard deviations of the
training data, with the mean of p(x|z) given the observed values at the mean code, and by linear
interpolation.

Needs scikit-learn, and at least one of the files:

    python recipes/benchmarks/quality/series_generation.py --etth1 ETTh1.csv --google stock_data.csv

ETTh1.csv is that of the repository ETDataset, stock_data.csv the daily prices and volumes of Google
from TimeGAN's repository. `docs/results.md` has results.
"""

import json
import pathlib
import sys

import keras
import numpy as np
import pandas as pd
from series_pca import BATCH, moments, split
from shared import command_line, write_json
from sklearn.ensemble import HistGradientBoostingClassifier

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from support.data import windows

GAP = 10  # steps
COMPONENTS = 50  # of the fitted prior
SINGLE = 0.1  # fraction of the values that are single gaps


def main():
    """Train on each set with each seed; print a JSON line of the results of each."""
    args, rows = parser().parse_args(), []
    for seed in args.seeds:
        for name, train, test in chosen_sets(args):
            vae = trained(train, seed, args)
            row = {"set": name, "seed": seed}
            for kind in args.compare:
                real, others = (standardized(train, x) for x in COMPARED[kind](vae, train, seed))
                row |= {f"{kind}, {k}": v for k, v in comparison(real, others, seed).items()}
            if test is not None:
                row |= imputation(vae, train, test, seed)
            rows.append(row)
            print(json.dumps(row), flush=True)
    if args.out:
        write_json(args.out, rows)


def trained(train, seed, args):
    """An `lstm_vae` with its default options, but for those of the command line."""
    keras.utils.set_random_seed(seed)
    chosen = {"likelihood": args.likelihood, "prior": args.prior}
    options = {name: value for name, value in chosen.items() if value is not None}
    vae = zoo.get("lstm_vae", seed=seed, **options)
    epochs = -(-args.steps // -(-len(train) // BATCH))
    vae.fit(train, epochs=epochs, batch_size=BATCH, verbose=0)
    return vae


def fitted(vae, train, seed):
    """The model with a mixture that is fitted to the codes as its prior."""
    mixed = zoo.replace_prior(vae, zoo.MixturePrior(vae.latents.latent_dim, COMPONENTS))
    zoo.fit_prior(mixed, train, seed=seed)
    return mixed


def halves(vae, train, seed):
    """Two halves of the real windows."""
    del vae
    order = np.random.default_rng(seed).permutation(len(train))
    return tuple(train[half] for half in np.split(order, [len(train) // 2]))


# Name -> real windows and others, `[N, T, C]` both.
COMPARED = {
    "prior": lambda vae, train, seed: (train, vae.sample(len(train), seed=seed)),
    "fitted": lambda vae, train, seed: (
        train,
        fitted(vae, train, seed).sample(len(train), seed=seed),
    ),
    "posterior": lambda vae, train, seed: (train, vae.reconstruct(train, draw=True, seed=seed)),
    "real": halves,
}


def comparison(real, others, seed):
    """Accuracies of the classifiers, and the difference of autocorrelations."""
    classifiers = {"TimeGAN": small_gru, "gru": gru, "trees": trees}
    difference = np.abs(autocorrelation(real) - autocorrelation(others)).max()
    return {
        **{name: accuracy(real, others, seed, f) for name, f in classifiers.items()},
        "autocorrelation": float(difference),
    }


def autocorrelation(x):
    """Correlation of values k steps apart, over all series, `[T - 1, C]` for k = 0, 1, ...."""
    x = x - x.mean((0, 1))
    steps = x.shape[1]
    covariance = [(x[:, k:] * x[:, : steps - k]).mean((0, 1)) for k in range(steps - 1)]
    return np.stack(covariance) / covariance[0]


def standardized(train, x):
    """x in standard deviations of the training data."""
    mean, std = moments(train)
    return (x - mean) / std


def accuracy(real, generated, seed, classifier):
    """Accuracy of a classifier on the fifth of real and generated windows that it does not see."""
    x = np.concatenate([real, generated]).astype("float32")
    y = np.repeat([1, 0], [len(real), len(generated)])
    order = np.random.default_rng(seed).permutation(len(x))
    test, fit = np.split(order, [len(x) // 5])
    return float(np.mean(classifier(x[fit], y[fit], x[test], seed) == y[test]))


def small_gru(x, y, test, seed):
    """Classes of `test` by the classifier of TimeGAN's protocol."""
    real = x[y == 1]
    low, width = real.min((0, 1)), np.ptp(real, (0, 1))
    x, test = ((a - low) / width for a in (x, test))
    batches = {"epochs": -(-2000 * 2 * BATCH // len(x)), "batch_size": 2 * BATCH}
    return recurrent_classifier(x.shape[2] // 2, 1e-3, x, y, test, seed, batches)


def gru(x, y, test, seed):
    """Classes of `test` by a GRU of 32 units, trained for 20 epochs."""
    return recurrent_classifier(32, 3e-3, x, y, test, seed, {"epochs": 20, "batch_size": BATCH})


def recurrent_classifier(units, rate, x, y, test, seed, batches):
    """Classes of `test` by a GRU and a dense layer on its last state."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), keras.layers.GRU(units), keras.layers.Dense(1)]
    )
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(x, y, verbose=0, **batches)
    return model.predict(test, verbose=0)[:, 0] > 0


def trees(x, y, test, seed):
    """Classes of `test` by boosted trees on all values and their differences in time."""
    x, test = (
        np.concatenate([a.reshape(len(a), -1), np.diff(a, axis=1).reshape(len(a), -1)], 1)
        for a in (x, test)
    )
    return HistGradientBoostingClassifier(random_state=seed).fit(x, y).predict(test)


def imputation(vae, train, test, seed):
    """Root mean squared errors of filled values, for each kind of gap and method."""
    rng, row = np.random.default_rng(seed), {}
    start = rng.integers(1, test.shape[1] - GAP, (len(test), 1, 1))
    step = np.arange(test.shape[1])[:, None]
    in_gap = (step >= start) & (step < start + GAP)
    one = np.arange(test.shape[2]) == rng.integers(test.shape[2], size=(len(test), 1, 1))
    kinds = {
        "gap of all channels": np.broadcast_to(in_gap, test.shape),
        "gap of one channel": in_gap & one,
        "single values": rng.random(test.shape) < SINGLE,
    }
    for kind, missing in kinds.items():
        x = np.where(missing, np.nan, test)
        filled = {
            "vae": vae.decode(vae.encode(x).mean()).conditional_mean(x),
            "linear": interpolated(x),
        }
        for method, values in filled.items():
            error = standardized(train, np.asarray(values)) - standardized(train, test)
            row[f"{kind}, {method}"] = float(np.sqrt(np.mean(error[missing] ** 2)))
    return row


def interpolated(x):
    """x with missing values on lines between the neighbours in their channel."""
    filled, step = x.copy(), np.arange(x.shape[1])
    for row in filled:
        for values in row.T:
            missing = np.isnan(values)
            values[missing] = np.interp(step[missing], step[~missing], values[~missing])
    return filled


def chosen_sets(args):
    """Yield name, training windows and held-out windows or None of each set that is given."""
    if args.etth1:
        values = pd.read_csv(args.etth1).iloc[:, 1:].to_numpy("float64")
        yield "ETTh1", *split(values[:15_000], 12_000, 48, (4, 24))
    if args.google:
        values = pd.read_csv(args.google).select_dtypes("number").to_numpy("float64")
        yield "Google", windows.cut(values, 24, 1), None


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--etth1", type=pathlib.Path, help="ETTh1.csv")
    p.add_argument("--google", type=pathlib.Path, help="stock_data.csv of TimeGAN's repository")
    p.add_argument("--steps", type=int, default=1200, help="training steps, whole epochs")
    p.add_argument("--seeds", nargs="+", type=int, default=[0])
    p.add_argument("--compare", nargs="+", choices=COMPARED, default=list(COMPARED))
    p.add_argument("--likelihood", help="p(x|z), by default that of the variant")
    p.add_argument("--prior", help="p(z), by default that of the variant")
    p.add_argument("--out", type=pathlib.Path, help="write all numbers into this .json file")
    return p


if __name__ == "__main__":
    main()
