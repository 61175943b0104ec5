"""The page around the sections: one HTML file that asks nothing of any network."""

import importlib.resources
import string

from zoo.reporting.markup import Markup, escaped, join, tag

# What every report begins with, so that it is known as one.
FIRST_LINES = '<!doctype html>\n<html lang="en">\n<!-- a report of zoo -->\n'


def page(title, sections):
    """The whole file, a string."""
    links = [tag("a", section.title, href=f"#{section.anchor}") for section in sections]
    parts = {
        "title": escaped(title),
        "links": join(*links),
        "sections": join(*map(_section, sections)),
        "style": _file("page.css"),
        "script": _file("map.js"),
    }
    return FIRST_LINES + string.Template(_file("page.html")).substitute(parts)


def _section(section):
    heading = tag("h2", section.title)
    return join(tag("section", heading, section.body, id=section.anchor), Markup("\n"))


def _file(name):
    return importlib.resources.files("zoo.reporting").joinpath(name).read_text("utf-8")
