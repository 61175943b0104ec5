"""A strict parser of report pages, and faster ways to make them."""

import contextlib
import html.parser
import json
import re

import numpy as np
import pytest
import tensorflow as tf

from zoo.reporting import pictures

VOID = {"meta", "img", "br"}
# Options of `report` for few computations.
SMALL_REPORT = dict(importance_samples=2, max_examples=12)
MARKUP_TEXT = "<script>alert('x')</script>&"


class Page(html.parser.HTMLParser):
    """A parsed page; every element that is opened must be closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.text, self.open_names, self.tags = text, [], []
        self.scripts, self.words = {}, ""
        self.feed(text)
        self.close()
        assert not self.open_names, self.open_names

    def handle_starttag(self, name, attributes):
        self.tags.append((name, dict(attributes)))
        if name not in VOID:
            self.open_names.append(name)

    def handle_startendtag(self, name, attributes):
        self.tags.append((name, dict(attributes)))

    def handle_endtag(self, name):
        assert self.open_names.pop() == name

    def handle_data(self, data):
        if self.open_names and self.open_names[-1] == "script":
            self.scripts[self.tags[-1][1].get("id", "")] = data
        elif self.open_names and self.open_names[-1] != "style":
            self.words += data

    def all(self, name):
        return [attributes for tag_name, attributes in self.tags if tag_name == name]

    def json(self, name):
        return json.loads(self.scripts[name])


@contextlib.contextmanager
def eagerly():
    """Run functions eagerly: each is called once, and tracing would take longer."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


@contextlib.contextmanager
def figures(drawn):
    """Replace figures by a dot unless `drawn`: drawing takes longer than all else."""
    with pytest.MonkeyPatch.context() as patch:
        if not drawn:
            dot = pictures.pixels(np.zeros((1, 1, 1), "uint8"), "dot")
            data = re.search('src="(.+?)"', dot)[1]
            patch.setattr(pictures, "_vector_or_png", lambda figure: data)
            patch.setattr(pictures, "_png", lambda figure: data)
        yield
