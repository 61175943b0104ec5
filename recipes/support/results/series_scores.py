"""Results of `time_series.py`: anomaly score and prediction band of each step, and baselines."""

import numpy as np
from support.data import windows

SCORE_SAMPLES = 8
BAND_SAMPLES = 50
BAND = (0.05, 0.95)
BATCH = 1024


def codes(vae, x, samples, seed):
    """Samples of q(z|x) for each window: `[samples, N, D]`."""
    q = vae.encode(x)
    noise = np.random.default_rng(seed).standard_normal((samples, *q.loc.shape))
    return (np.asarray(q.loc) + np.asarray(q.scale) * noise).astype("float32")


def step_scores(vae, values, window, seed):
    """Anomaly score of each step, `[steps]` nats: -log p(x_t | z) minus its usual value.

    Higher is more anomalous: the score is high if the rest of the window does not explain the step.
    The median of each channel is subtracted, because log densities depend on the unit of the
    channel: otherwise a missing value, which adds 0 to log p, would look like a fault in one unit
    and like a perfect prediction in another. A missing value has the score of a usual one, 0.
    """
    stride = max(1, window // 8)
    x = windows.cut(values, window, stride, to_end=True)
    batches = []
    for start in range(0, len(x), BATCH):
        batch = x[start : start + BATCH]
        z = codes(vae, batch, SCORE_SAMPLES, seed)
        nats = np.mean([-vae.decode(sample).marginal_log_prob(batch) for sample in z], 0)
        batches.append(np.where(np.isnan(batch), np.nan, nats))
    nats = np.concatenate(batches)
    scores = np.nan_to_num(nats - _channel_medians(nats)).sum(2)
    return windows.per_step(scores, len(values), stride)


def _channel_medians(x):
    """Median of each channel of `[n, length, channels]`; 0 for a channel with only NaN."""
    flat = np.ma.masked_invalid(x.reshape(-1, x.shape[2]))
    return np.ma.filled(np.ma.median(flat, axis=0), 0.0)


def band(vae, values, stretch, window, seed):
    """Mean and two quantiles of the reconstruction in a slice of steps, each `[steps, channels]`.

    As for the scores, all windows that contain a step are used, including those that begin before
    the slice.
    """
    stride = max(1, window // 4)
    first = max(0, stretch.start - window)
    near = values[first : stretch.stop + window]
    x = windows.cut(near, window, stride, to_end=True)
    samples = [
        np.asarray(vae.decode(z).sample(seed=np.array([seed, i], "int32")))
        for i, z in enumerate(codes(vae, x, BAND_SAMPLES, seed))
    ]
    statistics = np.mean(samples, 0), *np.quantile(samples, BAND, 0)
    steps = slice(stretch.start - first, stretch.stop - first)
    return [windows.per_step(part, len(near), stride)[steps] for part in statistics]


def baselines(data, window):
    """Name -> anomaly scores `[steps]` of PCA and of an isolation forest on the same windows.

    Higher is more anomalous.
    """
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest

    mean, std = np.nanmean(data.train, 0), np.nanstd(data.train, 0)
    std = np.where(std > 0, std, 1.0)
    train, held_out = (
        windows.cut(np.nan_to_num((part - mean) / std), window)
        for part in (data.train, data.held_out)
    )
    flat_train, flat = (part.reshape(len(part), -1) for part in (train, held_out))
    pca = PCA(0.9, svd_solver="full").fit(flat_train)
    error = (flat - pca.inverse_transform(pca.transform(flat))) ** 2
    error = error.reshape(held_out.shape).sum(2)
    forest = -IsolationForest(random_state=0).fit(flat_train).score_samples(flat)
    steps = len(data.held_out)
    return {
        "PCA on windows": windows.per_step(error, steps),
        "isolation forest": windows.per_step(np.repeat(forest[:, None], window, 1), steps),
    }
