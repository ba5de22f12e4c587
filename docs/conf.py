"""How the documentation is built: ``sphinx-build -W docs docs/_build/html``.

The build needs no network, and neither does a reader: formulas are text or MathML, which browsers
set by themselves, so no script is loaded from elsewhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

import archcalc

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "archcalc"
author = "The archcalc authors"
copyright = author
release = version = archcalc.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "archcalc.sphinxext",
    "catalogue",
    "coverage_table",
    "docstrings",
    "doors",
    "drawings",
    "error_codes",
    "published_schema",
    "signatures",
    "tools_table",
]
exclude_patterns = ["_build", "examples/sphinx_*"]
default_role = "py:obj"

myst_heading_anchors = 3
myst_enable_extensions = ["deflist", "colon_fence"]

# Notebooks show what their files have; tests run them.  A formula is text here, as on every page,
# and a widget says what it is, so that nothing is loaded from elsewhere.
nb_execution_mode = "off"
nb_mime_priority_overrides = [
    ("html", "text/latex", None),
    ("html", "application/vnd.jupyter.widget-view+json", None),
]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_display_short_literal_types = True

html_theme = "furo"
html_title = f"archcalc {release}"
html_static_path = ["_static"]
html_css_files = ["archcalc.css"]
html_copy_source = False
