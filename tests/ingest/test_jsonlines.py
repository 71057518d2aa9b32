"""JSON lines against Python's json module: any object, any block size, any bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dataweir.ingest import jsonlines
from dataweir.ingest.streams import TextFile, codec

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(st.text(max_size=4), values, max_size=3)
fast = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jsonlines") / "data.jsonl"


def read(path: Path, data: bytes) -> tuple[list, list, list]:
    """Objects, their text and numbers, and the rejects."""
    path.write_bytes(data)
    found = list(jsonlines.objects(TextFile(str(path), "data.jsonl"), 0, None, 1, "s"))
    made = [o for block in found for o in block.objects]
    text = [(int(n), t) for block in found for n, t in zip(block.numbers, block.text.to_pylist(), strict=True)]
    return made, text, [reject for block in found for reject in block.rejects.to_pylist()]


@fast
@given(rows=st.lists(objects, max_size=6), ascii_only=st.booleans(), end=st.sampled_from(["\n", "\r\n"]))
def test_what_json_writes_is_read_back(where: Path, rows: list[dict], ascii_only: bool, end: str) -> None:
    lines = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    made, text, rejects = read(where, "".join(line + end for line in lines).encode("utf-8", "surrogatepass"))
    assert json.dumps(made) == json.dumps(rows)
    assert text == list(enumerate(lines, 1))
    assert not rejects


@fast
@given(data=st.binary(max_size=120), size=st.integers(1, 9))
def test_any_bytes_come_out_once_whatever_the_block(
    where: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, size: int
) -> None:
    assume(data[:2] not in (b"\xff\xfe", b"\xfe\xff") and codec(data) is None)
    whole = read(where, data)
    numbers = sorted([n for n, _ in whole[1]] + [reject["line"] for reject in whole[2]])
    assert numbers == list(range(1, len(numbers) + 1))
    with monkeypatch.context() as patch:
        patch.setattr(jsonlines, "BLOCK", size)
        assert read(where, data) == whole


@fast
@given(
    line=st.one_of(st.binary(max_size=40), st.text(alphabet='{}[]":,\\ue019.-tfn \x00', max_size=40).map(str.encode))
)
def test_a_line_parses_as_python_parses_it(line: bytes) -> None:
    try:
        expected = json.loads(line.decode())
    except ValueError:
        expected = None
    if line.isascii():
        assert json.dumps(jsonlines.parse(line)) == json.dumps(expected)
    else:
        jsonlines.parse(line)


@fast
@given(value=values)
def test_every_value_becomes_text_that_arrow_takes(value: object) -> None:
    made = pa.array([jsonlines.text_of(value)], pa.string())
    made.validate(full=True)
    if value is None or value == "":
        assert made.null_count == 1


@pytest.mark.parametrize("escape", [r'{"a": "\ud800"}', r'{"a": ["\udfff", {"\ud9ff": 1}]}'])
def test_half_a_surrogate_pair_is_kept_as_its_escape(escape: str) -> None:
    text = jsonlines.text_of(json.loads(escape)["a"])
    pa.array([text], pa.string()).validate(full=True)
    assert r"\ud" in text


def test_what_is_no_object_says_so(where: Path) -> None:
    depth = "[" * 100_000
    _, _, rejects = read(where, f'[1]\n\n"text"\n{{"a": 1}}x\n{depth}\n{{"a":{depth}\n'.encode())
    assert [reject["reason"] for reject in rejects] == ["json", "empty_line", "json", "json", "json", "json"]
