"""Sequences of a large release: time and memory of a worker to make them, and of a reader to go through them.

    python -m benchmarks.privacy.sequences [--rows 1000000,10000000]

The release is made here: people of skewed activity in sessions of a few events, in sealed files of 500,000 rows each.
Each number of rows is worked in a process of its own; memory is the peak of one process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.quality.run import peak
from dataweir.config import EngineConfig, ExportConfig
from dataweir.engine import Engine
from dataweir.flow.sharing.sequences import sequences
from dataweir.output import Output
from dataweir.privacy.candidate import STAGING, SealedPart
from dataweir.privacy.sequences.load import Sequences
from dataweir.settings import SequenceConfig
from dataweir.storage import write_parquet

PART_ROWS, SESSION_ROWS, PERSON_ROWS = 500_000, 5, 60
BATCH = 1024


def events(rows: int, seed: int) -> pa.Table:
    """Return events of a season: each row's session gives its person and about when, the last of some is an order."""
    dice = np.random.default_rng(seed)
    sessions = rows // SESSION_ROWS
    people = dice.zipf(1.4, sessions) % (rows // PERSON_ROWS)
    began = dice.integers(0, 90 * 86_400, sessions)
    session = np.repeat(np.arange(sessions), SESSION_ROWS)
    step = np.tile(np.arange(SESSION_ROWS), sessions)
    bought = (step == SESSION_ROWS - 1) & (dice.random(len(step)) < 0.3)
    at = np.datetime64("2026-03-01T00:00:00", "us") + (began[session] + step * 90) * 1_000_000
    return pa.table(
        {
            "person": pa.array([f"p{n}" for n in people], pa.string()).take(pa.array(session)),
            "ts": pa.array(at, pa.timestamp("us", tz="UTC")),
            "verb": np.where(bought, "post", "get"),
            "object": pa.array([f"item{n}" for n in range(5000)]).take(pa.array(dice.zipf(1.3, len(step)) % 5000)),
            "outcome": np.where(bought, "yes", "no"),
        }
    )


def worked(rows: int) -> dict[str, Any]:
    """Make the sequences of so many rows on two workers, and read them."""
    with tempfile.TemporaryDirectory() as scratch, Engine(EngineConfig(workers=2)) as engine:
        (Path(scratch) / STAGING).mkdir()
        sealed = []
        for number in range(max(1, rows // PART_ROWS)):
            location = f"{scratch}/data/part-{number:05d}.parquet"
            table = events(min(rows, PART_ROWS), number)
            write_parquet(table, location)
            sealed.append(SealedPart("", location, None, "", table.num_rows, 0, 0, ""))  # type: ignore[arg-type]
        export = ExportConfig(table="user_events", policy="", sequences=SequenceConfig())
        started = time.perf_counter()
        found = sequences(engine, sealed, export, scratch, Output(json=True))
        made = time.perf_counter() - started
        worker = max(engine.client.run(peak).values())
        code = "import sys; from benchmarks.privacy import sequences; sequences.read(sys.argv[1])"
        reader = subprocess.run([sys.executable, "-c", code, scratch], check=True, capture_output=True, text=True)
    examples = sum(split["examples"] for split in found["splits"].values())
    return {"rows": rows, "examples": examples, "made": made, "worker": worker, **json.loads(reader.stdout)}


def read(folder: str) -> None:
    """Go through the training part in batches; print time, examples and the peak of this process in bytes."""
    started, examples = time.perf_counter(), 0
    for batch in Sequences.open(folder).batches("train", BATCH):
        examples += len(batch.label)
    print(json.dumps({"read": time.perf_counter() - started, "read_examples": examples, "reader": peak()}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="1000000,10000000")
    print(
        "| events | examples | s | events/s | worker GB | read, examples/s | reader GB |\n|---|---|---|---|---|---|---|"
    )
    for rows in parser.parse_args().rows.split(","):
        code = (
            f"import json; from benchmarks.privacy import sequences; print(json.dumps(sequences.worked({int(rows)})))"
        )
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        each = json.loads(done.stdout.splitlines()[-1])
        print(
            f"| {each['rows']:,} | {each['examples']:,} | {each['made']:.1f} | {each['rows'] / each['made']:,.0f} "
            f"| {each['worker'] / 1e9:.2f} | {each['read_examples'] / each['read']:,.0f} | {each['reader'] / 1e9:.2f} |"
        )


if __name__ == "__main__":
    main()
