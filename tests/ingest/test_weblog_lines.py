"""Lines as servers really write them: line ends, wrappings, odd requests, addresses, numbers, times, directives."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import weblog_tables

LINE = '192.0.2.7 - - [02/Mar/2026:10:00:01 +0100] "GET / HTTP/1.1" 200 512 "-" "Agent"'
AT = datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)


def line(request: str = "GET / HTTP/1.1", **parts: str) -> bytes:
    given = {"host": "192.0.2.7", "user": "-", "time": "02/Mar/2026:10:00:01 +0100", "status": "200", "bytes": "512"}
    p = {**given, "agent": "Agent", **parts}
    text = f'{p["host"]} - {p["user"]} [{p["time"]}] "{request}" {p["status"]} {p["bytes"]} "-" "{p["agent"]}"\n'
    return text.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(end: str, last: bool, tmp_path: Path) -> None:
    text = end.join([LINE] * 3) + (end if last else "")
    got = weblog_tables.read(tmp_path, text.encode(), "combined")
    assert [row["line"] for row in got.rows] == [1, 2, 3]
    assert {row["user_agent"] for row in got.rows} == {"Agent"}


@pytest.mark.parametrize(
    "wrapped",
    [
        f'"{LINE}"',
        f"Mar  2 10:00:01 web1 nginx[2869]: {LINE}",
        f"Mar 12 10:00:01 web1.example nginx: {LINE}",
        f"<190>Mar  2 10:00:01 web1 nginx: {LINE}",
        f"web-1  | {LINE}",
    ],
)
def test_what_is_wrapped_around_a_line_is_taken_off(wrapped: str, tmp_path: Path) -> None:
    got = weblog_tables.read(tmp_path, f"{LINE}\n{wrapped}\n".encode(), "combined")
    assert got.rejects == []
    assert [{**row, "line": 0} for row in got.rows] == [{**got.rows[0], "line": 0}] * 2


@pytest.mark.parametrize(
    ("request_line", "method", "path", "query", "protocol"),
    [
        ("GET /a?b=c HTTP/1.1", "GET", "/a", "b=c", "HTTP/1.1"),
        ("GET /", "GET", "/", None, None),  # HTTP/0.9
        ("OPTIONS * HTTP/1.0", "OPTIONS", "*", None, "HTTP/1.0"),
        ("CONNECT a.example:443 HTTP/1.1", "CONNECT", "a.example:443", None, "HTTP/1.1"),
        ("GET http://a.example/x HTTP/1.1", "GET", "http://a.example/x", None, "HTTP/1.1"),
        ("GET /a b HTTP/1.1", "GET", "/a b", None, "HTTP/1.1"),
        ('GET /\\"x\\" HTTP/1.1', "GET", '/\\"x\\"', None, "HTTP/1.1"),
        ("-", None, None, None, None),
        ("", None, None, None, None),
        ("\\x16\\x03\\x01", None, None, None, None),
        ("\x16\x03\x01\udc80", None, None, None, None),  # raw TLS bytes
    ],
)
def test_requests(
    request_line: str, method: str | None, path: str | None, query: str | None, protocol: str | None, tmp_path: Path
) -> None:
    row = weblog_tables.read(tmp_path, line(request_line), "combined").row
    assert (row["method"], row["path"], row["query"], row["protocol"]) == (method, path, query, protocol)
    assert row["request"] == request_line.replace("\udc80", "\\x80")


@pytest.mark.parametrize("host", ["::1", "2001:db8::7", "fe80::1%eth0", "host.example", "-"])
def test_clients(host: str, tmp_path: Path) -> None:
    row = weblog_tables.read(tmp_path, line(host=host), "combined").row
    assert row["remote_host"] == (None if host == "-" else host)


@pytest.mark.parametrize("user", ["alice", "John Doe", "a@b.example", "CORP\\\\alice", "-"])
def test_users(user: str, tmp_path: Path) -> None:
    row = weblog_tables.read(tmp_path, line(user=user), "combined").row
    assert row["user"] == (None if user == "-" else user)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-", None),
        ("0", 0),
        ("2147483648", 2**31),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", "bytes"),
    ],
)
def test_sizes(text: str, value: int | str | None, tmp_path: Path) -> None:
    got = weblog_tables.read(tmp_path, line(bytes=text), "combined")
    assert [row["bytes"] for row in got.rows] + [r["reason"] for r in got.rejects] == [value]


@pytest.mark.parametrize(
    ("time", "expected", "zone"),
    [
        ("02/Mar/2026:10:00:01 +0100", AT, 60),
        ("02/Mar/2026:14:45:01 +0545", AT, 345),
        ("01/Mar/2026:21:00:01 -1200", AT, -720),
        ("02/Mar/2026:23:00:01 +1400", AT, 840),
        ("29/Feb/2024:00:00:00 +0000", datetime(2024, 2, 29, tzinfo=UTC), 0),
        ("31/Dec/2016:23:59:60 +0000", datetime(2017, 1, 1, tzinfo=UTC), 0),
    ],
)
def test_times_and_zones(time: str, expected: datetime, zone: int, tmp_path: Path) -> None:
    row = weblog_tables.read(tmp_path, line(time=time), "combined").row
    assert (row["ts"], row["tz_minutes"]) == (expected, zone)


@pytest.mark.parametrize(
    "time",
    [
        "29/Feb/2023:00:00:00 +0000",
        "02/Mar/2026:24:00:00 +0000",
        "02/Mrz/2026:10:00:00 +0000",
        "02/Mar/2026:10:00:00",
        "",
    ],
)
def test_what_is_no_time(time: str, tmp_path: Path) -> None:
    (reject,) = weblog_tables.read(tmp_path, line(time=time), "combined").rejects
    assert reject["reason"] == "time"
    assert reject["raw"] == line(time=time).rstrip(b"\n")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"\n", "empty_line"),
        (b"no line at all\n", "fields"),
        (LINE.encode() + b" 12\n", "trailing"),
        (LINE[:-1].encode() + b"\n", "user_agent"),
        (line(status="2000"), "status"),
        (line(status="20x"), "status"),
        (line(bytes="1.5"), "bytes"),
        (LINE.encode()[:40] + b"\n", "time"),
    ],
)
def test_reasons(broken: bytes, reason: str, tmp_path: Path) -> None:
    got = weblog_tables.read(tmp_path, LINE.encode() + b"\n" + broken, "combined")
    assert [(r["line"], r["reason"]) for r in got.rejects] == [(2, reason)]


def test_an_agent_that_was_not_sent_is_empty_and_one_not_logged_is_null(tmp_path: Path) -> None:
    assert weblog_tables.read(tmp_path, line(agent="-"), "combined").row["user_agent"] == ""
    common = line().rsplit(b' "-"', 1)[0]
    assert weblog_tables.read(tmp_path, common, "common").row["user_agent"] is None


def test_lines_of_several_formats_in_one_file_come_in_their_order(tmp_path: Path) -> None:
    common = LINE.split(' "-"')[0]
    text = f"{LINE}\n{common}\nwww.example {LINE}\nnonsense\n{LINE}\n".encode()
    got = weblog_tables.read(tmp_path, text, ["combined", "common", "vhost_combined"])
    assert [(row["line"], row["host"], row["user_agent"]) for row in got.rows] == [
        (1, None, "Agent"),
        (2, None, None),
        (3, "www.example", "Agent"),
        (5, None, "Agent"),
    ]
    assert [(r["line"], r["reason"]) for r in got.rejects] == [(4, "fields")]


def test_a_time_without_zone_is_taken_in_the_given_one(tmp_path: Path) -> None:
    text = b"#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2026-07-01 10:00:00 192.0.2.7 GET / 200\n"
    utc = weblog_tables.read(tmp_path, text, "iis_w3c").row
    berlin = weblog_tables.read(tmp_path, text, "iis_w3c", timezone="Europe/Berlin").row
    assert utc["ts"] == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert berlin["ts"] == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert berlin["tz_minutes"] is None


W3C = (
    b"#Software: Microsoft Internet Information Services 10.0\n#Date: 2026-03-02 00:00:00\n"
    b"#Fields: time c-ip sc-status\n"
    b"09:00:01 192.0.2.1 200\n09:00:02 192.0.2.2 404\n"
    b"#Fields: date time cs-uri-stem c-ip sc-status time-taken\n"
    b"2026-03-03 09:00:03 /a 192.0.2.3 200 5\n2026-03-03 09:00:04 /b 192.0.2.4 500 -\nbroken\n"
)


@pytest.mark.parametrize("split_bytes", [1 << 26, 60, 30])
@pytest.mark.parametrize("block", [1 << 20, 40])
def test_w3c_fields_may_change_wherever_the_file_is_cut(split_bytes: int, block: int, tmp_path: Path) -> None:
    got = weblog_tables.read(tmp_path, W3C, "iis_w3c", block, split_bytes=split_bytes)
    assert [(r["line"], r["ts"].day, r["remote_host"], r["path"], r["status"], r["duration_us"]) for r in got.rows] == [
        (4, 2, "192.0.2.1", None, 200, None),
        (5, 2, "192.0.2.2", None, 404, None),
        (7, 3, "192.0.2.3", "/a", 200, 5000),
        (8, 3, "192.0.2.4", "/b", 500, None),
    ]
    assert [(r["line"], r["reason"]) for r in got.rejects] == [(9, "time")]


def test_w3c_lines_before_any_fields_are_rejects(tmp_path: Path) -> None:
    (reject,) = weblog_tables.read(tmp_path, b"2026-03-02 09:00:01 192.0.2.1 200\n", "iis_w3c").rejects
    assert reject["reason"] == "no_fields_directive"


def test_json_escapes_depth_and_damage(tmp_path: Path) -> None:
    head = '{"time":1772442001,"status":200,"request_uri":'
    lines = [
        head + '"/caf\\u00e9\\"?a=\\ud83d\\ude00"}',
        head + '"/lone\\ud800"}',
        head + '"/a","x":' + "[" * 80 + "]" * 80 + "}",
        head + '"/a",}',
        head + '"/a"} tail',
        head + '"/a","n":nul}',
        head + "null}",
        '{"time":1772442001,"request_uri":"/a"}',
        "[]",
    ]
    got = weblog_tables.read(tmp_path, "\n".join(lines).encode(), "nginx_json")
    assert [(row["line"], row["path"], row["query"]) for row in got.rows] == [
        (1, '/café"', "a=😀"),
        (2, "/lone\\xed\\xa0\\x80", None),
    ]
    assert [(r["line"], r["reason"]) for r in got.rejects] == [
        *((number, "json") for number in (3, 4, 5, 6)),
        (7, "request"),
        (8, "status"),
        (9, "json"),
    ]
