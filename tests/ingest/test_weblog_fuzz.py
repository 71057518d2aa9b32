"""Hostile bytes on every parser of web logs: no crash, no hang, nothing lost; and generated lines read back."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import weblog_tables
from apachelogs import COMBINED, InvalidEntryError, LogParser
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_weblog_formats import CASES

from dataweir.errors import ConfigError
from dataweir.ingest import columns
from dataweir.ingest.weblogs.reader import NAMES, Reader, compile_format

PARSER = LogParser(COMBINED, encoding="latin-1")
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
QUOTED = TEXT.map(lambda t: t.replace("\\", "\\\\").replace('"', '\\"'))


def mutated(text: bytes, dice: random.Random) -> bytes:
    """Flip, cut, double, insert: what discs, cut connections and attackers do to a line."""
    made = bytearray(text)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(made) + 1)
        match dice.randrange(5):
            case 0 if at < len(made):
                made[at] = dice.randrange(256)
            case 1:
                del made[at : at + dice.randint(1, 12)]
            case 2:
                made[at:at] = made[at : at + dice.randint(1, 30)]
            case 3:
                made[at:at] = dice.choice(
                    [b'"', b"\\", b"[", b"{", b"\n", b"\r\n", b"\t", b"-", b"9" * 30, b"\xff\xc3"]
                )
            case _:
                made[at:at] = dice.randbytes(3)
    return bytes(made)


def count(data: bytes) -> int:
    return data.count(b"\n") + (1 if data and not data.endswith(b"\n") else 0)


@pytest.mark.parametrize("name", CASES)
def test_mutated_lines_are_rows_or_rejects(name: str, tmp_path: Path) -> None:
    dice = random.Random(name)
    text = CASES[name][0].encode() + b"\n"
    head, _, line = text[:-1].rpartition(b"\n")
    pieces = [mutated(line, dice).replace(b"#", b"x").replace(b"ip,date", b"x") for _ in range(400)]
    data = (head + b"\n" if head else b"") + b"\n".join(pieces) + b"\n"
    got = weblog_tables.read(tmp_path, data, name)
    assert len(got.rows) + len(got.rejects) == count(data) - (head.count(b"\n") + 1 if head else 0)
    assert all(reject["reason"] for reject in got.rejects)
    numbers = [row["line"] for row in got.rows] + [reject["line"] for reject in got.rejects]
    assert len(set(numbers)) == len(numbers)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200), name=st.sampled_from(sorted(NAMES)), block=st.integers(1, 64))
@example(data=b'"\\', name="combined", block=1)
@example(data=b'{"a":"\\u12', name="nginx_json", block=1)
@example(data=b"#Fields:\n#\n", name="iis_w3c", block=1)
def test_any_bytes_by_any_format(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str, block: int) -> None:
    data = b"x" + data.replace(b"\r", b"").replace(b"#", b"") + b"\n"
    got = weblog_tables.read(tmp_path_factory.mktemp("f"), data, name, block)
    assert len(got.rows) + len(got.rejects) == count(data)
    assert b"\n".join(reject["raw"] for reject in got.rejects) + b"\n" == data or got.rows


@pytest.mark.parametrize("name", CASES)
def test_a_long_line_of_what_parsers_stumble_over_takes_no_time(name: str) -> None:
    head, _, line = CASES[name][0].encode().rpartition(b"\n")
    for junk in (b'"', b"\\", b" ", b"[", b"{", b", ", b"- ", b'" ', b"\t", b"1", b'{"a":', b"a: ", b"<1 "):
        for at in (0, len(line) // 2):  # where one pass is quadratic, this is hours
            text = line[:at] + junk * (1_000_000 // len(junk)) + line[at:]
            found = columns.lines(np.frombuffer(head + b"\n" * bool(head) + text, np.uint8), 10)
            parts = list(Reader([NAMES[name]]).read(found))
            assert sum(len(part.refused) + sum(len(kept.rows) for kept in part.kept) for part in parts) == 1


PIECE = st.sampled_from(
    ["%h", "%t", "%{Referer}i", '"%r"', "%>s", "%b", "%{%Y}t", "%{ms}T", "$time_iso8601", "$status", "$request", "$x_y"]
) | st.text(st.characters(codec="ascii"), max_size=3)


@settings(max_examples=200, deadline=None)
@given(
    pieces=st.lists(PIECE, max_size=9), apart=st.sampled_from([" ", "", "|", "\t", '" "']), text=st.text(max_size=80)
)
def test_any_format_string_compiles_or_is_refused(pieces: list[str], apart: str, text: str) -> None:
    try:
        format = compile_format(apart.join(pieces))
    except ConfigError:
        return
    found = columns.lines(np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8), 10)
    for part in Reader([format]).read(found):
        numbers = [*part.refused, *(row for kept in part.kept for row in kept.rows)]
        assert len(set(numbers)) == len(numbers)


@settings(max_examples=150, deadline=None)
@given(
    host=st.sampled_from(["192.0.2.1", "2001:db8::1", "fe80::1%eth0", "host.example"]),
    user=st.sampled_from(["-", "alice", "a@b.example"]),
    request=QUOTED,
    status=st.integers(100, 599),
    size=st.none() | st.integers(0, 2**63 - 1),
    referer=QUOTED,
    agent=QUOTED,
)
def test_any_combined_line_reads_as_an_independent_parser_reads_it(
    tmp_path_factory: pytest.TempPathFactory,
    host: str,
    user: str,
    request: str,
    status: int,
    size: int | None,
    referer: str,
    agent: str,
) -> None:
    bytes_sent = "-" if size is None else str(size)
    line = f'{host} - {user} [02/Mar/2026:10:00:01 +0100] "{request}" {status} {bytes_sent} "{referer}" "{agent}"'
    try:
        entry = PARSER.parse(line)
    except InvalidEntryError:
        return
    row = weblog_tables.read(tmp_path_factory.mktemp("d"), line.encode() + b"\n", "combined").row
    assert (row["remote_host"], row["user"], row["status"], row["bytes"]) == (
        entry.remote_host,
        entry.remote_user,
        entry.final_status,
        entry.bytes_sent,
    )
    assert (row["request"], row["referer"], row["user_agent"]) == (
        request,
        None if referer == "-" else referer,
        "" if agent == "-" else agent,
    )
    assert row["ts"] == entry.request_time
