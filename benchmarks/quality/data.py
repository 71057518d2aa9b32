"""Web events as `weir run` integrates them: generated, in Parquet files, the same for every engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

METHODS = np.array(["GET", "POST", "HEAD", "PUT", "OPTIONS"], dtype=object)
STATUSES = np.array([200, 301, 304, 404, 500], dtype=np.int64)
AGENTS = np.array([f"Mozilla/5.0 (X11; Linux x86_64) Build/{i}" for i in range(2000)], dtype=object)
HOSTS = np.array(["www.example.com", "api.example.com", "static.example.com"], dtype=object)


def write(folder: Path, rows: int, files: int) -> list[str]:
    """Write `rows` events in `files` Parquet files below `folder`; files that are there already stay."""
    folder.mkdir(parents=True, exist_ok=True)
    edges = np.linspace(0, rows, files + 1).astype(int)
    paths = []
    for number in range(files):
        path = folder / f"part-{number:05d}.parquet"
        if not path.exists():
            pq.write_table(events(int(edges[number]), int(edges[number + 1]), number), path, row_group_size=500_000)
        paths.append(str(path))
    return paths


def events(first: int, end: int, seed: int) -> pa.Table:
    """Return the events numbered `first` to `end`: skewed as real logs are, with nulls where real logs have them."""
    rng = np.random.default_rng(seed)
    rows = end - first
    number = np.arange(first, end)
    skewed = rng.zipf(1.3, rows) % 50_000
    octets = rng.integers(0, 40_000, rows)
    instants = 1_700_000_000_000_000 + number * 1_000 + rng.integers(0, 1_000, rows)
    referred = rng.random(rows) < 0.4
    return pa.table(
        {
            "event_id": pa.array(np.char.mod("%016x", number)).cast(pa.string()),
            "ts": pa.array(instants).cast(pa.timestamp("us", tz="UTC")),
            "client_ip": pa.array([f"10.{o >> 8 & 255}.{o & 255}.7" for o in octets.tolist()]),
            "method": pa.array(METHODS[rng.choice(5, rows, p=[0.8, 0.15, 0.03, 0.01, 0.01])]),
            "host": pa.array(HOSTS[rng.integers(0, 3, rows)]),
            "path": pa.array([f"/item/{p}" for p in skewed.tolist()]),
            "status": pa.array(STATUSES[rng.choice(5, rows, p=[0.85, 0.05, 0.05, 0.04, 0.01])]),
            "bytes": pa.array(rng.lognormal(8, 2, rows).astype(np.int64), mask=rng.random(rows) < 0.02),
            "referer": pa.array(np.where(referred, "https://www.example.com/", None)),
            "user_agent": pa.array(AGENTS[rng.zipf(1.2, rows) % 2000]),
            "duration_us": pa.array(rng.exponential(50_000, rows).astype(np.int64), mask=rng.random(rows) < 0.1),
            "is_bot": pa.array(rng.random(rows) < 0.2),
            "source": pa.array(np.full(rows, "shop", dtype=object)),
            "file": pa.array(np.full(rows, f"access-{seed}.log", dtype=object)),
            "line": pa.array(number - first + 1),
        }
    )
