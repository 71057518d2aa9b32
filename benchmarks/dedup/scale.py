"""Time, memory and index size of the near round as a table grows, batch by batch, in one process.

    python -m benchmarks.dedup.scale DOCUMENTS [BATCHES] [FOLDER]

Each batch is sketched, matched with itself and the index of all batches before it, settled, and added to the index,
which is then compacted as after a run.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.dedup.corpus import documents
from dataweir.config import DedupConfig
from dataweir.ingest.dedup.collide import collide, ranges
from dataweir.ingest.dedup.compact import Sized, merge, merges, tiers
from dataweir.ingest.dedup.documents import in_order, sketch_part
from dataweir.ingest.dedup.index import Stored, index_band, index_docs
from dataweir.ingest.dedup.scheme import scheme
from dataweir.ingest.dedup.settle import settle
from dataweir.ingest.hashing import string_hashes, to_hex

TABLE = "social_posts"
NEAR = DedupConfig(text="text", threshold=0.8, recall=0.95)


def write(texts: pa.Array, first: int, path: Path) -> None:
    """Write texts as rows of the table."""
    count = len(texts)
    numbers = pa.array(range(first, first + count))
    columns = {
        "post_id": numbers.cast(pa.string()),
        "platform": pa.repeat(pa.scalar("made"), count),
        "text": texts,
        "text_key": to_hex(string_hashes(texts)),
        "ts": numbers.cast(pa.timestamp("us", tz="UTC")),
        "source": pa.repeat(pa.scalar("made"), count),
        "file": pa.repeat(pa.scalar(path.name), count),
        "line": numbers,
    }
    pq.write_table(pa.table(columns), path, compression="zstd")


def compact(files: list[str], column: str) -> None:
    """Merge files of the index in place, those of one band or of texts, where there are many of a size."""
    sized = [Sized(file, "", pq.read_metadata(file).num_rows) for file in files]
    for work in [each for some in tiers(sized) for each in merges(some, column)]:
        files.append(merge(work))
        for file in work.files:
            files.remove(file)
            Path(file).unlink()


def main() -> None:
    count, batches = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10
    folder = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    wanted = scheme(NEAR)
    assert wanted is not None
    print(f"{count:,} texts in {batches} batches; {wanted.name}", flush=True)
    steps = ("sketch s", "collide s", "settle s", "index s", "compact s")
    head = ("texts", "MB of text", *steps, "files", "index MB", "bytes/text", "peak MB")
    print(("{:>11}" * len(head)).format(*head), flush=True)
    with tempfile.TemporaryDirectory() as root:
        out, bands, docs = f"{root}/warehouse", defaultdict(list), []
        made, done, size = documents(count, folder=folder), 0, 0
        for number in range(batches):
            files = []
            while done < (number + 1) * count // batches:
                texts = next(made)
                files.append(Path(root) / f"part-{done:010d}.parquet")
                write(texts, done, files[-1])
                done, size = done + len(texts), size + texts.nbytes
            began = time.perf_counter()
            staging = f"{root}/staging-{number}"
            sketched = [sketch_part(str(file), TABLE, NEAR, wanted, (), staging, "off") for file in files]
            sketched_at = time.perf_counter()
            sketched, stored = in_order(sketched), Stored(bands, docs)
            cut = ranges(wanted, sketched)
            found = [collide(each, TABLE, wanted, sketched, stored, staging) for each in cut]
            collided_at = time.perf_counter()
            settled = settle(TABLE, wanted, sketched, found, stored, staging).decided
            settled_at = time.perf_counter()
            for band in range(wanted.bands):
                if written := index_band(band, TABLE, wanted, sketched, settled, out, f"b{number}"):
                    bands[band].append(written[1])
            docs += [w[1] for each in sketched if (w := index_docs(each, TABLE, wanted, settled, out, f"b{number}"))]
            indexed_at = time.perf_counter()
            compact(docs, "doc")
            for mine in bands.values():
                compact(mine, "key")
            ended = time.perf_counter()
            index = [file for mine in [docs, *bands.values()] for file in mine]
            held = sum(Path(file).stat().st_size for file in index)
            shutil.rmtree(staging)
            for file in files:
                file.unlink()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            seconds = np.diff([began, sketched_at, collided_at, settled_at, indexed_at, ended])
            print(
                f"{done:11,}{size / 1e6:11.1f}" + "".join(f"{each:11.2f}" for each in seconds),
                f"{len(index):10}{held / 1e6:11.1f}{held / done:11.1f}{peak:11.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
