"""`python -m examples.recommender FOLDER [--small] [--page]`: tell the story; `--page` puts its figures into docs/."""

from __future__ import annotations

import argparse
from pathlib import Path

from dataweir.output import Output

from .report import page
from .story import SMALL, Setting, tell

DOCS = Path(__file__).parents[2] / "docs"


def main() -> None:
    """Read the arguments and tell."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.recommender", description="A recommender on released data"
    )
    parser.add_argument("folder", nargs="?", default="demo-season", type=Path)
    parser.add_argument("--small", action="store_true", help="as the tests tell it: few people, one seed, one epoch")
    parser.add_argument("--seed", type=int, default=Setting.seed, help="seed of the season")
    parser.add_argument("--page", action="store_true", help="put the figures into docs/recommender.md")
    given = parser.parse_args()
    if given.folder.exists() and any(given.folder.iterdir()):
        parser.error(f"{given.folder} holds something; name a folder that is not there")
    base = SMALL if given.small else Setting()
    figures = tell(given.folder, Setting(**{**vars(base), "seed": given.seed}), Output())
    print((given.folder / "report.md").read_text(encoding="utf-8"))
    if given.page:
        page(DOCS / "recommender.md", DOCS / "images", figures)


if __name__ == "__main__":
    main()
