"""A million posts leave the house, and one person is forgotten: seconds, and the peak of every process.

    python -m benchmarks.privacy.leaving [--rows 1000000]

The posts are made here by a seeded generator: people of skewed activity who write of each other, of addresses and of
telephone numbers, in ten files. Then the commands of a project: run, export, review, publish, forget. Each is a process
with workers of its own; what a process held at most is what the kernel says of it (VmHWM).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

FILES = 10
PEOPLE = 50_000
SUBJECT = "writer07@mail.example"
_WORDS = """kettle boils slowly when the lid sits loose and nobody at the counter knew which spare part fits an old
model so I wrote down numbers from its label then waited a week for somebody to answer which they did in the end
with kindness still it leaks at one seam after every third use maybe glue helps or perhaps a new ring
would do better""".split()  # noqa: SIM905 - sixty lines otherwise
_WAIT = 0.2


def posts(rows: int, first: int, seed: int) -> pa.Table:
    """Return posts: one in five says an address, a number or another's handle."""
    dice = np.random.default_rng([seed, first])
    who = dice.zipf(1.3, rows) % PEOPLE
    words = np.array(_WORDS)[dice.integers(0, len(_WORDS), (rows, 24))]
    said = dice.integers(0, 15, rows)
    others = dice.integers(0, PEOPLE, rows)
    texts = []
    for line, kind, other in zip(words.tolist(), said.tolist(), others.tolist(), strict=True):
        told = {
            0: f"mail writer{other:02d}@mail.example",
            1: f"call +44 20 7946 {other % 10_000:04d}",
            2: f"ask @writer{other:02d}",
        }
        texts.append(" ".join([*line, *filter(None, [told.get(kind)])]))
    start = np.datetime64("2026-01-01T00:00:00", "us")
    return pa.table(
        {
            "post_id": [f"p{first + n}" for n in range(rows)],
            "ts": pa.array(start + dice.integers(0, 90 * 86_400, rows) * 1_000_000, pa.timestamp("us", tz="UTC")),
            "author_id": [f"writer{n:02d}@mail.example" for n in who.tolist()],
            "author_name": [f"writer{n:02d}" for n in who.tolist()],
            "community": [f"c{n % 40}" for n in dice.zipf(1.5, rows).tolist()],
            "text": texts,
        }
    )


def build(root: Path, rows: int) -> None:
    """Write the files and the project that reads them."""
    (root / "in").mkdir()
    for part in range(FILES):
        pq.write_table(posts(rows // FILES, part * (rows // FILES), 7), root / "in" / f"{part}.parquet")
    columns = {name: name for name in ("post_id", "ts", "author_id", "author_name", "community", "text")}
    source = {"type": "files", "path": "in/*.parquet", "into": "social_posts", "columns": columns}
    source |= {"constants": {"platform": "forum", "kind": "post"}, "licence": "made here"}
    config = {
        "project": "leaving",
        "engine": {"workers": 2},
        "sources": {"forum": source},
        "review": {"through": "any"},
    }
    config["exports"] = {
        "posts": {"table": "social_posts", "policy": "posts.yaml", "purpose": "figures", "licence": "CC0"}
    }
    policy: dict[str, Any] = {"name": "posts", "k": 10, "suppress": "5 %", "quasi_identifiers": ["ts", "community"]}
    policy["columns"] = {
        "post_id": "hash",
        "ts": {"generalise": {"to": "month"}},
        "author_id": "hash",
        "community": "keep",
    }
    policy["columns"]["text"] = "mask"
    policy |= {"linkage": 1, "accept": {"linkage": "made texts"}}
    (root / "weir.yaml").write_text(yaml.safe_dump(config))
    (root / "posts.yaml").write_text(yaml.safe_dump(policy))


def measured(root: Path, *words: str) -> Any:
    """Run a command, print its seconds and the peaks of its processes; return the document that it prints."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "dataweir", *words, "--json"]
    with (root / "out.json").open("w+b") as out:
        process = psutil.Popen(command, cwd=root, stdout=out)
        peaks: dict[int, int] = {}
        while process.poll() is None:
            for pid in (process.pid, *(child.pid for child in _children(process))):
                peaks[pid] = max(peaks.get(pid, 0), _peak(pid))
            time.sleep(_WAIT)
        out.seek(0)
        made = json.loads(out.read() or b"null")
    if process.returncode:
        sys.exit(f"{' '.join(words)} ended with {process.returncode}")
    own = peaks.pop(process.pid)
    most = max(peaks.values(), default=0)
    seconds = time.perf_counter() - began
    print(
        f"{words[0]}: {seconds:.0f} s, command {own / 2**20:.0f} MiB, largest worker {most / 2**20:.0f} MiB", flush=True
    )
    return made


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return found


def _peak(pid: int) -> int:
    """Return what a process held at most so far, in bytes; 0 for one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where to work; kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = options.folder or Path(scratch)
        root.mkdir(parents=True, exist_ok=True)
        build(root, options.rows)
        measured(root, "run")
        made = measured(root, "export", "posts", "--as", "asker")
        proof = made["evidence"]
        print(f"  {proof['rows_out']:,} of {proof['rows_in']:,} rows, linkage {proof['linkage']['share']:.1%}")
        measured(root, "review", "approve", made["id"], "--as", "looker", "--reason", "looked at")
        measured(root, "publish", "posts")
        measured(root, "verify", made["path"].replace("/exports/", "/shared/"))
        found = measured(root, "forget", "--subject", SUBJECT)
        print(f"  rows of the person: {found['rows']}")
        measured(root, "forget", "--subject", SUBJECT, "--apply")


if __name__ == "__main__":
    main()
