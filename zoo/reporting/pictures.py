"""Pictures that stand in the page itself: figures as SVG or PNG, small ones of single examples."""

import base64
import io
import re

import numpy as np
import tensorflow as tf

from zoo.reporting.markup import figure, tag

# Lines and bars stay sharp as SVG; with more axes or bytes they are smaller as pixels.
MAX_AXES, MAX_BYTES = 6, 150_000
SHARPNESS = 144  # pixels an inch
INCH = 96  # of CSS


def chart(drawn, alt, caption):
    """A `matplotlib` figure of lines and bars, which may be shown light on dark."""
    return figure(_image(_data(drawn), drawn, alt), caption, "paper chart")


def picture(drawn, alt, caption):
    """A `matplotlib` figure whose own colours count, such as a grid of images."""
    return figure(_image(_png(drawn), drawn, alt), caption, "paper")


def pixels(x, alt, side=None):
    """An image uint8 `[H, W, C]`, C 1 or 3, magnified to `side` on the page without blur."""
    data = _uri("image/png", tf.io.encode_png(x).numpy())
    height, width = x.shape[:2]
    scale = 1 if side is None else side / max(height, width)
    size = {"width": round(scale * width), "height": round(scale * height)}
    return tag("img", src=data, alt=alt, class_="pixels", **size)


def _image(data, drawn, alt):
    """As large on a page as on paper, however many pixels it has."""
    return tag("img", src=data, alt=alt, width=round(INCH * drawn.get_size_inches()[0]))


def _data(drawn):
    """SVG, which stays sharp, where it is not too large."""
    if len(drawn.axes) > MAX_AXES:
        return _png(drawn)
    file = io.BytesIO()
    drawn.savefig(file, format="svg", metadata={"Date": None})
    if file.tell() > MAX_BYTES:
        return _png(drawn)
    return _uri("image/svg+xml", _same_each_time(file.getvalue().decode()).encode())


def _same_each_time(svg):
    """The names that matplotlib draws at random for clip paths and markers, as numbers."""
    names = dict.fromkeys(re.findall(r'id="\w*?([0-9a-f]{10})"', svg))
    for number, name in enumerate(names):
        svg = svg.replace(name, str(number))
    return svg


def _png(drawn):
    file = io.BytesIO()
    drawn.savefig(file, format="png", dpi=SHARPNESS)
    return _uri("image/png", file.getvalue())


def _uri(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def as_bytes(x, low, high):
    """`[..., C]` from low to high as uint8 with one channel or three."""
    x = np.asarray(x, "float32")
    x = x if x.shape[-1] == 3 else x[..., :1]
    scaled = (x - low) / max(high - low, 1e-12)
    return np.round(255 * np.clip(np.nan_to_num(scaled), 0.0, 1.0)).astype("uint8")
