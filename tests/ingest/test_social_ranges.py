"""Files of JSON lines are read in ranges and read on where they grew: the same rows under the same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataweir.config import validate
from dataweir.ingest.contract import source

SAMPLES = Path(__file__).parents[2] / "ingest" / "sources" / "samples"
LINES = ["mastodon", "bluesky", "hackernews", "reddit"]


class Dump:
    """A file of JSON lines, read again and again as a scheduled run would."""

    def __init__(self, name: str, root: Path, **config: Any) -> None:
        kind = source.get(name)
        self.path = root / "dump.ndjson"
        given = {**kind.sample_config, "path": str(self.path), **config}
        self.source = kind("tea", validate(kind.Config, given, "tea"), str(root))
        self.cursor: dict[str, Any] = {}
        self.splits = 0

    def pull(self) -> tuple[pa.Table, pa.Table]:
        plan = self.source.plan(self.cursor)
        self.splits = len(plan.splits)
        batches = [batch for split in plan.splits for batch in self.source.read(split)]
        self.cursor = json.loads(json.dumps(plan.cursor))
        empty = self.source.schema.empty_table()
        rows = pa.concat_tables([empty, *(batch.rows for batch in batches)])
        return rows, pa.concat_tables([batch.rejects for batch in batches]) if batches else pa.table({})


def lines(name: str, times: int) -> list[bytes]:
    """The lines of a connector's sample, so many times, each ended."""
    return (SAMPLES / source.get(name).sample).read_bytes().splitlines(keepends=True) * times


@pytest.mark.parametrize("name", LINES)
def test_ranges_give_what_one_piece_gives(tmp_path: Path, name: str) -> None:
    whole, cut = Dump(name, tmp_path), Dump(name, tmp_path, split_bytes=900)
    whole.path.write_bytes(b"".join(lines(name, 6)))
    rows, rejects = whole.pull()
    again, refused = cut.pull()
    assert (whole.splits, cut.splits > 3) == (1, True)
    assert again.equals(rows)
    assert refused.equals(rejects)
    assert rejects.num_rows


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("torn", [False, True])
def test_what_grew_is_read_on(tmp_path: Path, name: str, torn: bool) -> None:
    dump, stored = Dump(name, tmp_path), lines(name, 2)
    half = len(stored) // 2
    dump.path.write_bytes(b"".join(stored[:half]) + (stored[half][:25] if torn else b""))
    first, _ = dump.pull()
    dump.path.write_bytes(b"".join(stored))
    more, refused = dump.pull()
    numbers = more["line"].to_pylist() + refused["line"].to_pylist()
    assert sorted(numbers) == list(range(half + 1, len(stored) + 1))
    assert first.num_rows
    assert dump.pull()[0].num_rows == 0


def test_a_document_and_pages_are_read_in_one_piece(tmp_path: Path) -> None:
    page = {"data": [{"id": str(n), "text": "Tea", "author_id": "1"} for n in range(9)], "meta": {}}
    for body in (json.dumps(page) + "\n" + json.dumps(page) + "\n", json.dumps([*page["data"]], indent=1)):
        dump = Dump("twitter", tmp_path, split_bytes=100)
        dump.path.write_text(body)
        rows, _ = dump.pull()
        assert dump.splits == 1
        assert rows["line"].to_pylist() == list(range(1, rows.num_rows + 1))


def test_numbers_beyond_64_bits_stay_exact(tmp_path: Path) -> None:
    dump = Dump("hackernews", tmp_path)
    long = ["123456789012345678901", "-9223372036854775809", "18446744073709551615", "NaN", "1"]
    dump.path.write_text("".join(f'{{"id": {n}, "type": "comment", "text": "Tea", "time": 1}}\n' for n in long))
    rows, _ = dump.pull()
    assert rows["post_id"].to_pylist() == long
