"""Sphinx: `make docs` builds this folder into build/site, with warnings as errors."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import pinn

project = "pinn"
author = "the pinn developers"
version = release = pinn.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx-mathjax-offline"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["language/keys.toml"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"pinn {version}"
html_static_path: list[str] = []
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say shapes and units, which types do not
nitpicky = False


def setup(app):
    app.connect("source-read", link_files)
    app.connect("autodoc-process-docstring", as_written)


def link_files(app, name: str, source: list[str]) -> None:
    """Pages of results/ are files of the site, which it offers as they are."""
    source[0] = re.sub(r"\]\(((?:\.\./)+results/[^)]+\.md)\)", r"](path:\1)", source[0])


def as_written(app, what, name, obj, options, lines: list[str]) -> None:
    """Docstrings are plain text: tables of arguments keep their columns."""
    if any(rest := lines[1:]):
        lines[1:] = ["", "::", "", *(f"    {line}" for line in rest), ""]
