"""Risk, generalisation and linkage on a million rows: seconds and memory, beside pycanon where it can keep up.

    python -m benchmarks.privacy.risk [--rows 1000000]

The table is made here: posts of 50,000 people with a skewed activity. pycanon reckons the same k, l and t; its time is
quadratic in the number of groups times values, so it gets a sample, and ours is timed on that sample too.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dataweir.config import EngineConfig
from dataweir.engine import Engine, Secret
from dataweir.flow.sharing.masking import make
from dataweir.output import Output
from dataweir.privacy.policy import Policy
from dataweir.privacy.risk.figures import judge, measure
from dataweir.privacy.risk.groups import ROWS, group_sizes

KEY = Secret(b"k" * 32)
PARTS = 10
SAMPLE = 1_000


def posts(rows: int, seed: int = 7) -> pa.Table:
    dice = np.random.default_rng(seed)
    who = dice.zipf(1.3, rows) % 50_000
    start = np.datetime64("2024-01-01T00:00:00", "us")
    return pa.table(
        {
            "author_id": [f"u{n}" for n in who],
            "ts": pa.array(start + dice.integers(0, 90 * 86_400, rows) * 1_000_000, pa.timestamp("us", tz="UTC")),
            "platform": dice.choice(["reddit", "mastodon", "youtube", "bluesky"], rows),
            "community": [f"c{n % 400}" for n in dice.zipf(1.5, rows)],
            "lang": dice.choice(["en", "de", "fr", "es", "pt"], rows, p=[0.6, 0.15, 0.1, 0.1, 0.05]),
            "age": np.clip(dice.normal(35, 12, rows).round(), 13, 90).astype(np.int64),
            "score": dice.zipf(1.6, rows) % 10_000,
        }
    )


def policy(anonymise: bool) -> Policy:
    return Policy.model_validate(
        {
            "name": "bench",
            "columns": {
                "author_id": "hash",
                "ts": {"generalise": {"to": "day"}},
                **dict.fromkeys(("platform", "community", "lang", "age", "score"), "keep"),
            },
            "quasi_identifiers": ["ts", "platform", "community", "age"],
            "sensitive": ["lang"],
            "k": 10,
            "suppress": 1.0 if not anonymise else 0.02,
            **({"anonymise": {}} if anonymise else {}),
        }
    )


def timed(what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    wall, cpu = time.perf_counter(), time.process_time()
    value = function(*arguments)
    print(f"{what}: {time.perf_counter() - wall:.1f} s wall, {time.process_time() - cpu:.1f} s CPU of this process")
    return value


def against_pycanon(table: pa.Table) -> None:
    from pycanon import anonymity

    quasi, sensitive = ["platform", "age"], ["lang", "community"]
    sample = table.slice(0, SAMPLE)
    frame = sample.to_pandas()

    def ours() -> Any:
        spread = {c: group_sizes(sample, [c]).rename_columns(["value", ROWS]) for c in sensitive}
        return judge(measure(group_sizes(sample, [*quasi, *sensitive]), quasi, spread), quasi, 5)

    def theirs() -> Any:
        return (
            anonymity.k_anonymity(frame, quasi),
            [anonymity.l_diversity(frame, quasi, [c]) for c in sensitive],
            [anonymity.t_closeness(frame, quasi, [c]) for c in sensitive],
        )

    one = timed(f"k, l, t on {SAMPLE:,} rows, Weir", ours)
    start = time.perf_counter()
    ours()
    ratio = time.perf_counter() - start
    start = time.perf_counter()
    other = timed(f"k, l, t on {SAMPLE:,} rows, pycanon", theirs)
    print(f"ratio: {(time.perf_counter() - start) / ratio:.0f} x")
    same = (one.k_found, [one.sensitive[c].l for c in sensitive]) == other[:2]
    close = np.allclose([one.sensitive[c].t for c in sensitive], other[2])
    print(f"equal: {same and close}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    table = posts(rows)
    with tempfile.TemporaryDirectory() as folder, Engine(EngineConfig()) as engine:
        files = []
        for part in range(PARTS):
            files.append(str(Path(folder, f"{part}.parquet")))
            pq.write_table(table.slice(part * rows // PARTS, rows // PARTS), files[-1])
        engine.client  # noqa: B018 - the cluster starts outside the clock
        for name in (False, True):
            what = "anonymise by Mondrian" if name else "hold back"
            arguments = (engine, files, policy(name), KEY, f"{folder}/{name}", None, Output())
            made = timed(f"{rows:,} rows, {what}", make, *arguments)
            risk, link = made.after, made.linkage
            print(f"  k {risk.k_found}, groups {risk.groups:,}, rows {risk.rows:,}, l {risk.sensitive['lang'].l}")
            print(f"  linkage: {link.share:.1%} of {link.people:,} people by {link.by[0][0]}, {len(link.by)} attempts")
            if loss := made.loss:
                print(f"  NCP {loss.ncp:.3f}, coarser {loss.generalised_share:.1%}, gone {loss.suppressed:,}")
            for step, cost in engine.costs.items():
                print(f"  {step}: {cost.seconds:.1f} s in {cost.tasks} tasks")
            engine.costs.clear()
        print(f"peak of a worker: {engine.peak_memory / 2**20:.0f} MiB")
        print(f"peak of the driver: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    against_pycanon(table)


if __name__ == "__main__":
    main()
