"""Small pictures of single examples, of any kind: for rows of examples, and beside the map."""

import numpy as np
import tensorflow as tf

from zoo.core import nested
from zoo.reporting.markup import tag
from zoo.reporting.pictures import as_bytes, pixels

SIDE = 64  # pixels on the page
FINEST = 48  # pixels of an image that are kept
WIDE, HIGH = 132, 44  # of series and rows
MISSING = tag("span", "missing", class_="quiet")
CHANNELS = 3  # of a series that are drawn
COLUMNS = 40  # of a row that are drawn


def images(x, like, alt):
    """Images `[N, H, W]` or `[N, H, W, C]`: their pixels, of large ones fewer."""
    low, high = limits(like)
    x = np.asarray(x, "float32")
    x = x[..., None] if x.ndim == 3 else x
    longest = max(x.shape[1:3])
    if longest > FINEST:
        size = [max(1, round(FINEST * side / longest)) for side in x.shape[1:3]]
        x = tf.image.resize(x, size, "area").numpy()
    return [pixels(one, f"{alt} {i}", SIDE) for i, one in enumerate(as_bytes(x, low, high))]


def limits(x):
    """What is black and what is white: 0 and 1, or the extremes where values are beyond these."""
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def series(x, like, alt):
    """Series `[N, T]` or `[N, T, C]` as lines, each channel between the extremes of `like`."""
    x, like = (np.asarray(a, "float32") for a in (x, like))
    x, like = (a[..., None] if a.ndim == 2 else a for a in (x, like))
    low, high = (f.reduce(like, axis=(0, 1)) for f in (np.fmin, np.fmax))  # quiet on NaN alone
    scaled = np.clip((x - low) / np.where(high > low, high - low, 1.0), -0.1, 1.1)
    return [_lines(one, f"{alt} {i}") for i, one in enumerate(scaled)]


def _lines(x, alt):
    """One series `[T, C]` in [0, 1]; lines break where nothing was measured."""
    at = np.linspace(2, WIDE - 2, max(len(x), 2))
    lines = []
    for channel in range(min(x.shape[1], CHANNELS)):
        heights = HIGH - 4 - (HIGH - 8) * x[:, channel]
        there = np.isfinite(heights)
        for run in np.split(np.arange(len(x)), np.flatnonzero(np.diff(there)) + 1):
            if len(run) and there[run[0]]:
                points = " ".join(f"{at[i]:.1f},{heights[i]:.1f}" for i in run)
                lines.append(tag("polyline", points=points, class_=f"line{channel}"))
    return _drawing(lines, alt)


def tables(x, like, alt):
    """Rows `[N, ...]` as bars, up or down by deviations of the column from its mean in `like`."""
    scaled = np.clip(np.nan_to_num(standardised(x, like)), -3, 3)[:, :COLUMNS]
    return [_bars(one, f"{alt} {i}") for i, one in enumerate(scaled)]


def standardised(x, like):
    """Rows `[N, columns]` in deviations of each column from its mean in `like`."""
    x, like = (np.reshape(np.asarray(a, "float64"), (len(a), -1)) for a in (x, like))
    seen = np.ma.masked_invalid(like)
    scale = seen.std(0).filled(0.0)
    return (x - seen.mean(0).filled(0.0)) / np.where(scale > 0, scale, 1.0)


def _bars(x, alt):
    width, middle = WIDE / len(x), HIGH / 2
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
    axis = tag("line", x1=0, x2=WIDE, y1=middle, y2=middle, class_="axis")
    return _drawing([axis, *bars], alt)


def texts(x, like, alt):
    """Texts, or lists of word numbers."""
    del like, alt
    return [tag("q", text(one)) for one in x]


def text(x):
    """A text; of word numbers those before the end."""
    return x if isinstance(x, str) else " ".join(str(number) for number in x if number)


def _drawing(shapes, alt):
    size = dict(width=WIDE, height=HIGH, viewBox=f"0 0 {WIDE} {HIGH}")
    return tag("svg", *shapes, class_="thumbnail", role="img", aria_label=alt, **size)


# Kind of data -> examples as small pictures; `like` are examples that say what is large.
THUMBNAILS = {"images": images, "series": series, "tables": tables, "texts": texts}


def thumbnails(part, x, alt):
    """Small pictures of x, examples as those of a `Part` are: a list of `Markup`."""
    like = nested.cut(part.x, np.flatnonzero(part.present)) if part.present.any() else part.x
    return THUMBNAILS[part.kind](x, like, alt)


def given(part, x, alt):
    """The same of the first examples of the part, where it is there."""
    found = thumbnails(part, x, alt)
    there = part.present[: len(found)]
    return [one if seen else MISSING for one, seen in zip(found, there, strict=True)]
