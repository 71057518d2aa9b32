"""Hashes of rows and strings: equal to the reference, and blind to how a table is cut."""

from __future__ import annotations

import datetime
import itertools

import mmh3
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.ingest.hashing import from_hex, row_hashes, string_hashes, to_hex

VALUE = st.one_of(st.none(), st.text(max_size=6), st.sampled_from(["", "\x00", "\x01\x00\x00\x00", "a", "ab", "b"]))
ROWS = st.lists(st.tuples(VALUE, VALUE, st.one_of(st.none(), st.integers(-3, 3))), max_size=30)


def rows_table(rows: list[tuple[str | None, str | None, int | None]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [[], [], []]
    kinds = (pa.string(), pa.string(), pa.int64())
    return pa.table([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names=["a", "b", "n"])


@settings(deadline=None)
@given(st.lists(st.binary(max_size=70), max_size=20))
def test_strings_hash_as_the_mmh3_package_has_it(values: list[bytes]) -> None:
    hashes = to_hex(string_hashes(pa.array(values, pa.binary())))
    assert hashes.to_pylist() == [mmh3.mmh3_x64_128_digest(v).hex() for v in values]


def test_every_length_up_to_three_blocks() -> None:
    values = [bytes(range(7, 7 + n)) for n in range(50)]
    assert to_hex(string_hashes(pa.array(values, pa.binary()))).to_pylist() == [
        mmh3.mmh3_x64_128_digest(v).hex() for v in values
    ]


@settings(deadline=None)
@given(ROWS)
def test_rows_hash_alike_exactly_when_they_are_alike(
    rows: list[tuple[str | None, str | None, int | None]],
) -> None:
    hashes = to_hex(row_hashes(rows_table(rows), ["a", "b", "n"])).to_pylist()
    for (row, one), (other, two) in itertools.combinations(zip(rows, hashes, strict=True), 2):
        assert (row == other) == (one == two)


@settings(deadline=None)
@given(ROWS, st.lists(st.integers(0, 30), max_size=4), st.integers(0, 5))
def test_chunks_and_slices_change_nothing(
    rows: list[tuple[str | None, str | None, int | None]], cuts: list[int], skip: int
) -> None:
    table = rows_table(rows)
    whole = row_hashes(table, ["a", "b", "n"])
    ends = [0, *sorted(min(c, len(rows)) for c in cuts), len(rows)]
    cut = pa.concat_tables([table.slice(a, b - a) for a, b in itertools.pairwise(ends)])
    assert (row_hashes(cut, ["a", "b", "n"]) == whole).all()
    assert (row_hashes(table.slice(skip), ["a", "b", "n"]) == whole[skip:]).all()


def test_the_order_of_batches_past_the_cache_size_holds() -> None:
    count = 150_000
    table = pa.table({"n": np.arange(count), "s": [str(i % 1000) for i in range(count)]})
    hashes = row_hashes(table, ["n", "s"])
    assert len(np.unique(hashes[:, 0])) == count
    assert (hashes[70_000:70_010] == row_hashes(table.slice(70_000, 10), ["n", "s"])).all()


def test_a_column_of_nulls_changes_nothing_and_a_name_does() -> None:
    table = pa.table({"a": ["x"], "b": pa.nulls(1, pa.string())})
    assert (row_hashes(table, ["a", "b"]) == row_hashes(table, ["a"])).all()
    assert (row_hashes(table.rename_columns(["c", "b"]), ["c"]) != row_hashes(table, ["a"])).all()


@pytest.mark.parametrize(
    ("kind", "one", "two"),
    [
        (pa.timestamp("us", tz="UTC"), datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), None),
        (pa.date32(), datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)),
        (pa.float64(), 1.5, 1.25),
        (pa.bool_(), True, False),
        (pa.uint64(), 2**64 - 1, 2**64 - 2),
        (pa.int8(), -1, 1),
        (pa.time64("us"), datetime.time(1), datetime.time(2)),
        (pa.list_(pa.int64()), [1, 2], [1, 3]),
        (pa.large_string(), "a", "b"),
        (pa.string_view(), "a", "b"),
        (pa.dictionary(pa.int32(), pa.string()), "a", "b"),
        (pa.struct({"x": pa.string()}), {"x": "a"}, {"x": "b"}),
        (pa.decimal128(5, 2), 1, 2),
    ],
    ids=str,
)
def test_every_type_has_a_hash(kind: pa.DataType, one: object, two: object) -> None:
    hashes = row_hashes(pa.table({"v": pa.array([one, two, one, None], kind)}), ["v"])
    assert (hashes[0] == hashes[2]).all()
    assert len({bytes(h) for h in hashes}) == 2 + (two is not None)


def test_zeros_are_one_zero_and_text_is_text_in_every_type() -> None:
    zeros = row_hashes(pa.table({"v": [0.0, -0.0, float("nan"), -float("nan")]}), ["v"])
    assert (zeros[0] == zeros[1]).all()
    assert (zeros[2] == zeros[3]).all()
    kinds = (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()))
    texts = [row_hashes(pa.table({"v": pa.array(["grün"], kind)}), ["v"]) for kind in kinds]
    assert all((t == texts[0]).all() for t in texts)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), max_size=20))
def test_hex_goes_there_and_back(pairs: list[tuple[int, int]]) -> None:
    hashes = np.array(pairs, dtype=np.uint64).reshape(-1, 2)
    back, valid = from_hex(to_hex(hashes))
    assert valid.all()
    assert (back == hashes).all()


def test_what_is_no_hash_is_told_apart() -> None:
    good = "0123456789abcdef" * 2
    values = pa.chunked_array([[good, None, "x"], ["A" * 32, "g" * 32, good + "0", good]])
    _, valid = from_hex(values)
    assert valid.tolist() == [True, False, False, False, False, False, True]
