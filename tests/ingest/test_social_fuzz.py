"""Records of any shape, and files of any bytes: rows or rejects with a reason, never a crash, never a loss."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataweir.errors import WeirError
from dataweir.ingest.contract import source
from dataweir.ingest.documents import Found, dumps
from dataweir.ingest.integrate import conform
from dataweir.ingest.posts import PostSource
from dataweir.ingest.schemas import SOCIAL_POSTS
from dataweir.testing import build

SAMPLES = Path(__file__).parents[2] / "ingest" / "sources" / "samples"
SOCIAL = sorted(name for name, kind in source.all().items() if issubclass(kind, PostSource))
LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(), max_size=12),
    st.sampled_from(["", "\ud800", "\x00", "9" * 400, "2026-03-02T09:00:00Z", "0001-01-01", "NaN", "1e999", "'", "\\"]),
)
KEYS = st.text(max_size=6)
JSON = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
settings.register_profile("social", max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def records(name: str, folder: Path) -> tuple[Any, list[Any]]:
    """Return a connector and the values of its sample's records."""
    kind = source.get(name)
    shutil.copy(SAMPLES / kind.sample, folder / kind.sample)
    made = build(kind, str(folder))
    if name == "reddit":
        lines = (SAMPLES / kind.sample).read_text().splitlines()
        return made, [json.loads(line) for line in lines[:-1]]
    seen: list[Any] = []
    whole = made.rows

    def noting(found: list[Found], file: str) -> Any:
        seen.extend(each.value for each in found if each.value is not None)
        return whole(found, file)

    made.rows = noting
    for split in made.plan({}).splits:
        list(made.read(split))
    made.rows = whole
    return made, seen


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, each in inner for place in places(each, (*at, key)))]


def put(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    made = copy.deepcopy(value)
    inner = made
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = new
    return made


@pytest.mark.parametrize("name", [name for name in SOCIAL if name != "whatsapp"])
def test_a_record_of_any_shape_is_a_row_or_a_reject(name: str, tmp_path: Path) -> None:
    made, values = records(name, tmp_path)
    assert values

    @settings(settings.get_profile("social"))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        changed = []
        for value in values:
            place = data.draw(st.sampled_from(places(value)))
            changed.append(put(value, place, data.draw(JSON)))
        found = [Found(number, dumps(value), value) for number, value in enumerate(changed, 1)]
        pulled = made.rows(found, "f")
        lines = pulled.rows["line"].to_pylist() + pulled.rejects["line"].to_pylist()
        assert sorted(lines) == list(range(1, len(found) + 1))
        assert not pulled.rejects["reason"].null_count
        posts = conform(made.integrate(pulled.rows), SOCIAL_POSTS)
        posts.validate(full=True)
        assert posts.num_rows == pulled.rows.num_rows

    check()


@pytest.mark.parametrize("name", SOCIAL)
def test_a_file_of_any_bytes_is_read_or_refused(name: str, tmp_path: Path) -> None:
    kind = source.get(name)
    sample = (SAMPLES / kind.sample).read_bytes()
    path = tmp_path / kind.sample

    @settings(settings.get_profile("social"))
    @given(st.lists(st.tuples(st.integers(0, len(sample)), st.integers(0, 9), st.binary(max_size=6)), max_size=4))
    def check(edits: list[tuple[int, int, bytes]]) -> None:
        data = sample
        for at, size, new in edits:
            data = data[:at] + new + data[at + size :]
        path.write_bytes(data)
        try:
            made = build(kind, str(tmp_path))
            batches = [batch for split in made.plan({}).splits for batch in made.read(split)]
        except WeirError:
            return
        lines = [n for batch in batches for table in batch[:2] for n in table["line"].to_pylist()]
        assert sorted(lines) == list(range(1, len(lines) + 1))
        for batch in batches:
            conform(made.integrate(batch.rows), SOCIAL_POSTS).validate(full=True)

    check()
