"""Real logs: every line is a row or a reject, and the fields are those that an independent parser reads."""

from __future__ import annotations

import bz2
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from apachelogs import COMBINED, COMMON, InvalidEntryError, LogParser

from benchmarks.weblogs import corpus
from dataweir import read_weblog

pytestmark = pytest.mark.real_data
_ESCAPE = re.compile(r'\\(x[0-9a-fA-F]{2}|["\\bnrtv])')
_SIMPLE = {"b": "\b", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def text_of(path: Path) -> bytes:
    opener = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix, open)
    with opener(path, "rb") as handle:
        return bytes(handle.read())


def lines_of(path: Path) -> list[bytes]:
    """Split as a text editor would, on the line end that the file has; not with the code under test."""
    text = text_of(path)
    found = text.split(b"\n" if b"\n" in text else b"\r")
    return found[:-1] if found[-1] == b"" else found


def records(path: Path) -> int:
    """Count the lines that are no directives of a W3C log and no header of a table."""
    lines = lines_of(path)
    w3c = any(line.startswith(b"#Fields") for line in lines)
    return sum(not (w3c and line.startswith(b"#")) and not line.startswith(b"ip,date,") for line in lines)


@pytest.fixture(scope="module")
def outcomes(shared_data: Path) -> list[corpus.Outcome]:
    return corpus.outcomes(shared_data / "weblogs")


def test_every_line_of_every_file_is_a_row_or_a_reject(outcomes: list[corpus.Outcome], shared_data: Path) -> None:
    for each in outcomes:
        if not each.left_out:
            counted = records(shared_data / "weblogs" / each.file)
            assert each.rows + sum(each.rejects.values()) == counted, each.file


def test_the_guide_shows_what_became_of_every_group(outcomes: list[corpus.Outcome]) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "weblogs.md").read_text()
    assert corpus.table(outcomes) in guide


def test_what_is_left_out_is_not_recognised_either(outcomes: list[corpus.Outcome], shared_data: Path) -> None:
    from dataweir.errors import ConfigError

    for each in outcomes:
        if each.left_out:
            with pytest.raises(ConfigError, match="no access-log format"):
                read_weblog(shared_data / "weblogs" / each.file)


def plain(value: str | None) -> str | None:
    """Return a value without the server's escapes, as the independent parser gives it."""
    if value is None or not _ESCAPE.search(value):
        return value
    return _ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" else _SIMPLE.get(m[1], m[1]), value)


FILES = [
    ("apache_combined/elastic_apache_logs.log", "combined"),
    ("apache_combined/nspw_access.log.13", "combined"),
    ("nginx_combined/hackathon_2025_access.log.gz", "combined"),
    ("nginx_combined/podcast_access.log.1", "combined"),
    ("nginx_big/mobile_api_access.log.3.gz", "combined"),
    ("nasa_common/nasa_Aug95_aman.log", "common"),
    ("nasa_common/nasa_Aug95_aparnakale.log", "common"),
]


@pytest.mark.parametrize(("file", "format"), FILES)
def test_the_fields_are_those_of_an_independent_parser(
    file: str, format: str, shared_data: Path, tmp_path: Path
) -> None:
    lines = [line for line in lines_of(shared_data / "weblogs" / file)[:10_000] if line.isascii()]
    (tmp_path / "log").write_bytes(b"\n".join(lines) + b"\n")
    ours = {row["line"]: row for row in read_weblog(tmp_path / "log", format).rows.to_pylist()}
    parser = LogParser(COMBINED if format == "combined" else COMMON, encoding="latin-1")
    theirs = dict(_parsed(parser, lines))
    assert set(ours) == set(theirs)
    for number, entry in theirs.items():
        row = ours[number]
        got = [row["remote_host"], plain(row["user"]), plain(row["request"]), row["status"], row["bytes"], row["ts"]]
        expected = [entry.remote_host, entry.remote_user, entry.request_line or "-", entry.final_status]
        expected += [entry.bytes_sent, entry.request_time]
        if format == "combined":
            got += [plain(row["referer"]), plain(row["user_agent"])]
            expected += [entry.headers_in["Referer"], entry.headers_in["User-Agent"] or ""]
        if row["request"] == "":
            got[2] = "-"
        assert got == expected, number


def _parsed(parser: LogParser, lines: list[bytes]) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(lines, 1):
        try:
            yield number, parser.parse(line.decode("latin-1"))
        except InvalidEntryError:
            continue
