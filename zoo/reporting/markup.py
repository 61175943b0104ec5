"""HTML from Python: what is no markup yet is escaped, so that no text of a user's is code."""

import dataclasses
import html
import re

VOID = ("img", "circle", "polyline", "line", "rect")  # the last four are SVG's, which ends them so


class Markup(str):
    """Text that is HTML as it stands."""

    __slots__ = ()


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of the page under a title of its own.

    Attributes:
        title: in words.
        body: `Markup`.
    """

    title: str
    body: Markup

    @property
    def anchor(self):
        """What a link to it ends with."""
        return re.sub(r"\W+", "-", self.title.lower()).strip("-")


def tag(name, *children, **attributes):
    """An element. A trailing underscore keeps an attribute from being a keyword of Python.

    Children that are None, and attributes that are None or False, are left out.

    >>> print(tag("p", "a < b, ", tag("b", 3), class_="wide"))
    <p class="wide">a &lt; b, <b>3</b></p>
    """
    opened = f"{name}{''.join(map(_attribute, attributes.items()))}"
    if name in VOID and not children:
        return Markup(f"<{opened}/>")
    return Markup(f"<{opened}>{join(*children)}</{name}>")


def join(*parts):
    """Parts one after the other, escaped where they are no markup."""
    return Markup("".join(map(escaped, (part for part in parts if part is not None))))


def escaped(value):
    """`Markup` as it stands, anything else as text."""
    return value if isinstance(value, Markup) else Markup(html.escape(str(value)))


def table(header, rows, class_=None):
    """Rows of cells under a header, the first cell of each row a heading; wide ones scroll."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in header)))
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    found = tag("table", head if header else None, tag("tbody", *body), class_=class_)
    return tag("div", found, class_="scroll", tabindex=0)


def bar(share, text):
    """A number, and beside it a bar as long as `share` in [0, 1] says."""
    filled = tag("span", style=f"width:{100 * min(max(share, 0.0), 1.0):.1f}%")
    return tag("span", tag("span", filled, class_="bar", aria_hidden="true"), text, class_="barred")


def figure(content, caption, class_=None):
    """What is to be seen, and below it what to look for."""
    return tag("figure", tag("div", content, class_=class_), tag("figcaption", caption))


def paragraph(*parts, class_=None):
    """A paragraph."""
    return tag("p", *parts, class_=class_)


def _attribute(item):
    name, value = item
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f' {name}="{html.escape(str(value))}"'
