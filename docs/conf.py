"""How `make site` builds the documentation: Sphinx reads the Markdown that stands in this folder as it is."""

from __future__ import annotations

from importlib.metadata import version as installed

project = "Weir"
author = "the Weir authors"
project_copyright = "the Weir authors, Apache-2.0"
version = release = installed("dataweir")

extensions = ["myst_parser"]
exclude_patterns = ["README.md", "_site"]
myst_heading_anchors = 3
nitpicky = True
highlight_language = "none"

html_theme = "furo"
html_title = f"Weir {release}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}
