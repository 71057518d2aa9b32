"""Rows of data on a terminal: a table where it fits, else a block of lines a row; never columns of two letters."""

from __future__ import annotations

import io

from rich.console import Console

from dataweir.output import records, table


def printed(names: list[str], rows: list[tuple[object, ...]], width: int) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    for part in records(names, rows, width):
        console.print(part)
    return console.export_text()


def test_what_fits_is_a_table() -> None:
    text = printed(["path", "n"], [("/tea", 12345)], 80)
    assert "12,345" in text
    assert "── 1" not in text


def test_what_does_not_fit_is_a_block_a_row() -> None:
    names = [f"column_{i}" for i in range(12)]
    text = printed(names, [tuple(f"value {i} [red]" for i in range(12)), (None,) * 12], 80)
    assert "column_11  value 11 [red]" in text
    assert "── 2" in text


def test_no_rows_is_a_table_of_names() -> None:
    assert "path" in printed(["path"], [], 80)


def test_a_number_is_never_folded_where_words_can_give_way() -> None:
    numbers = [10_000_000, 9_915_386, 84_614, 10_154_763, 723.727]
    built = table(
        ["step", "of", "in", "kept", "rejected", "changed", "seconds"], [["refine", "social_posts", *numbers]]
    )
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(built)
    text = console.export_text()
    for number in numbers:
        assert f"{number:,}" in text
