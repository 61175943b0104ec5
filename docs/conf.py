"""Sphinx configuration. Build with: sphinx-build -W -b html docs docs/_build"""

import os
import pathlib
import re
import sys

import sphinx.util.inspect

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import reference  # noqa: E402

project = "zoo"
author = copyright = "the zoo's authors"
release = re.search(r'__version__ = "(.+)"', (ROOT / "zoo/__init__.py").read_text("utf-8"))[1]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_design",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"zoo {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False  # Keras has texts for `build` and `get_config`
autosummary_generate = False  # docs/reference.py writes the pages
maximum_signature_line_length = 88
napoleon_numpy_docstring = False


def plain_to_rst(app, what, name, obj, options, lines):
    """The zoo's docstrings are plain text with `code`: make that reStructuredText."""
    for i, line in enumerate(lines):
        line = re.sub(r"(?<=: )(?=\w\.$)", r"\\", line)  # "D." alone would start a list
        if not line.lstrip().startswith(">>>"):
            parts = line.split("`")
            # A letter right after code, as in `int`s, needs a separator that does not show.
            after_code = [re.sub(r"^(?=\w)", r"\\ ", text) for text in parts[2::2]]
            parts[::2] = [re.sub(r"([*|])", r"\\\1", t) for t in [parts[0], *after_code]]
            lines[i] = "``".join(parts)
        if line.endswith(":") and lines[i + 1 : i + 2] == [""] and lines[i + 2][:1] == " ":
            lines[i] += ":"  # a formula or a table follows, as it stands


def keras_signature(app, what, name, obj, options, signature, return_annotation):
    """The arguments of `__init__`, where Keras' `__new__` hides them behind `*args, **kwargs`."""
    if what == "class" and signature == "(*args, **kwargs)":
        own = sphinx.util.inspect.signature(obj.__init__, bound_method=True)
        without_self = list(own.parameters.values())[own.parameters.get("self") is not None :]
        signature = sphinx.util.inspect.stringify_signature(own.replace(parameters=without_self))
    return signature, return_annotation


def setup(app):
    app.connect("builder-inited", lambda app: reference.write())
    app.connect("autodoc-process-docstring", plain_to_rst, priority=400)  # napoleon's is 500
    app.connect("autodoc-process-signature", keras_signature)
