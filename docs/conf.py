"""Sphinx configuration. Build with: sphinx-build -W -b html docs docs/_build"""

import os
import pathlib
import re
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

project = "zoo"
author = "the zoo's authors"
release = re.search(r'__version__ = "(.+)"', (ROOT / "zoo/__init__.py").read_text("utf-8"))[1]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"zoo {release}"

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False  # Keras' text for each `build` and `get_config` says nothing new
autosummary_generate = False  # docs/reference.py writes the pages
maximum_signature_line_length = 88
napoleon_numpy_docstring = False


def plain_to_rst(app, what, name, obj, options, lines):
    """The zoo's docstrings are plain text with `code`: make that reStructuredText."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith(">>>"):
            parts = line.split("`")
            parts[::2] = [re.sub(r"([*|])", r"\\\1", text) for text in parts[::2]]
            # A letter right after code, as in `int`s, needs a separator that does not show.
            lines[i] = re.sub(r"``(.+?)``(?=\w)", r"``\1``\\ ", "``".join(parts))
        if line.endswith(":") and lines[i + 1 : i + 2] == [""] and lines[i + 2][:1] == " ":
            lines[i] += ":"  # a formula or a table follows, as it stands


def setup(app):
    import reference

    app.connect("builder-inited", lambda app: reference.write())
    app.connect("autodoc-process-docstring", plain_to_rst, priority=400)  # napoleon's is 500
