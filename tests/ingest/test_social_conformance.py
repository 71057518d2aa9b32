"""Every connector that is registered keeps the Source contract on its own sample; the suite itself can fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataweir.ingest.contract import Pulled, Split, no_rejects, source
from dataweir.ingest.sources.reddit import Reddit
from dataweir.testing import check_source


@pytest.mark.parametrize("name", sorted(source.all()))
def test_every_connector_conforms(name: str) -> None:
    done = check_source(name)
    assert done.rows
    assert done.hostile > 40


class Broken(Reddit):
    """Reddit dumps, read by a connector that breaks one promise after another."""

    def __init_subclass__(cls) -> None:
        cls.sample_config = {"type": "broken", "path": "reddit.ndjson"}


class Losing(Broken):
    """Loses the last record of every batch."""

    def read(self, split: Split) -> Iterator[Pulled]:
        for batch in super().read(split):
            yield Pulled(batch.rows.slice(0, batch.rows.num_rows - 1), batch.rejects)


class Wavering(Broken):
    """Numbers its batches by how often it was read."""

    reads = 0

    def read(self, split: Split) -> Iterator[Pulled]:
        Wavering.reads += 1
        for batch in super().read(split):
            at = batch.rows.schema.get_field_index("author")
            author = pa.repeat(pa.scalar(str(Wavering.reads)), batch.rows.num_rows)
            yield Pulled(batch.rows.set_column(at, "author", author), batch.rejects)


class Crashing(Broken):
    """Falls over bytes that are no JSON."""

    def read(self, split: Split) -> Iterator[Pulled]:
        for batch in super().read(split):
            if batch.rejects.num_rows > 100 or not batch.rows.num_rows:
                raise ValueError("unexpected")
            yield Pulled(batch.rows, batch.rejects)


class Shrinking(Broken):
    """Leaves rows out when it integrates."""

    def integrate(self, rows: pa.Table) -> pa.Table:
        return super().integrate(rows.slice(1))


class Restless(Broken):
    """Plans the same split again and again."""

    def plan(self, cursor: dict[str, Any]) -> Any:
        return super().plan({})


class Silent(Broken):
    """Takes whatever cannot be read for nothing."""

    def read(self, split: Split) -> Iterator[Pulled]:
        for batch in super().read(split):
            yield Pulled(batch.rows, no_rejects())


@pytest.mark.parametrize(
    ("kind", "promise"),
    [
        (Losing, "every record"),
        (Wavering, "reading twice"),
        (Crashing, "never crash"),
        (Shrinking, "integrate loses no row"),
        (Restless, "not planned again"),
        (Silent, "every record"),
    ],
)
def test_a_broken_promise_is_named(kind: type[Any], promise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(__file__).parents[2] / "ingest" / "sources" / "samples" / "reddit.ndjson"
    monkeypatch.setattr("inspect.getfile", lambda _: str(home))
    monkeypatch.setitem(source._plugs, "broken", kind)
    monkeypatch.setattr(kind, "name", "broken", raising=False)
    with pytest.raises(AssertionError, match=promise):
        check_source(kind)
