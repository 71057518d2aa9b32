"""Field by field against readers that share nothing with ours: csv, json, split and regular expressions."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import weblog_tables
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir import read_weblog

Row = dict[str, Any]
Reader = Callable[[str], Row]
AT = datetime(2026, 3, 2, 9, 0, 1, 250_000, tzinfo=UTC)


def value(text: str) -> str | None:
    return None if text == "-" else text


def number(text: str, scale: float = 1) -> int | None:
    return None if text in ("-", "-1") else int(float(text) * scale + 1e-6) if scale != 1 else int(text)


def time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def agent(text: str) -> str:
    return "" if text == "-" else text


def columns(line: str) -> list[str]:
    """Split at blanks outside quotes; escapes are left as they are."""
    found = re.finditer(r'"((?:\\.|[^"\\])*)"|([^ ]+)', line)
    return [each[2] if each[1] is None else each[1] for each in found]


def balancer(found: list[str]) -> Row:
    host = found[2].rpartition(":")[0]
    return {
        "ts": time(found[0]),
        "remote_host": host,
        "duration_us": number(found[5], 1_000_000),
        "status": number(found[7]),
        "bytes": number(found[10]),
        "request": found[11],
        "user_agent": agent(found[12]),
    }


def elb(line: str) -> Row:
    return balancer(columns(line))


def alb(line: str) -> Row:
    found = columns(line)
    return {**balancer(found[1:]), "scheme": found[0], "host": value(found[18])}


def s3(line: str) -> Row:
    found = columns(line.replace("[", '"', 1).replace("]", '"', 1))
    return {
        "host": found[1],
        "ts": datetime.strptime(found[2], "%d/%b/%Y:%H:%M:%S %z"),
        "remote_host": value(found[3]),
        "user": value(found[4]),
        "request": found[8],
        "status": number(found[9]),
        "bytes": number(found[11]),
        "duration_us": number(found[13], 1000),
        "referer": value(found[15]),
        "user_agent": agent(found[16]),
    }


def squid(line: str) -> Row:
    found = line.split()
    return {
        "ts": datetime.fromtimestamp(float(found[0]), UTC),
        "duration_us": number(found[1], 1000),
        "remote_host": found[2],
        "status": number(found[3].partition("/")[2]),
        "bytes": number(found[4]),
        "method": found[5],
        "user": value(found[7]),
    }


def haproxy(line: str) -> Row:
    found = re.fullmatch(
        r"(?P<host>.*):\d+ \[(?P<ts>[^]]*)\] \S+ \S+ (?:[-+\d]+/){4}\+?(?P<duration>-?\d+)"
        r' (?P<status>\S+) \+?(?P<bytes>\d+) \S+ \S+ \S{4} \S+ \S+ (?:\{.*\} )?"(?P<request>.*)"',
        line,
    )
    assert found
    return {
        "ts": datetime.strptime(found["ts"], "%d/%b/%Y:%H:%M:%S.%f").replace(tzinfo=UTC),
        "remote_host": found["host"],
        "duration_us": number(found["duration"], 1000),
        "status": number(found["status"]),
        "bytes": int(found["bytes"]),
        "request": found["request"],
    }


def envoy(line: str) -> Row:
    found = columns(line.replace("[", '"', 1).replace("]", '"', 1))
    return {
        "ts": time(found[0].replace("Z", "")),
        "request": found[1],
        "status": number(found[2]),
        "bytes": number(found[5]),
        "duration_us": number(found[6], 1000),
        "forwarded_for": value(found[8]),
        "user_agent": agent(found[9]),
        "host": value(found[11]),
    }


def w3c(line: str, fields: list[str], tabs: bool) -> Row:
    found = dict(zip(fields, line.split("\t" if tabs else " "), strict=True))
    agents = found.get("cs(User-Agent)", "-")
    agents = re.sub("%(25)?20", " ", agents) if tabs else agents.replace("+", " ")
    row = {
        "ts": time(f"{found['date']}T{found['time']}"),
        "remote_host": value(found["c-ip"]),
        "method": value(found["cs-method"]),
        "path": value(found["cs-uri-stem"]),
        "query": value(found["cs-uri-query"]),
        "status": number(found["sc-status"]),
    }
    if "cs(User-Agent)" in found:
        row["user_agent"] = agent(agents)
    if "time-taken" in found:
        row["duration_us"] = number(found["time-taken"], 1_000_000 if tabs else 1000)
    return row


IIS = ["date", "time", "cs-method", "cs-uri-stem", "cs-uri-query", "c-ip", "cs(User-Agent)", "sc-status", "time-taken"]
FRONT = ["date", "time", "x-edge-location", "c-ip", "cs-method", "cs-uri-stem", "sc-status", "cs(User-Agent)"]
FRONT += ["cs-uri-query", "time-taken"]


def cloudflare(line: str) -> Row:
    found = json.loads(line)
    return {
        "remote_host": found["ClientIP"],
        "status": found["EdgeResponseStatus"],
        "bytes": found["EdgeResponseBytes"],
        "path": found["ClientRequestURI"].partition("?")[0],
        "user_agent": found["ClientRequestUserAgent"],
    }


PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\#'), min_size=1, max_size=12)
SOME = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=24)
QUOTED = st.one_of(st.just('"-"'), SOME.map(lambda text: f'"{text}"'))
COUNT = st.one_of(st.just("-"), st.integers(0, 2**40).map(str))
STATUS = st.integers(100, 599).map(str)
HOST = st.sampled_from(["192.0.2.7", "2001:db8::7", "198.51.100.255"])
SECONDS = st.integers(0, 10**9).map(lambda n: f"{n // 10**6}.{n % 10**6:06d}")


def line(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    return st.tuples(*(st.just(p) if isinstance(p, str) else p for p in parts)).map(" ".join)


TAIL = (HOST.map(lambda h: f"{h}:4711"), "10.0.0.1:80", SECONDS, st.one_of(SECONDS, st.just("-1")), SECONDS)
REPLY = (st.one_of(STATUS, st.just("-")), STATUS, COUNT, COUNT, QUOTED, QUOTED, PLAIN, "TLSv1.2")
TABBED = PLAIN.filter(lambda text: "%" not in text)
MADE: dict[str, tuple[Reader, st.SearchStrategy[str], str]] = {
    "elb": (elb, line("2026-03-02T09:00:01.250000", "lb", *TAIL, *REPLY), ""),
    "alb": (
        alb,
        line("https", "2026-03-02T09:00:01.250000", "app/lb", *TAIL, *REPLY, "arn:x", '"Root=1"', QUOTED, '"-"', "0"),
        "",
    ),
    "s3": (
        s3,
        line(
            "79a5",
            "bucket",
            "[02/Mar/2026:10:00:01 +0100]",
            HOST,
            PLAIN,
            "3E57",
            "REST.GET.OBJECT",
            PLAIN,
            QUOTED,
            STATUS,
            "-",
            COUNT,
            COUNT,
            COUNT,
            "-",
            QUOTED,
            QUOTED,
            "-",
            "9vKBE6",
        ),
        "",
    ),
    "squid": (
        squid,
        line(
            "1772442001.250",
            COUNT.map(lambda n: n.rjust(6)),
            HOST,
            STATUS.map("TCP_HIT/{}".format),
            COUNT,
            "GET",
            PLAIN,
            PLAIN,
            "DIRECT/-",
            "text/html",
        ),
        "",
    ),
    "haproxy_http": (
        haproxy,
        line(
            HOST.map(lambda h: f"{h}:33"),
            "[02/Mar/2026:09:00:01.250]",
            "web~",
            "app/s1",
            COUNT.filter(lambda n: n != "-").map("1/-1/0/3/+{}".format),
            STATUS,
            "512",
            "-",
            "-",
            "----",
            "1/1/1/1/0",
            "0/0",
            "{a|b c}",
            QUOTED,
        ),
        "",
    ),
    "envoy": (
        envoy,
        line(
            "[2026-03-02T09:00:01.250Z]",
            QUOTED,
            STATUS,
            "-",
            COUNT,
            COUNT,
            COUNT,
            "-",
            QUOTED,
            QUOTED,
            QUOTED,
            QUOTED,
            '"10.0.0.1:80"',
        ),
        "",
    ),
    "iis_w3c": (
        lambda text: w3c(text, IIS, False),
        line("2026-03-02", "09:00:01", "GET", PLAIN, PLAIN, HOST, PLAIN, STATUS, COUNT),
        "#Fields: " + " ".join(IIS),
    ),
    "cloudfront": (
        lambda text: w3c(text, FRONT, True),
        st.tuples(
            *(
                st.just(p) if isinstance(p, str) else p
                for p in ("2026-03-02", "09:00:01", "FRA2", HOST, "GET", TABBED, STATUS, PLAIN, TABBED, SECONDS)
            )
        ).map("\t".join),
        "#Fields: " + " ".join(FRONT),
    ),
    "cloudflare": (
        cloudflare,
        st.fixed_dictionaries(
            {
                "EdgeStartTimestamp": st.just(1772442001),
                "ClientIP": HOST,
                "EdgeResponseStatus": st.integers(100, 599),
                "EdgeResponseBytes": st.integers(0, 2**62),
                "ClientRequestURI": st.text(max_size=9).map("/{}".format),
                "ClientRequestUserAgent": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
            }
        ).flatmap(lambda found: st.booleans().map(lambda ascii: json.dumps(found, ensure_ascii=ascii))),
        "",
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_made_lines(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    theirs, lines, header = MADE[name]

    @settings(max_examples=25, deadline=None)
    @given(st.lists(lines, min_size=1, max_size=20))
    def compare(found: list[str]) -> None:
        text = "\n".join([*([header] if header else []), *found, ""])
        got = weblog_tables.read(tmp_path_factory.mktemp("d"), text.encode(), name)
        expected = [theirs(each) for each in found]
        assert got.rejects == []
        assert [{key: row[key] for key in want} for row, want in zip(got.rows, expected, strict=True)] == expected

    compare()


def edgar(line: str) -> Row:
    (found,) = csv.reader([line])
    return {
        "ts": time(f"{found[1]}T{found[2]}"),
        "remote_host": found[0],
        "status": int(float(found[7])),
        "bytes": int(float(found[8])) if found[8] else None,
    }


REAL: list[tuple[str, Reader | None]] = [
    ("aws_elb/AWSLogs.log", elb),
    ("aws_elb/AppELBLog.log", lambda line: balancer(columns(line)[1:])),
    ("squid/1eps_access.log", squid),
    ("edgar_csv/edgar_20170101_large.csv.gz", edgar),
    ("iis_w3c/u_ex22120307.log.gz", None),
    ("iis_w3c/u_ex23010624.log.gz", None),
]


@pytest.mark.real_data
@pytest.mark.parametrize(("file", "theirs"), REAL)
def test_real_lines(file: str, theirs: Reader | None, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "weblogs" / file
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = data.decode("ascii", "replace").splitlines()[:3000]
    lines = [each for each in lines if "\ufffd" not in each]
    (tmp_path / "log").write_text("\n".join(lines) + "\n")
    got = {row["line"]: row for row in read_weblog(tmp_path / "log").rows.to_pylist()}
    fields: list[str] = []
    compared = 0
    for place, each in enumerate(lines, 1):
        if each.startswith("#Fields:"):
            fields = each.split()[1:]
        if each.startswith("#") or place not in got:
            continue
        expected = theirs(each) if theirs else w3c(each, fields, False)
        assert {key: got[place][key] for key in expected} == expected, place
        compared += 1
    assert compared > 0.98 * sum(not each.startswith(("#", "ip,date,")) for each in lines)
