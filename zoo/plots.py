"""Figures of arrays: what a model learned, at a glance. The only file that imports matplotlib.

Every function takes plain arrays and returns a `matplotlib.figure.Figure`; nothing is shown and no
global state is touched, so they work without a display: `zoo.plots.samples(x).savefig("s.png")`.
Images are `[..., height, width, channels]` in [0, 1]: one channel is grey, three are RGB, of any
other number the first is shown. (Longer than the other files because no other imports matplotlib.)
"""

import math

import numpy as np
from matplotlib import patheffects
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from sklearn.decomposition import PCA

# Paul Tol's "muted" scheme and a grey: told apart under every common kind of colour blindness.
PALETTE = (
    *("#332288", "#CC6677", "#117733", "#88CCEE", "#DDCC77"),
    *("#AA4499", "#44AA99", "#882255", "#999933", "#777777"),
)
DATA, MODEL = PALETTE[0], PALETTE[1]
INK = "#333333"
MOST_POINTS = 5000
MOST_COLUMNS = 20


def training_curves(history):
    """ELBO, negative log-likelihood and KL over epochs, for training and validation data.

    Args:
        history: name -> a number for each epoch, as in `fit(...).history`; `epoch`, if there, gives
            their numbers.
    """
    figure = _figure(11, 3.4)
    panels = {"elbo": "ELBO", "nll": r"$-\log\ p(x|z)$", "kl": r"KL$(q(z|x)\ \|\ p(z))$"}
    for axes, (key, title) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        for name, label, colour in ((key, "training", DATA), (f"val_{key}", "validation", MODEL)):
            values = np.asarray(history.get(name, ()), "float64")
            if len(values):
                epochs = np.asarray(history.get("epoch", np.arange(len(values)))) + 1
                marker = "o" if len(values) < 30 else None
                axes.plot(epochs, values, color=colour, label=label, marker=marker, ms=4, lw=1.8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        _zoom_past_the_start(axes)
        _label(axes, title, "epoch", "nats per example")
    _legend(figure.axes[0])
    return figure


def reconstructions(original, reconstructed, seen=None, most=12):
    """Originals above what became of them: `[N, H, W, C]` each, the first `most` columns.

    Args:
        original: images.
        reconstructed: what the model made of them.
        seen: what the model saw of the originals, where that differs (binarised, noisy).
        most: how many to show.
    """
    rows = {"original": original, "seen": seen, "reconstruction": reconstructed}
    rows = {name: np.asarray(x)[:most] for name, x in rows.items() if x is not None}
    return _grid(np.stack(list(rows.values())), "Reconstructions of held-out images", list(rows))


def samples(images, columns=None, title="Samples from the prior"):
    """A grid of images `[N, H, W, C]`, as square as it can be or with so many columns."""
    images = np.asarray(images)
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    blank = np.ones((rows * columns - len(images), *images.shape[1:]), images.dtype)
    grid = np.concatenate([images, blank]).reshape(rows, columns, *images.shape[1:])
    return _grid(grid, title)


def interpolations(strips):
    """Paths between pairs of images, one pair a row: `[N, steps, H, W, C]`."""
    names = ["start", *[""] * (np.asarray(strips).shape[1] - 2), "end"]
    return _grid(strips, "Interpolations through latent space", column_names=names)


def traversals(grid, names=None, values=None):
    """One latent dimension a row, its value a column: `[dimensions, steps, H, W, C]`.

    Args:
        grid: images, as `VAE.traverse` gives them.
        names: of the rows; z0, z1, ... by default.
        values: of the varied dimension, one for each column.
    """
    grid = np.asarray(grid)
    names = [f"$z_{{{i}}}$" for i in range(len(grid))] if names is None else list(names)
    values = () if values is None else [f"{v:+.1f}" for v in values]
    figure = _grid(grid, "Latent traversals", names, values)
    if len(values):
        figure.axes[0].set_xlabel("value of the latent dimension")
    return figure


def latent_scatter(codes, labels=None, names=None, seed=0):
    """Codes `[N, D]` as points: directly where D is 2, else on their principal components.

    Args:
        codes: means of q(z|x); at most 5000 of them, picked by `seed`, are drawn.
        labels: a class for each code (integers or strings); beyond ten, the rarest share a colour.
        names: class -> its name; an index into a sequence, or a mapping.
        seed: an integer.
    """
    codes = np.asarray(codes)
    points, axis_names = _plane(codes)
    shown = np.random.default_rng(seed).permutation(len(points))[:MOST_POINTS]
    figure = _figure(6.6, 5.6)
    axes = figure.subplots()
    size = float(np.clip(6000 / len(shown), 5, 30))
    if labels is None:
        axes.scatter(*points[shown].T, s=size, color=DATA, alpha=0.6, lw=0)
    else:
        _classes(axes, points[shown], np.asarray(labels)[shown], names, size)
    # A few far-off codes must not shrink all others to a dot.
    low, high = np.quantile(points[shown], [0.01, 0.99], axis=0)
    low, high = low - 0.25 * (high - low) - 1e-6, high + 0.25 * (high - low) + 1e-6
    outside = int(((points[shown] < low) | (points[shown] > high)).any(1).sum())
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    more = f" ({outside} further out)" if outside else ""
    _label(axes, f"Codes of {len(shown):,} held-out examples{more}", *axis_names)
    return figure


def score_histogram(scores, anomaly=None, auroc=None, bins=60):
    """How anomaly scores (nats, higher is stranger) are spread, for normal rows and anomalies.

    Args:
        scores: `[N]`, drawn from the normal rows' median on: linear near it, logarithmic far off.
        anomaly: `[N]` of bool, or None where nobody knows.
        auroc: shown in the title.
        bins: how many.
    """
    scores = np.asarray(scores, "float64")
    anomaly = np.zeros(len(scores), bool) if anomaly is None else np.asarray(anomaly, bool)
    low, median, high = np.quantile(scores[~anomaly], [0.1, 0.5, 0.9])
    scores, width = scores - median, max(high - low, 1e-6)
    ends = np.arcsinh([scores.min() / width - 0.01, scores.max() / width + 0.01])
    edges = width * np.sinh(np.linspace(*ends, bins + 1))
    figure = _figure(7.4, 3.8)
    axes = figure.subplots()
    for chosen, name, colour in ((~anomaly, "normal", DATA), (anomaly, "anomaly", MODEL)):
        if chosen.any():
            label = f"{name} ({chosen.sum():,})"
            share = np.full(chosen.sum(), 100 / chosen.sum())
            axes.hist(scores[chosen], edges, weights=share, color=colour, alpha=0.65, label=label)
    axes.set_xscale("asinh", linear_width=width)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if width > 1 else f"{value:g}")
    axes.minorticks_off()
    title = "Anomaly scores" if auroc is None else f"Anomaly scores, AUROC {auroc:.3f}"
    _label(axes, title, "$-$ELBO above the normal rows' median (nats)", "share of the group (%)")
    _legend(axes)
    return figure


def column_surprise(names, normal, anomaly=None):
    """Which columns give rows away: −log p(column | z) above what is usual, in nats.

    Args:
        names: of the columns.
        normal: `[columns]` mean surprise of normal rows.
        anomaly: the same for anomalies; columns are sorted by the difference, else by `normal`.
    """
    normal = np.asarray(normal)
    key = normal if anomaly is None else np.asarray(anomaly) - normal
    order = np.argsort(key)[::-1][:MOST_COLUMNS][::-1]
    figure = _figure(7.4, 1.5 + 0.27 * len(order))
    axes, rows = figure.subplots(), np.arange(len(order))
    if anomaly is not None:
        found = np.asarray(anomaly)[order]
        axes.hlines(rows, normal[order], found, color="#cccccc", lw=2, zorder=1)
        axes.scatter(found, rows, color=MODEL, s=36, label="anomalies")
    axes.scatter(normal[order], rows, color=DATA, s=36, label="normal rows")
    axes.set_yticks(rows, [_short(names[i]) for i in order])
    axes.axvline(0, color="#999999", lw=0.8, zorder=0)
    # Anomalies can be surprising by orders of magnitude more than anything else.
    axes.set_xscale("symlog", linthresh=1.0)
    some = f" ({len(order)} of {len(normal)})" if len(order) < len(normal) else ""
    lowest = min(0.0, *(x.get_offsets()[:, 0].min() for x in axes.collections[-2:]))
    axes.set_xlim(left=lowest - 0.2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    title = rf"Surprise by column{some}: mean $-\log\ p$(column $|\ z$)"
    _label(axes, title, "nats above a typical training row", "")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def marginals(names, real, generated, levels=None, most=12):
    """Distribution of each column in data and in samples: `[N, columns]` each, NaN for missing.

    Args:
        names: of the columns.
        real, generated: rows.
        levels: for each column the names of its classes 0, 1, ..., or None for a numeric one.
        most: how many columns to show.
    """
    real, generated = np.asarray(real), np.asarray(generated)
    shown = min(most, len(names))
    columns = min(4, shown)
    rows = math.ceil(shown / columns)
    figure = _figure(3.0 * columns, 2.3 * rows + 0.7)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for i, axes in enumerate(grid):
        if i >= shown:
            axes.set_axis_off()
            continue
        both = [x[~np.isnan(x)] for x in (real[:, i], generated[:, i])]
        if levels is not None and levels[i] is not None:
            _bars(axes, *both, levels[i])
        else:
            _steps(axes, *both)
        _label(axes, _short(names[i], 30), "", "share (%)" if i % columns == 0 else "")
    some = f" ({shown} of {len(names)} columns)" if shown < len(names) else ""
    handles, found = grid[0].get_legend_handles_labels()
    figure.legend(handles, found, loc="outside upper right", frameon=False, ncols=2)
    figure.suptitle(f"Data and samples{some}", x=0.01, ha="left", color=INK)
    return figure


def _figure(width, height):
    return Figure(figsize=(width, height), layout="constrained", dpi=120)


def _label(axes, title, x, y):
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")
    axes.tick_params(colors=INK, labelsize=9)


def _legend(axes):
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=9)


def _zoom_past_the_start(axes):
    """Leave out the first few values where they would flatten all that comes after."""
    curves = [line.get_ydata() for line in axes.get_lines()]
    late = [y[len(y) // 10 :] for y in curves if len(y) >= 10]
    if not late:
        return
    low, high = min(y.min() for y in late), max(y.max() for y in late)
    margin = 0.08 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)


def _grid(cells, title, row_names=(), column_names=()):
    """One picture of `[rows, columns, H, W, C]`, cells parted by white lines."""
    cells = _visible(np.asarray(cells, "float32"))
    rows, columns, height, width, channels = cells.shape
    gap = max(1, round(height / 14))
    padded = np.ones((rows, columns, height + gap, width + gap, channels), "float32")
    padded[:, :, :height, :width] = cells
    picture = padded.transpose(0, 2, 1, 3, 4).reshape(rows * (height + gap), -1, channels)
    picture = picture[:-gap, :-gap]
    inches = min(0.75, 10 / columns)  # of one cell
    size = inches * columns, inches * rows * height / width
    figure = _figure(size[0] + (1.3 if len(row_names) else 0.3), size[1] + 0.6)
    axes = figure.subplots()
    axes.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    _label(axes, title, "", "")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for ticks, names, side in (
        (axes.set_yticks, row_names, height),
        (axes.set_xticks, column_names, width),
    ):
        ticks(np.arange(len(names)) * (side + gap) + side / 2 - 0.5, names)
    return figure


def _visible(images):
    """One channel or three, in [0, 1]."""
    if images.shape[-1] != 3:
        images = images[..., :1]
    return np.clip(np.nan_to_num(images), 0.0, 1.0)


def _plane(codes):
    """Points in a plane and the names of its two axes."""
    if codes.shape[1] == 1:
        return np.concatenate([codes, np.zeros_like(codes)], 1), ("$z_0$", "")
    if codes.shape[1] == 2:
        return codes, ("$z_0$", "$z_1$")
    pca = PCA(2, svd_solver="full").fit(codes)
    shares = pca.explained_variance_ratio_
    names = [f"principal component {i + 1} ({shares[i]:.0%} of the variance)" for i in (0, 1)]
    return pca.transform(codes), names


def _classes(axes, points, labels, names, size):
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) > len(PALETTE):
        kept = classes[np.argsort(-counts, kind="stable")][: len(PALETTE) - 1]
        classes = np.sort(kept)
        rest = points[~np.isin(labels, kept)]
        axes.scatter(*rest.T, s=size, color=PALETTE[-1], alpha=0.35, lw=0, label="others")
    halo = [patheffects.withStroke(linewidth=3, foreground="white")]
    for label, colour in zip(classes, PALETTE, strict=False):
        chosen = points[labels == label]
        name = str(label if names is None else names[label])
        axes.scatter(*chosen.T, s=size, color=colour, alpha=0.75, lw=0, label=_short(name))
        # The name where the class is: a legend alone asks for a good eye for colours.
        at = np.median(chosen, 0)
        if len(name) <= 10:
            text = axes.text(*at, name, color=colour, weight="bold", ha="center", va="center")
            text.set_path_effects(halo)
    legend = axes.figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    for handle in legend.legend_handles:
        handle.set_alpha(1.0)
        handle.set_sizes([40])


def _steps(axes, real, generated):
    values = np.concatenate([real, generated]) if len(real) + len(generated) else np.zeros(1)
    low, high = np.quantile(values, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1.0, 31)
    for x, name, colour, kind in (
        (real, "data", DATA, "stepfilled"),
        (generated, "samples", MODEL, "step"),
    ):
        share = np.full(len(x), 100 / max(len(x), 1))
        alpha = 0.35 if kind == "stepfilled" else 1.0
        axes.hist(
            x, edges, weights=share, histtype=kind, color=colour, alpha=alpha, lw=1.6, label=name
        )


def _bars(axes, real, generated, levels):
    shown = np.arange(len(levels))[:8]
    for x, name, colour, shift in ((real, "data", DATA, -0.2), (generated, "samples", MODEL, 0.2)):
        share = [100 * np.mean(x == level) if len(x) else 0.0 for level in shown]
        alpha = 0.5 if name == "data" else 1.0
        axes.bar(shown + shift, share, 0.4, color=colour, alpha=alpha, label=name)
    axes.set_xticks(shown, [_short(levels[i], 9) for i in shown], rotation=30, ha="right")


def _short(name, most=24):
    name = str(name)
    return name if len(name) <= most else name[: most - 1] + "…"
