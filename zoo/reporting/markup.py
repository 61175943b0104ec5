"""HTML built in Python; all text that is not `Markup` is escaped."""

import dataclasses
import html
import re

# Elements without children; the last four are SVG elements, which may be closed the same way.
VOID = ("img", "circle", "polyline", "line", "rect")


class Markup(str):
    """Text that is already HTML and is not escaped again."""

    __slots__ = ()


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes:
        title: heading, plain text.
        body: `Markup`.
    """

    title: str
    body: Markup

    @property
    def anchor(self):
        """Fragment of a link to this section."""
        return re.sub(r"\W+", "-", self.title.lower()).strip("-")


def tag(name, *children, **attributes):
    """Return an element.

    An attribute whose name is a keyword of Python has a trailing underscore (`class_`). Children
    that are None, and attributes that are None or False, are left out.

    >>> print(tag("p", "a < b, ", tag("b", 3), class_="wide"))
    <p class="wide">a &lt; b, <b>3</b></p>
    """
    opening = f"{name}{''.join(map(_attribute, attributes.items()))}"
    if name in VOID and not children:
        return Markup(f"<{opening}/>")
    return Markup(f"<{opening}>{join(*children)}</{name}>")


def join(*parts):
    """Concatenate parts, escaped unless they are `Markup`; None is left out."""
    return Markup("".join(map(escape, (part for part in parts if part is not None))))


def escape(value):
    """Return `Markup` unchanged and anything else as escaped text."""
    return value if isinstance(value, Markup) else Markup(html.escape(_encodable(value)))


def table(header, rows, class_=None):
    """Return a table whose rows begin with a heading; wide tables scroll."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in header)))
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    element = tag("table", head if header else None, tag("tbody", *body), class_=class_)
    return tag("div", element, class_="scroll", tabindex=0)


def bar(fraction, text):
    """Return a text with a bar before it, filled to a fraction in [0, 1]."""
    filled = tag("span", style=f"width:{100 * min(max(fraction, 0.0), 1.0):.1f}%")
    return tag("span", tag("span", filled, class_="bar", aria_hidden="true"), text, class_="barred")


def figure(content, caption, class_=None):
    """Return a figure with its caption below."""
    return tag("figure", tag("div", content, class_=class_), tag("figcaption", caption))


def paragraph(*parts, class_=None):
    """Return a paragraph."""
    return tag("p", *parts, class_=class_)


def _encodable(value):
    """Text without lone surrogates, which a page in UTF-8 cannot hold."""
    return str(value).encode("utf-8", "replace").decode()


def _attribute(item):
    name, value = item
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f' {name}="{html.escape(_encodable(value))}"'
