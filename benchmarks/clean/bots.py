"""How well behaviour tells machines, held against agents that say they are one: the table of docs/guide/cleaning.md.

    python -m benchmarks.clean.bots ../shared/data

The truth is the kept list of agents: a visitor (address, agent, login) on a day whose agent is on it is a machine, all
others count as people, scanners that pretend to be a browser too. So the precision is a lower bound.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dataweir import read_weblog
from dataweir.ingest.clean.bots import Bots, BotsOptions
from dataweir.ingest.hashing import row_hashes
from dataweir.ingest.urls import split_targets
from dataweir.ingest.visits.behaviour import VISITOR, Events, machines, signs

LOGS = ("apache_combined", "nginx_combined", "apache_vhost_combined", "nginx_big", "apache_attack_scans")
OFF = {"robots_txt": False, "max_pages_per_minute": None, "lone_pages": None}
SIGNS: dict[str, dict[str, Any]] = {
    "robots.txt": {"robots_txt": True},
    "more than 60 pages a minute": {"max_pages_per_minute": 60},
    "more than 300 pages a minute": {"max_pages_per_minute": 300},
    "50 lone pages": {"lone_pages": 50},
}


def requests(folder: Path) -> pa.Table:
    """Return the requests of a folder's logs, with the columns that behaviour is told from."""
    rows = pa.concat_tables([read_weblog(file).rows for file in sorted(folder.iterdir())])
    path = split_targets(rows["path"].combine_chunks(), rows["method"].combine_chunks()).path
    named = {"client_ip": rows["remote_host"], "user": rows["user"], "user_agent": rows["user_agent"]}
    return pa.table({**named, "ts": rows["ts"], "path": path, "referer": rows["referer"]})


def judged(rows: pa.Table) -> list[tuple[Any, ...]]:
    """Return for each sign: requests and visitor days marked, listed ones of these, precision, recall."""
    listed = pc.fill_null(Bots("web_events", BotsOptions()).listed(rows["user_agent"]), False).to_numpy()
    ts = rows["ts"].cast(pa.int64()).to_numpy()
    visitor = row_hashes(rows, VISITOR)[:, 0]
    ids = np.column_stack([visitor, np.arange(len(ts), dtype=np.uint64)])
    events = Events(visitor, ts, ids, signs(rows))
    _, day = np.unique(
        np.column_stack([visitor, (ts // 86_400_000_000).astype(np.uint64)]), axis=0, return_inverse=True
    )
    day = day.ravel()
    truth = np.zeros(day.max() + 1, bool)
    truth[day[listed]] = True
    lines: list[tuple[Any, ...]] = [("all", len(ts), len(truth), int(truth.sum()), "", "")]
    for name, options in SIGNS.items():
        found = machines(events, SimpleNamespace(**{**OFF, **options}))
        marked = np.zeros(len(truth), bool)
        marked[day[found]] = True
        right = (marked & truth).sum()
        lines.append(
            (
                name,
                int(found.sum()),
                int(marked.sum()),
                int(right),
                right / max(1, marked.sum()),
                right / max(1, truth.sum()),
            )
        )
    return lines


if __name__ == "__main__":
    print("| log | sign | requests | visitor days | of them listed | precision | recall |")
    print("|---|---|---|---|---|---|---|")
    for name in LOGS:
        for line in judged(requests(Path(sys.argv[1]) / "weblogs" / name)):
            cells = [f"{v:.0%}" if isinstance(v, float) else f"{v:,}" if isinstance(v, int) else v for v in line]
            print(f"| {name} | {' | '.join(cells)} |")
