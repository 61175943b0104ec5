"""Pictures embedded in the page: figures as SVG or PNG, and single small images."""

import base64
import io
import re

import numpy as np
import tensorflow as tf

from zoo.reporting.markup import figure, tag

# SVG keeps lines and bars sharp; beyond these limits PNG is smaller.
MAX_AXES, MAX_BYTES = 6, 150_000
DPI = 144  # of PNG files
CSS_DPI = 96


def chart(drawn, alt, caption):
    """Embed a `matplotlib` figure of lines and bars, whose colours are inverted in dark mode."""
    return figure(_image(_vector_or_png(drawn), drawn, alt), caption, "paper chart")


def picture(drawn, alt, caption):
    """Embed a `matplotlib` figure whose colours must stay, such as a grid of images."""
    return figure(_image(_png(drawn), drawn, alt), caption, "paper")


def pixels(x, alt, side=None):
    """Embed a small image.

    Args:
        x: uint8 `[H, W, C]`, C 1 or 3.
        alt: description for readers who cannot see it.
        side: length of its longer side on the page, to which it is magnified without blur.
    """
    data = _uri("image/png", tf.io.encode_png(x).numpy())
    height, width = x.shape[:2]
    scale = 1 if side is None else side / max(height, width)
    size = {"width": round(scale * width), "height": round(scale * height)}
    return tag("img", src=data, alt=alt, class_="pixels", **size)


def _image(data, drawn, alt):
    """Image element with the figure's size in inches, whatever its resolution."""
    return tag("img", src=data, alt=alt, width=round(CSS_DPI * drawn.get_size_inches()[0]))


def _vector_or_png(drawn):
    """Encode a figure as SVG, or as PNG if it has many axes or the SVG would be large."""
    if len(drawn.axes) > MAX_AXES:
        return _png(drawn)
    file = io.BytesIO()
    drawn.savefig(file, format="svg", metadata={"Date": None})
    if file.tell() > MAX_BYTES:
        return _png(drawn)
    return _uri("image/svg+xml", _reproducible(file.getvalue().decode()).encode())


def _reproducible(svg):
    """Number the ids of clip paths and markers, which matplotlib draws at random."""
    names = dict.fromkeys(re.findall(r'id="\w*?([0-9a-f]{10})"', svg))
    for number, name in enumerate(names):
        svg = svg.replace(name, str(number))
    return svg


def _png(drawn):
    file = io.BytesIO()
    drawn.savefig(file, format="png", dpi=DPI)
    return _uri("image/png", file.getvalue())


def _uri(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def to_uint8(x, low, high):
    """Scale `[..., C]` from [low, high] to uint8, with three channels or the first one."""
    x = np.asarray(x, "float32")
    x = x if x.shape[-1] == 3 else x[..., :1]
    scaled = (x - low) / max(high - low, 1e-12)
    return np.round(255 * np.clip(np.nan_to_num(scaled), 0.0, 1.0)).astype("uint8")
