"""Codes as points of a plane; what is under the pointer is shown beside it."""

import json

import numpy as np

from zoo import plots
from zoo.plots.projections import plane
from zoo.reporting.markup import Markup, Section, join, paragraph, tag

SIZE, MARGIN = 600, 24
# Dark to light through hues that all eyes order alike: ends and middles of matplotlib's "viridis".
RAMP = np.array([[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]])
MAX_VALUES = 12  # different numbers that are still names of classes


def latent_map(context):
    """The section, with all that its script needs."""
    if not np.isfinite(context.codes).all():
        text = "Codes are not finite: there is no map of them."
        return Section("Latent map", paragraph(text, class_="quiet"))
    points, axes = plane(context.codes.astype("float64"))
    at, outside = _placed(points)
    colours, legend, names = _coloured(context)
    titles = [
        f"example {i}{'' if name is None else f', label {name}'}, ELBO {nats:,.1f} nats"
        for i, (name, nats) in enumerate(zip(names, context.elbo, strict=True))
    ]
    circles = [
        tag("circle", tag("title", title), cx=f"{x:.1f}", cy=f"{y:.1f}", r=4.5, fill=colour)
        for (x, y), colour, title in zip(at, colours, titles, strict=True)
    ]
    size = dict(viewBox=f"0 0 {SIZE} {SIZE}", role="img", tabindex=0)
    label = "Codes of held-out examples as points; left and right arrow keys go from one to another"
    named = [] if context.labels is None else _names(at, names)
    drawing = tag("svg", *circles, *named, id="map", aria_label=label, **size)
    found = [{"title": t, "card": c} for t, c in zip(titles, context.cards, strict=True)]
    data = json.dumps(found).replace("<", "\\u003c")
    shown = tag("div", _hint(), id="shown", aria_live="polite")
    body = join(
        paragraph(_text(context, axes, outside)),
        tag("div", tag("div", drawing, legend, class_="paper chart"), shown, class_="map"),
        tag("script", Markup(data), type="application/json", id="points"),
    )
    return Section("Latent map", body)


def _hint():
    return paragraph("Point at a code: here stand its example and what the model makes of it.")


def _text(context, axes, outside):
    plain = [axis.replace("$", "").replace("_", "") for axis in axes]
    across = f"right: {plain[0]}" + (f", up: {plain[1]}" if plain[1] else "")
    top = " of the top level" if hasattr(context.model.latents, "level_dims") else ""
    far = f" {outside} far-off codes stand at the edge." if outside else ""
    return (
        f"The means of q(z|x){top} of the first {context.size:,} held-out examples; {across}. Near "
        f"ones are alike to the model.{far}"
    )


def _placed(points):
    """Points as pixels, the few far-off ones at the edge; how many these are."""
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    reach = max(float(np.max(high - low)), 1e-6) * 0.65
    scaled = (points - (low + high) / 2) / reach
    inside = np.clip(scaled, -1, 1)
    outside = int((scaled != inside).any(1).sum())
    return SIZE / 2 + (SIZE / 2 - MARGIN) * inside * [1, -1], outside


def _names(at, names):
    """The name of each class where it is: a legend alone asks for a good eye for colours."""
    found, taken, names = [], [], np.array(names)
    own = dict.fromkeys(names.tolist())
    if len(own) > len(plots.PALETTE):  # numbers, or classes that share a colour
        return []
    for name in own:
        x, y = np.median(at[names == name], 0)
        if len(name) <= 12 and all(abs(x - a) > 30 or abs(y - b) > 16 for a, b in taken):
            taken.append((x, y))
            found.append(tag("text", name, x=f"{x:.0f}", y=f"{y:.0f}"))
    return found


def _coloured(context):
    """(a colour for each example, the legend, a name for each or None)."""
    if context.labels is None:
        return *_ramp(context.elbo, "ELBO (nats)"), [None] * context.size
    labels = context.labels
    numeric = np.issubdtype(labels.dtype, np.floating) and len(np.unique(labels)) > MAX_VALUES
    if numeric:
        return *_ramp(labels, "label"), [f"{label:.4g}" for label in labels]
    return *_classes(labels), [str(label) for label in labels]


def _ramp(values, name):
    """Colours of numbers, from low to high."""
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, [0.02, 0.98]) if len(finite) else (0.0, 1.0)
    share = np.clip(np.nan_to_num((values - low) / max(high - low, 1e-12)), 0, 1)
    at = np.linspace(0, 1, len(RAMP))
    found = np.stack([np.interp(share, at, channel) for channel in RAMP.T], 1).round().astype(int)
    strip = tag("span", class_="ramp")
    parts = (f"{name} ", f"{low:,.1f} ", strip, f" {high:,.1f}")
    return [f"rgb({r},{g},{b})" for r, g, b in found], tag("p", *parts, class_="legend")


def _classes(labels):
    """Colours of classes; the rarest share the last one where they are too many."""
    classes, counts = np.unique(labels, return_counts=True)
    most = len(plots.PALETTE)
    own = classes
    if len(classes) > most:
        own = np.sort(classes[np.argsort(-counts, kind="stable")][: most - 1])
    colours = dict(zip(own.tolist(), plots.PALETTE, strict=False))
    found = [colours.get(label, plots.PALETTE[-1]) for label in labels.tolist()]
    named = {str(label): colour for label, colour in colours.items()}
    if len(own) < len(classes):
        named["others"] = plots.PALETTE[-1]
    entries = [
        tag("li", tag("span", class_="swatch", style=f"background:{colour}"), name, tabindex=0)
        for name, colour in named.items()
    ]
    return found, tag("ul", *entries, class_="legend")
