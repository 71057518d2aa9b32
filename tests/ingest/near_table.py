"""A table of posts with its index of near duplicates, as a project holds them, without Iceberg and without Dask."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from dedup_texts import components
from refine_driver import Given, shipped

from dataweir.config import DedupConfig
from dataweir.ingest.dedup import repeats
from dataweir.ingest.dedup.collide import collide, ranges
from dataweir.ingest.dedup.documents import in_order, sketch_part
from dataweir.ingest.dedup.index import Stored, index_band, index_docs
from dataweir.ingest.dedup.repeats import Cuts
from dataweir.ingest.dedup.scheme import Scheme, scheme, semantic_scheme
from dataweir.ingest.dedup.semantic import compare, gather
from dataweir.ingest.dedup.settle import settle
from dataweir.ingest.dedup.staging import read_all
from dataweir.ingest.dedup.withdraw import withdraw
from dataweir.ingest.refine import RawPart, decide, finish, groups, prepare, rounds
from dataweir.ingest.schemas import SOCIAL_POSTS

TABLE = "social_posts"
START = 1_770_000_000_000_000
NEAR = DedupConfig(text="text", threshold=0.6, recall=0.99)


class Posts:
    """The table, batch by batch."""

    def __init__(self, root: Path, dedup: DedupConfig = NEAR) -> None:
        self.root, self.dedup, self.batches = root, dedup, 0
        self.files: dict[str, list[str]] = defaultdict(list)
        self.root_of_models = root

    def add(self, posts: list[dict[str, Any]], parts: int = 1, buckets: int = 1) -> None:
        """Refine one batch, cut into parts, and take its files into the tables."""
        self.batches += 1
        name, staging = f"b{self.batches}", str(self.root / f"staging-{self.batches}")
        prepared = []
        rows = [{"source": "forum", "file": f"{name}.csv", "line": i + 1, **p} for i, p in enumerate(posts)]
        self.root.mkdir(parents=True, exist_ok=True)
        for number, source in itertools.product(range(parts), sorted({row["source"] for row in rows})):
            path = self.root / f"raw-{name}-{source}-{number}.parquet"
            mine = [row for row in rows[number::parts] if row["source"] == source]
            pq.write_table(pa.Table.from_pylist(mine, schema=SOCIAL_POSTS), path)
            part = RawPart(str(path), source, f"{name}-{number}", f"{name}.csv", 1)
            prepared.append(shipped(prepare, part, Given(TABLE), {}, self.dedup, staging, buckets))
        decided: list[Any] = []
        seen = self.files[f"refined.{TABLE}"]
        for method in rounds(TABLE, self.dedup):
            earlier = tuple(decided)
            decided += [shipped(decide, b, TABLE, method, prepared, seen, staging, earlier) for b in range(buckets)]
        gained = self._near(prepared, decided, staging, name)
        cuts = self._repeats(prepared, decided, staging, name)
        for group in groups(prepared, 50):
            written = shipped(finish, group, TABLE, decided, str(self.root / "wh"), name, (), None, None, cuts)
            for table, files in written.files.items():
                self.files[table] += files
        for table, file in gained:
            self.files[table].append(file)

    def _near(self, prepared: list[Any], decided: list[Any], staging: str, name: str) -> list[tuple[str, str]]:
        wanted = scheme(self.dedup) or semantic_scheme(self.dedup, str(self.root_of_models))
        if wanted is None:
            return []
        mine = [f for f in self.files["refined.near_docs"] if self._scheme(f) == wanted.name]
        items = [*([] if mine else self.files[f"refined.{TABLE}"]), *prepared]
        before = tuple(decided)
        sketched = [shipped(sketch_part, i, TABLE, self.dedup, wanted, before, staging, "off") for i in items]
        bands = defaultdict(list)
        for file in self.files["refined.near_bands"]:
            bands[pq.read_table(file, columns=["band"])["band"][0].as_py()].append(file)
        stored = Stored(bands, self.files["refined.near_docs"])
        sketched = in_order(sketched)
        if isinstance(wanted, Scheme):
            found = [shipped(collide, r, TABLE, wanted, sketched, stored, staging) for r in ranges(wanted, sketched)]
        else:
            known = TABLE, wanted, sketched, staging
            linked = [shipped(compare, i, *known) for i in range(len(sketched))]
            linked += [shipped(compare, file, *known, f"file{i}") for i, file in enumerate(stored.docs)]
            found = [shipped(gather, linked, TABLE, sketched, staging)]
        settled, stale, withdrawn = shipped(settle, TABLE, wanted, sketched, found, stored, staging)
        decided.append(settled)
        self._remove("doc", stale, "near_docs", "near_bands")
        out = str(self.root / "wh")
        self._remove("post_id", read_all(withdrawn)["id"].to_pylist(), TABLE)
        bands = range(wanted.bands) if isinstance(wanted, Scheme) else ()
        made = [shipped(index_band, b, TABLE, wanted, sketched, settled, out, name) for b in bands] + [
            shipped(index_docs, each, TABLE, wanted, settled, out, name) for each in sketched
        ]
        return [*withdraw(withdrawn, TABLE, out, name, wanted.method), *(each for each in made if each)]

    def _repeats(self, prepared: list[Any], decided: list[Any], staging: str, name: str) -> Cuts | None:
        wanted = self.dedup.repeats
        if wanted is None:
            return None
        stored = self.files["refined.repeats"]
        known = TABLE, self.dedup, wanted, tuple(decided), staging
        items = [*([] if stored else self.files[f"refined.{TABLE}"]), *prepared]
        divided = repeats.in_order([shipped(repeats.divide, item, *known) for item in items])
        gone = [doc for each in divided for doc in each.gone]
        rest = TABLE, wanted, divided, tuple(stored), gone, staging, str(self.root / "wh"), name
        counted = tuple(shipped(repeats.count, each, *rest) for each in repeats.key_ranges(divided))
        self._remove("doc", gone, "repeats")
        self.files["refined.repeats"] += [each.added for each in counted if each.added]
        return Cuts("text", wanted.unit, counted)

    def _remove(self, column: str, values: Sequence[Any], *tables: str) -> None:
        """Take rows out of tables, as the commit does."""
        for name in tables if values else ():
            for file in self.files[f"refined.{name}"]:
                rows = pq.read_table(file)
                pq.write_table(rows.filter(pc.invert(pc.is_in(rows[column], pa.array(values)))), file)

    def _scheme(self, file: str) -> str:
        return str(pq.read_table(file, columns=["scheme"])["scheme"][0].as_py())

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [row for file in self.files[f"refined.{name}"] for row in pq.read_table(file).to_pylist()]

    def kept(self) -> set[str]:
        """Return the ids of the rows that are in the table."""
        return {row["post_id"] for row in self.rows(TABLE)}

    def stand_in(self) -> dict[str, str]:
        """Return the row that is kept for each that is not, by what duplicates say, step by step."""
        next_of = {row["id"]: row["kept_id"] for row in self.rows("duplicates")}
        found = {}
        for name in next_of:
            at = name
            for _ in next_of:
                at = next_of.get(at, at)
            found[name] = at
        return found

    def clusters(self) -> set[frozenset[str]]:
        """Return the clusters of more than one: of the stored links and of equal texts."""
        pairs = [(row["id"], other) for row in self.rows("near_docs") for other in row["links"]]
        pairs += [(row["id"], row["kept_id"]) for row in self.rows("duplicates") if row["method"] == "text"]
        names = sorted({name for pair in pairs for name in pair})
        number = {name: i for i, name in enumerate(names)}
        found: dict[int, set[str]] = defaultdict(set)
        for name, first in zip(names, components(len(names), [(number[a], number[b]) for a, b in pairs]), strict=True):
            found[first].add(name)
        return {frozenset(each) for each in found.values() if len(each) > 1}


def posts_of(texts: list[str], **more: Any) -> list[dict[str, Any]]:
    return [
        {"post_id": f"p{i}", "platform": "x", "kind": "post", "text": text, "ts": START + i, **more}
        for i, text in enumerate(texts)
    ]


def chain(rng: random.Random, length: int, words: int = 60) -> list[str]:
    """Return texts of so many words, each the one before with two words changed: the ends are not alike."""
    vocabulary = [f"word{i}" for i in range(5000)]
    text = rng.sample(vocabulary, words)
    made = [" ".join(text)]
    for step in range(length - 1):
        text[(7 * step) % words] = text[(7 * step + 31) % words] = rng.choice(vocabulary)
        made.append(" ".join(text))
    return made
