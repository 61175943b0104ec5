"""What a model says of each step of a series, and what PCA and an isolation forest say."""

import numpy as np
from support.data import windows

DRAWS = 8
DRAWN = 50
BAND = (0.05, 0.95)
BATCH = 1024


def codes(vae, x, draws, seed):
    """`draws` values of z from q(z|x) for each window: `[draws, N, D]`."""
    q = vae.encode(x)
    noise = np.random.default_rng(seed).standard_normal((draws, *q.loc.shape))
    return (np.asarray(q.loc) + np.asarray(q.scale) * noise).astype("float32")


def step_scores(vae, values, window, seed):
    """How surprising each step is, `[steps]` nats: what -log p(x_t | z) is above the usual.

    High where the rest of the window does not explain the step. Each value counts from the median
    of its channel: log densities depend on units (in small ones, -log p is below 0), so that a
    value that is missing, and adds nothing to log p, would look like a fault in one unit and like a
    perfect prediction in another. A missing value counts as a usual one, 0.
    """
    stride = max(1, window // 8)
    x = windows.cut(values, window, stride, to_end=True)
    found = []
    for start in range(0, len(x), BATCH):
        part = x[start : start + BATCH]
        z = codes(vae, part, DRAWS, seed)
        nats = np.mean([-vae.decode(draw).log_prob_per_value(part) for draw in z], 0)
        found.append(np.where(np.isnan(part), np.nan, nats))
    found = np.concatenate(found)
    surprise = np.nan_to_num(found - _usual(found)).sum(2)
    return windows.per_step(surprise, len(values), stride)


def _usual(found):
    """Median of each channel of `[n, length, channels]`; 0 where the channel has only NaN."""
    flat = np.ma.masked_invalid(found.reshape(-1, found.shape[2]))
    return np.ma.filled(np.ma.median(flat, axis=0), 0.0)


def band(vae, values, stretch, window, seed):
    """Mean and quantiles of what the model would measure in a slice of steps, `[steps, channels]`.

    Made of all windows that see a step, as the scores are: those that begin before the slice too.
    """
    stride = max(1, window // 4)
    first = max(0, stretch.start - window)
    near = values[first : stretch.stop + window]
    x = windows.cut(near, window, stride, to_end=True)
    drawn = [
        np.asarray(vae.decode(z).sample(seed=np.array([seed, i], "int32")))
        for i, z in enumerate(codes(vae, x, DRAWN, seed))
    ]
    found = np.mean(drawn, 0), *np.quantile(drawn, BAND, 0)
    shown = slice(stretch.start - first, stretch.stop - first)
    return [windows.per_step(part, len(near), stride)[shown] for part in found]


def baselines(data, window):
    """Scores of PCA and of an isolation forest on the same windows, by step."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest

    mean, scale = np.nanmean(data.train, 0), np.nanstd(data.train, 0)
    scale = np.where(scale > 0, scale, 1.0)
    seen, new = (
        windows.cut(np.nan_to_num((part - mean) / scale), window)
        for part in (data.train, data.held_out)
    )
    flat = [part.reshape(len(part), -1) for part in (seen, new)]
    pca = PCA(0.9, svd_solver="full").fit(flat[0])
    error = (flat[1] - pca.inverse_transform(pca.transform(flat[1]))) ** 2
    error = error.reshape(new.shape).sum(2)
    forest = -IsolationForest(random_state=0).fit(flat[0]).score_samples(flat[1])
    steps = len(data.held_out)
    return {
        "PCA on windows": windows.per_step(error, steps),
        "isolation forest": windows.per_step(np.repeat(forest[:, None], window, 1), steps),
    }
