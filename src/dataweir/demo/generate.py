"""A small company's week, made from a seed: logs, comments, support posts, a weir.yaml, and the truth about them.

The web shop "shop" is invented, and so is everybody in it. Whatever a pipeline should find (malformed records,
duplicates, crawlers, dirt in texts, personal data) is planted on purpose and listed in truth.json, so that every
stage can be held against it.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from .logs import api_lines, shop_lines, write_logs
from .people import people
from .pii import Planter
from .posts import write_posts
from .records import DAY, scaled
from .tickets import write_tickets
from .truth import Truth
from .words import BOTS

PROJECT = ("weir.yaml", "policies/research.yaml", "policies/traffic.yaml")
"""The files of the demonstration's project, kept beside this module in `project/`."""

_ROTATED = (2 * DAY, 5 * DAY)
_API_ROTATED = (4 * DAY,)


def generate(folder: Path, seed: int = 7, scale: float = 1.0) -> Truth:
    """Write the week and its project into `folder` and return the ground truth, which truth.json repeats.

    `scale` multiplies the amounts: 1 makes some 80,000 log lines, 8,600 comments and 2,900 support posts. The same
    seed and scale give the same bytes on every machine and Python.
    """
    folder = Path(folder)
    truth = Truth(seed=seed, scale=scale)
    planter = Planter(seed)
    folk = people(seed, scaled(1400, scale, 60))
    shop = shop_lines(seed, scale, folk, planter)
    write_logs(folder, "logs/access.log", shop, _ROTATED, scale, truth)
    write_logs(folder, "logs/api.log", api_lines(seed, scale, folk, planter), _API_ROTATED, scale, truth)
    write_posts(folder, scale, folk, planter, truth)
    write_tickets(folder, scale, folk, planter, truth)
    crawlers = tuple(f'"{agent}"'.encode() for agent, _ in BOTS)
    truth.bots = sum(line.data.endswith(crawlers) for line in shop)
    truth.pii = planter.planted()
    project = files(__package__) / "project"
    for name in PROJECT:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(project.joinpath(*name.split("/")).read_bytes())
    truth.save(folder)
    return truth
