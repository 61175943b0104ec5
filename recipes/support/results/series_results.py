"""Results of `time_series.py`: scores.csv, comparison with baselines, and figures."""

import numpy as np
from support.data import windows
from support.results import series_scores
from support.run import evaluation

import zoo

SPECTRUM_SERIES = 200


def normal_windows(data, held_out):
    """Held-out windows without a known anomaly; all of them if each has one."""
    if data.anomaly is None:
        return held_out
    steps = len(held_out) * held_out.shape[1]
    anomaly = data.anomaly[data.split :][:steps].reshape(len(held_out), -1).any(1)
    return held_out[~anomaly] if not anomaly.all() else held_out


def write_scores(run, data, scores):
    """Write scores.csv; with labels, compare with baselines and return summary lines.

    Scores are in nats; higher is more anomalous.
    """
    times, anomaly = data.times[data.split :], _held_out_anomaly(data)
    header = "time,score" if anomaly is None else "time,score,anomaly"
    with run.file("scores.csv").open("w") as file:
        file.write(header + "\n")
        for i, (time, score) in enumerate(zip(times, scores, strict=True)):
            label = "" if anomaly is None else f",{anomaly[i]:d}"
            file.write(f"{time},{score:.4f}{label}\n")
    if anomaly is None or anomaly.all() or not anomaly.any():
        return []
    methods = {"VAE, -log p(step)": scores, **series_scores.baselines(data, run.options.window)}
    return evaluation.anomaly_ranking(run, anomaly, methods, ", by step")


def _held_out_anomaly(data):
    """True for each held-out step with an anomaly, or None without labels."""
    return None if data.anomaly is None else data.anomaly[data.split :]


def draw(run, vae, data, scores):
    """Draw all figures of a trained model."""
    plots, options = zoo.plots, run.options
    run.figure("curves", plots.training_curves(run.history()))
    anomaly = _held_out_anomaly(data)
    steps = _stretch(anomaly, scores, options.window)
    mean, low, high = series_scores.band(vae, data.held_out, steps, options.window, options.seed)
    run.figure(
        "series",
        plots.series(
            data.times[data.split :][steps],
            data.held_out[steps],
            mean,
            low,
            high,
            scores[steps],
            None if anomaly is None else anomaly[steps],
            data.channels,
            f"{data.name}, held out; band: 5 % to 95 % of the samples",
        ),
    )
    real = normal_windows(data, windows.cut(data.held_out, options.window, options.window))
    rows = np.random.default_rng(options.seed).permutation(len(real))[:4]
    generated = _generate(vae, SPECTRUM_SERIES, options.seed)
    run.figure("samples", plots.series_samples(real[rows], generated[:4], data.channels))
    run.figure("spectra", plots.series_spectra(real, generated, data.channels))
    stride, labels = max(1, options.window // 4), None
    if anomaly is not None:
        in_window = windows.cut(anomaly[:, None].astype("float32"), options.window, stride)
        labels = np.where(in_window.any((1, 2)), "anomaly", "normal")
    x = windows.cut(data.held_out, options.window, stride)
    run.figure("latent", plots.latent_scatter(vae.encode(x).loc, labels))


def _generate(vae, n, seed):
    """n new series, sampled from p(x|z) so that they have noise like the data."""
    z = vae.latents.generate(n, np.array([seed, 0], "int32"))
    return np.asarray(vae.decode(z).sample(seed=np.array([seed, 1], "int32")))


def _stretch(anomaly, scores, window):
    """Slice of a dozen windows' steps with most anomalies, or without labels the highest scores."""
    weights = scores if anomaly is None else anomaly.astype(float)
    length = min(12 * window, len(weights))
    start = int(np.argmax(np.convolve(weights, np.ones(length), "valid")))
    return slice(start, start + length)
