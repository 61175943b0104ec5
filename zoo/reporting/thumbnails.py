"""Thumbnails: small pictures of single examples of any kind of data."""

import numpy as np
import tensorflow as tf

from zoo.core import nested
from zoo.reporting.markup import tag
from zoo.reporting.pictures import pixels, to_uint8

SIDE = 64  # pixels of an image on the page
MAX_PIXELS = 48  # of an image's longer side; larger images are reduced
WIDTH, HEIGHT = 132, 44  # of series and rows
MISSING = tag("span", "missing", class_="quiet")
MAX_CHANNELS = 3  # of a series
MAX_COLUMNS = 40  # of a row


def images(x, reference, alt):
    """Draw images `[N, H, W]` or `[N, H, W, C]`, reduced if they are large."""
    low, high = value_range(reference)
    x = np.asarray(x, "float32")
    x = x[..., None] if x.ndim == 3 else x
    longest = max(x.shape[1:3])
    if longest > MAX_PIXELS:
        size = [max(1, round(MAX_PIXELS * side / longest)) for side in x.shape[1:3]]
        x = tf.image.resize(x, size, "area").numpy()
    return [pixels(image, f"{alt} {i}", SIDE) for i, image in enumerate(to_uint8(x, low, high))]


def value_range(x):
    """Values drawn black and white: 0 and 1, or the extremes of x if it goes beyond these."""
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def series(x, reference, alt):
    """Draw series `[N, T]` or `[N, T, C]` as lines, each channel in the range of `reference`."""
    x, reference = (np.asarray(a, "float32") for a in (x, reference))
    x, reference = (a[..., None] if a.ndim == 2 else a for a in (x, reference))
    # Unlike np.nanmin, these do not warn about a channel that is NaN throughout.
    low, high = (f.reduce(reference, axis=(0, 1)) for f in (np.fmin, np.fmax))
    scaled = np.clip((x - low) / np.where(high > low, high - low, 1.0), -0.1, 1.1)
    return [_lines(example, f"{alt} {i}") for i, example in enumerate(scaled)]


def _lines(x, alt):
    """Draw a series `[T, C]` in [0, 1]; lines break where values are missing."""
    across = np.linspace(2, WIDTH - 2, max(len(x), 2))
    lines = []
    for channel in range(min(x.shape[1], MAX_CHANNELS)):
        down = HEIGHT - 4 - (HEIGHT - 8) * x[:, channel]
        measured = np.isfinite(down)
        for run in np.split(np.arange(len(x)), np.flatnonzero(np.diff(measured)) + 1):
            if len(run) and measured[run[0]]:
                points = " ".join(f"{across[i]:.1f},{down[i]:.1f}" for i in run)
                lines.append(tag("polyline", points=points, class_=f"line{channel}"))
    return _drawing(lines, alt)


def tables(x, reference, alt):
    """Draw rows `[N, ...]` as bars: standard deviations from each column's mean in `reference`."""
    scaled = np.clip(np.nan_to_num(standardise(x, reference)), -3, 3)[:, :MAX_COLUMNS]
    return [_bars(row, f"{alt} {i}") for i, row in enumerate(scaled)]


def standardise(x, reference):
    """Standardise rows `[N, columns]` by each column's mean and std in `reference`."""
    x, reference = (np.reshape(np.asarray(a, "float64"), (len(a), -1)) for a in (x, reference))
    observed = np.ma.masked_invalid(reference)
    std = observed.std(0).filled(0.0)
    return (x - observed.mean(0).filled(0.0)) / np.where(std > 0, std, 1.0)


def _bars(x, alt):
    width, middle = WIDTH / len(x), HEIGHT / 2
    bars = [
        tag(
            "rect",
            x=f"{i * width + 0.1 * width:.1f}",
            y=f"{middle - max(value, 0) * middle / 3:.1f}",
            width=f"{0.8 * width:.1f}",
            height=f"{abs(value) * middle / 3:.1f}",
            class_="bar0",
        )
        for i, value in enumerate(x)
    ]
    axis = tag("line", x1=0, x2=WIDTH, y1=middle, y2=middle, class_="axis")
    return _drawing([axis, *bars], alt)


def texts(x, reference, alt):
    """Quote texts, or lists of token ids."""
    del reference, alt
    return [tag("q", _text(example)) for example in x]


def _text(x):
    """Return a text, or the token ids without the padding (0)."""
    return x if isinstance(x, str) else " ".join(str(token) for token in x if token)


def _drawing(shapes, alt):
    size = dict(width=WIDTH, height=HEIGHT, viewBox=f"0 0 {WIDTH} {HEIGHT}")
    return tag("svg", *shapes, class_="thumbnail", role="img", aria_label=alt, **size)


# Kind of data -> function of examples and of reference examples, which set the scale.
THUMBNAILS = {"images": images, "series": series, "tables": tables, "texts": texts}


def thumbnails(modality, x, alt):
    """Draw examples x of a `Modality`, scaled by its own examples: a list of `Markup`."""
    reference = modality.x
    if modality.present.any():
        reference = nested.take_rows(reference, np.flatnonzero(modality.present))
    return THUMBNAILS[modality.data_kind](x, reference, alt)


def present_thumbnails(modality, x, alt):
    """Draw the first examples of a `Modality`; `MISSING` stands for those without it."""
    pictures = thumbnails(modality, x, alt)
    present = modality.present[: len(pictures)]
    return [p if is_present else MISSING for p, is_present in zip(pictures, present, strict=True)]
