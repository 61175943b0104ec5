"""What a model says of each step of a series, and what PCA and an isolation forest say."""

import numpy as np
import windows

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
    """-log p(x_t | z), `[steps]` nats: mean over draws, median over the windows that see the step.

    High where the rest of the window does not explain the step. Steps without any value score 0.
    """
    stride = max(1, window // 8)
    x = windows.cut(values, window, stride)
    found = []
    for start in range(0, len(x), BATCH):
        part = x[start : start + BATCH]
        nats = [-vae.decode(z).log_prob_per_step(part) for z in codes(vae, part, DRAWS, seed)]
        found.append(np.mean(nats, 0))
    return windows.per_step(np.concatenate(found), len(values), stride)


def band(vae, values, window, seed):
    """Mean and quantiles of what the model would measure at each step, `[steps, channels]` each."""
    stride = max(1, window // 4)
    x = windows.cut(values, window, stride)
    drawn = [
        np.asarray(vae.decode(z).sample(seed=seed + i))
        for i, z in enumerate(codes(vae, x, DRAWN, seed))
    ]
    found = np.mean(drawn, 0), *np.quantile(drawn, BAND, 0)
    return [windows.per_step(part, len(values), stride) for part in found]


def baselines(data, window):
    """Scores of PCA and of an isolation forest on the same windows, by step."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest

    mean, scale = np.nanmean(data.train, 0), np.nanstd(data.train, 0)
    scale = np.where(scale > 0, scale, 1.0)
    seen, new = (
        windows.cut(np.nan_to_num((part - mean) / scale), window, stride)
        for part, stride in ((data.train, 1), (data.held_out, 1))
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
