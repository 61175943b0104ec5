"""The HTML page around the sections: a single file without external resources."""

import importlib.resources
import string

from zoo.reporting.markup import Markup, escape, join, tag

# The beginning of every report, by which `report` recognises an earlier one that it may replace.
FIRST_LINES = '<!doctype html>\n<html lang="en">\n<!-- a report of zoo -->\n'


def page(title, sections):
    """Return the text of the whole file."""
    links = [tag("a", section.title, href=f"#{section.anchor}") for section in sections]
    parts = {
        "title": escape(title),
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
