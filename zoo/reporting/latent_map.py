"""Section with a latent map: codes as points, with the example under the pointer beside it."""

import json

import numpy as np

from zoo import plots
from zoo.plots.canvas import class_colours
from zoo.plots.projections import project
from zoo.reporting.markup import Markup, Section, join, paragraph, tag

SIZE, MARGIN = 600, 24
# Ends and middles of matplotlib's "viridis", whose order is clear under colour blindness as well.
RAMP = np.array([[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]])
MAX_NUMERIC_CLASSES = 12  # distinct float labels up to which they count as classes
MIN_TEXT_DISTANCE = (30, 16)  # pixels between names of classes, across and down


def latent_map(context):
    """Section with the map, the data of its script and a place for the chosen example."""
    if not np.isfinite(context.codes).all():
        text = "No map: some codes are not finite."
        return Section("Latent map", paragraph(text, class_="quiet"))
    points, axis_names = project(context.codes.astype("float64"))
    positions, outside = _pixel_positions(points)
    colours, legend, names = _coloured(context)
    titles = [
        f"example {i}{'' if name is None else f', label {name}'}, ELBO {nats:,.1f} nats"
        for i, (name, nats) in enumerate(zip(names, context.elbo, strict=True))
    ]
    circles = [
        tag("circle", tag("title", title), cx=f"{x:.1f}", cy=f"{y:.1f}", r=4.5, fill=colour)
        for (x, y), colour, title in zip(positions, colours, titles, strict=True)
    ]
    size = dict(viewBox=f"0 0 {SIZE} {SIZE}", role="img", tabindex=0)
    label = "Codes of held-out examples as points; left and right arrow keys go from one to another"
    class_texts = [] if context.labels is None else _class_texts(positions, names)
    drawing = tag("svg", *circles, *class_texts, id="map", aria_label=label, **size)
    cards = zip(titles, context.example_cards, strict=True)
    data = json.dumps([{"title": title, "card": card} for title, card in cards])
    hint = "Point at a code, or use the arrow keys, to see its example and reconstruction here."
    chosen = tag("div", paragraph(hint), id="shown", aria_live="polite")
    body = join(
        paragraph(_text(context, axis_names, outside)),
        tag("div", tag("div", drawing, legend, class_="paper chart"), chosen, class_="map"),
        tag("script", Markup(data.replace("<", "\\u003c")), type="application/json", id="points"),
    )
    return Section("Latent map", body)


def _text(context, axis_names, outside):
    """Text above the map: its axes, and how to read it."""
    horizontal, vertical = (axis.replace("$", "").replace("_", "") for axis in axis_names)
    axes = f"Horizontal axis: {horizontal}" + (f"; vertical axis: {vertical}" if vertical else "")
    top = " of the top level" if context.level_dims else ""
    edge = f" {outside} outlying codes are drawn at the edge." if outside else ""
    return (
        f"Means of q(z|x){top} for the first {context.example_count:,} held-out examples. {axes}. "
        f"Examples that the model encodes alike lie close together.{edge}"
    )


def _pixel_positions(points):
    """Scale points to pixels, with outliers at the edge; return them and the number of outliers."""
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    half_width = max(float(np.max(high - low)), 1e-6) * 0.65
    scaled = (points - (low + high) / 2) / half_width
    inside = np.clip(scaled, -1, 1)
    outside = int((scaled != inside).any(1).sum())
    return SIZE / 2 + (SIZE / 2 - MARGIN) * inside * [1, -1], outside


def _class_texts(positions, names):
    """Write the name of each class at its median, for readers who cannot match the colours."""
    texts, taken, names = [], [], np.array(names)
    classes = dict.fromkeys(names.tolist())
    if len(classes) > len(plots.PALETTE):  # numbers, or classes that share a colour
        return []
    across, down = MIN_TEXT_DISTANCE
    for name in classes:
        x, y = np.median(positions[names == name], 0)
        is_free = all(abs(x - a) > across or abs(y - b) > down for a, b in taken)
        if len(name) <= 12 and is_free:
            taken.append((x, y))
            texts.append(tag("text", name, x=f"{x:.0f}", y=f"{y:.0f}"))
    return texts


def _coloured(context):
    """Return a colour for each example, the legend, and a name for each example or None."""
    if context.labels is None:
        return *_value_colours(context.elbo, "ELBO (nats)"), [None] * context.example_count
    labels = context.labels
    is_float = np.issubdtype(labels.dtype, np.floating)
    if is_float and len(np.unique(labels)) > MAX_NUMERIC_CLASSES:
        return *_value_colours(labels, "label"), [f"{label:.4g}" for label in labels]
    return *_class_colours(labels), [str(label) for label in labels]


def _value_colours(values, name):
    """Return a colour of the ramp for each number, and the legend."""
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, [0.02, 0.98]) if len(finite) else (0.0, 1.0)
    fractions = np.clip(np.nan_to_num((values - low) / max(high - low, 1e-12)), 0, 1)
    stops = np.linspace(0, 1, len(RAMP))
    channels = [np.interp(fractions, stops, channel) for channel in RAMP.T]
    colours = np.stack(channels, 1).round().astype(int)
    strip = tag("span", class_="ramp")
    legend = tag("p", f"{name} ", f"{low:,.1f} ", strip, f" {high:,.1f}", class_="legend")
    return [f"rgb({r},{g},{b})" for r, g, b in colours], legend


def _class_colours(labels):
    """Return a colour for each label, and the legend; the rarest of many classes share a colour."""
    own = class_colours(labels)
    colours = [own.get(label, plots.PALETTE[-1]) for label in labels.tolist()]
    entries = {str(label): colour for label, colour in own.items()}
    if len(own) < len(np.unique(labels)):
        entries["others"] = plots.PALETTE[-1]
    items = [
        tag("li", tag("span", class_="swatch", style=f"background:{colour}"), name, tabindex=0)
        for name, colour in entries.items()
    ]
    return colours, tag("ul", *items, class_="legend")
