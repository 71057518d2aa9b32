"""What the tests of the page know of the served project."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

PASSWORD = "correct horse battery"


class Served(NamedTuple):
    """The page's address, the project's folder, an admin's token."""

    url: str
    folder: Path
    token: str
