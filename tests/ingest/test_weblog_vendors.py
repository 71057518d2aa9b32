"""What differs between versions and settings of one vendor's log: fields that came later, values that are not there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import weblog_tables

AT = datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)
HAPROXY = (
    "192.0.2.7:33317 [02/Mar/2026:09:00:01.000] web~ app/s1 10/0/30/69/109 200 512 - - ---- 1/1/1/1/0 0/0"
    ' {www.example|a b} {} "GET /a?b=c HTTP/1.1"'
)
ALB = (
    'https 2026-03-02T09:00:01.000000Z app/lb/50 192.0.2.7:2817 %s 0.086 0.048 0.037 %s 0 57 "%s" "%s" - TLSv1.3'
    ' arn:aws:t "Root=1-5" "www.example" "-" 1 2026-03-02T09:00:00.000000Z "forward" "-" "-" "-" "-" "-" "-"'
)
S3 = "79a5 bucket [02/Mar/2026:09:00:01 +0000] %s - 3E57 %s"
SQUID = "1772442001.000    180 %s TCP_MISS/%s 411 %s"
ENVOY = '[2026-03-02T09:00:01.000Z] "%s" %s 0 95 %s - "-" "-" "-" "-" "-"'
GET = "GET https://www.example:443/ HTTP/2.0"

LINES: list[tuple[str, str, dict[str, Any]]] = [
    (
        "elb",
        '2026-03-02T09:00:01.0Z lb 192.0.2.7:2817 - -1 -1 -1 504 0 0 0 "GET http://a/ HTTP/1.1" "A \\"b\\"" - -',
        {"status": 504, "duration_us": None, "user_agent": 'A \\"b\\"'},
    ),
    (
        "elb",
        '2026-03-02T09:00:01.0Z lb 192.0.2.7:2817 10.0.0.1:80 0.1 0.0 0.0 - - 82 305 "- - - " "-" - -',
        {"status": None, "bytes": 305, "method": None, "user_agent": ""},
    ),
    (
        "elb",
        '2026-03-02T09:00:01.0Z lb 192.0.2.7:2817 10.0.0.1:80 0.1 0.0 0.0 200 200 0 29 "GET http://a/ HTTP/1.1"',
        {"status": 200, "user_agent": None},
    ),
    ("alb", ALB % ("10.0.0.1:80", "200 200", GET, "curl/8"), {"status": 200, "duration_us": 48_000, "ts": AT}),
    (
        "alb",
        ALB % ("-", "460 -", "GET http://a:80/a b HTTP/1.1", "M \\x22x\\x22") + ' TID_1 - - - extra "x y"',
        {"status": 460, "request": "GET http://a:80/a b HTTP/1.1", "host": "www.example"},
    ),
    ("alb", ALB % ("-", "400 -", "- http://a:80- -", "-"), {"status": 400, "method": None}),
    (
        "nlb",
        "tls 2.0 2026-03-02T09:00:01 net/lb/c6 g3 [2001:db8::1]:51341 - 5 - 98 246 unknown_ca",
        {"remote_host": "2001:db8::1", "bytes": 246, "duration_us": 5000},
    ),
    (
        "nlb",
        "tls 2.0 2026-03-02T09:00:01 net/lb/c6 g3 192.0.2.7:51341 10.0.0.1:443 - - 0 0 - arn:x - ECDHE tlsv13 - h"
        ' h2 h2 "h2","http/1.1" 2026-03-02T09:00:00',
        {"duration_us": None, "host": "h"},
    ),
    (
        "s3",
        S3
        % (
            "192.0.2.7",
            'REST.GET.VERSIONING - "GET /b?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - s9'
            " SigV4 ECDHE AuthHeader b.s3.example TLSV1.2 arn:aws:s3:x Yes new1 new2",
        ),
        {"query": "versioning", "bytes": 113},
    ),
    (
        "s3",
        S3 % ("-", 'S3.EXPIRE.OBJECT my+file.txt "-" - - - 4406583 - - "-" "-" - 10S62 -'),
        {"remote_host": None, "status": None, "bytes": None, "request": "-"},
    ),
    (
        "squid",
        SQUID % ("192.0.2.7", "200", "GET http://a/ x DIRECT/1.2.3.4 text/html; charset=utf-8"),
        {"status": 200, "user": "x", "duration_us": 180_000},
    ),
    (
        "squid",
        SQUID % ("2001:db8::1", "000", "NONE error:transaction-end-before-headers - HIER_NONE/- -"),
        {"status": 0, "remote_host": "2001:db8::1"},
    ),
    (
        "squid",
        SQUID % ("192.0.2.7", "200", "GET http://a/ - DIRECT/1.2.3.4 text/plain [Host: a\\r\\n] [HTTP/1.1 200 OK]"),
        {"method": "GET", "path": "http://a/"},
    ),
    (
        "squid",
        SQUID % ("192.0.2.7", "407", "CONNECT a.example:443 CORP\\al%20b HIER_NONE/- -"),
        {"path": "a.example:443", "user": "CORP\\al%20b"},
    ),
    *[
        ("haproxy_http", before + HAPROXY, {"status": 200, "duration_us": 109_000, "query": "b=c", "ts": AT})
        for before in (
            "",
            "haproxy[674]: ",
            "Mar  2 09:00:01 lb haproxy[674]: ",
            "<134>Mar  2 09:00:01 haproxy[674]: ",
            "2026-03-02T09:00:01.123+00:00 lb haproxy[1]: ",
            "<134>1 2026-03-02T09:00:01.123Z lb haproxy 674 - - ",
            '<134>1 2026-03-02T09:00:01.123Z lb haproxy 674 - [a@1 b="c\\]d"][e@1] \ufeff',
        )
    ],
    ("haproxy_http", HAPROXY + " 0/0000000000000000/0/0/0 www.example/TLSv1.3/TLS_AES_128", {"path": "/a"}),
    (
        "haproxy_http",
        "192.0.2.7:1 [02/Mar/2026:09:00:01.000] px px/<NOSRV> -1/-1/-1/-1/+8490 -1 +10 - - CR-- 2/2/2/0/0 0/0"
        ' "<BADREQ>"',
        {"status": None, "duration_us": 8_490_000, "bytes": 10, "method": None},
    ),
    ("haproxy_http", HAPROXY.replace("192.0.2.7", "2001:db8::7"), {"remote_host": "2001:db8::7"}),
    ("envoy", ENVOY % ("- - HTTP/1.1", "400 DPE", "0"), {"status": 400, "method": None}),
    ("envoy", ENVOY % ("GET / HTTP/2", "0 UF,URX", "10001"), {"status": 0, "duration_us": 10_001_000}),
    (
        "traefik",
        '192.0.2.7 - al [02/Mar/2026:09:00:01 +0000] "GET / HTTP/2.0" - - "-" "-" 15 "-" - 3ms',
        {"status": None, "bytes": None, "duration_us": 3000},
    ),
    (
        "edgar_csv",
        "1.2.3.abc,2026-03-02,09:00:01,500,1608552,0001-17-004337,.txt,404.0,,1.0,0.0,0.0,10.0,0.0,mie",
        {"status": 404, "bytes": None, "ts": AT},
    ),
    (
        "vhost_combined",
        'a.example:443 fe80::1%eth0 - - [02/Mar/2026:09:00:01 +0000] "-" 408 - "-" "-"',
        {"remote_host": "fe80::1%eth0", "status": 408, "bytes": None, "method": None},
    ),
]


@pytest.mark.parametrize(("name", "line", "expected"), LINES)
def test_a_variant_is_read(name: str, line: str, expected: dict[str, Any], tmp_path: Path) -> None:
    row = weblog_tables.read(tmp_path, line.encode() + b"\n", name).row
    assert {key: row[key] for key in expected} == expected


HEADERS = {"User-Agent": ["A"], "X-Forwarded-For": ["1.2.3.4, 5.6.7.8"]}
CADDY = {"ts": 1772442001.0, "status": 200, "duration": 0.5, "size": 0}
OBJECTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "caddy",
        {**CADDY, "request": {"remote_addr": "[2001:db8::7]:443", "uri": "/", "headers": HEADERS}},
        {"remote_host": "2001:db8::7", "forwarded_for": "1.2.3.4, 5.6.7.8", "user_agent": "A", "duration_us": 500_000},
    ),
    (
        "caddy",
        {**CADDY, "ts": "2026/03/02 09:00:01", "request": {"remote_addr": "192.0.2.7:41342", "uri": "/"}},
        {"remote_host": "192.0.2.7", "ts": AT},
    ),
    (
        "caddy",
        {**CADDY, "request": {"client_ip": "10.0.0.1", "remote_ip": "fe80::1", "uri": "/"}, "user_id": ""},
        {"remote_host": "fe80::1", "user": None},
    ),
    (
        "traefik_json",
        {
            "StartLocal": "2026-03-02T10:00:01+01:00",
            "StartUTC": "2026-03-02T09:00:01Z",
            "DownstreamStatus": 0,
            "Duration": 66,
            "ClientHost": "::1",
        },
        {"tz_minutes": 0, "status": 0, "duration_us": 0, "remote_host": "::1"},
    ),
    (
        "cloudflare",
        {
            "EdgeStartTimestamp": "2026-03-02T09:00:01Z",
            "EdgeResponseStatus": 403,
            "ClientRequestPath": "/p",
            "EdgeResponseBytes": 5_000_000_000,
        },
        {"path": "/p", "bytes": 5_000_000_000, "ts": AT},
    ),
    (
        "cloudflare",
        {
            "EdgeStartTimestamp": 1772442001,
            "EdgeResponseStatus": 200,
            "ClientRequestPath": "/p",
            "ClientRequestURI": "/p?q",
        },
        {"path": "/p", "query": "q", "ts": AT},
    ),
    (
        "gcp_lb",
        {
            "httpRequest": {"status": 200, "latency": "0.012s", "remoteIp": "2001:db8::7"},
            "receiveTimestamp": "2026-03-02T09:00:09Z",
            "timestamp": "2026-03-02T09:00:01.000000001Z",
        },
        {"ts": AT, "duration_us": 12_000, "remote_host": "2001:db8::7"},
    ),
    (
        "azure_appgw",
        {
            "timeStamp": "2026-03-02T09:00:01+00:00",
            "properties": {
                "clientIP": "192.0.2.7",
                "requestUri": "/",
                "httpStatus": 200,
                "userAgent": "-",
                "timeTaken": 0.034,
            },
        },
        {"ts": AT, "user_agent": "", "duration_us": 34_000},
    ),
    (
        "envoy_json",
        {
            "start_time": "2026-03-02T09:00:01.000Z",
            "response_code": 0,
            "path": None,
            "downstream_remote_address": "192.0.2.7:37652",
        },
        {"remote_host": "192.0.2.7", "path": None, "status": 0},
    ),
    (
        "nginx_json",
        {
            "time_local": "02/Mar/2026:10:00:01 +0100",
            "request": "GET / HTTP/1.1",
            "status": "200",
            "http_referrer": "",
            "upstream_response_time": "0.1, 0.2",
        },
        {"ts": AT, "referer": None},
    ),
]


@pytest.mark.parametrize(("name", "value", "expected"), OBJECTS)
def test_an_object_is_read(name: str, value: dict[str, Any], expected: dict[str, Any], tmp_path: Path) -> None:
    row = weblog_tables.read(tmp_path, json.dumps(value).encode() + b"\n", name).row
    assert {key: row[key] for key in expected} == expected


def test_real_time_logs_of_cloudfront_with_chosen_fields(tmp_path: Path) -> None:
    fields = "#Fields: timestamp c-ip time-taken sc-status sc-bytes cs-method cs-host cs-uri-stem cs-user-agent"
    line = "1772442001.000\t192.0.2.7\t0.002\t200\t459\tGET\td1.example\t/x\tAgent/1%20x\n"
    row = weblog_tables.read(tmp_path, line.encode(), fields).row
    assert (row["ts"], row["duration_us"], row["path"], row["user_agent"]) == (AT, 2000, "/x", "Agent/1 x")


def test_iis_fields_of_ones_own_and_a_lone_quote_in_a_value(tmp_path: Path) -> None:
    text = (
        "#Software: Microsoft Internet Information Services 10.0\n"
        "#Fields: date time cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status sc-bytes X-Forwarded-For\n"
        '2026-03-02 09:00:01 GET /a.php id=1+or+"x" fe80::1%4 "Mozilla 200 5000000000 203.0.113.1,+10.0.0.1\n'
    )
    row = weblog_tables.read(tmp_path, text.encode(), "iis_w3c").row
    assert (row["query"], row["user_agent"], row["bytes"]) == ('id=1+or+"x"', '"Mozilla', 5_000_000_000)
    assert (row["remote_host"], row["forwarded_for"]) == ("fe80::1%4", "203.0.113.1,+10.0.0.1")


@pytest.mark.parametrize(
    ("format", "line", "extra"),
    [
        (
            '$remote_addr [$time_local] "$request" $status $upstream_response_time $pipe',
            '192.0.2.7 [02/Mar/2026:09:00:01 +0000] "GET / HTTP/1.1" 200 0.1, 0.2 : 0.3 .',
            {"upstream_response_time": "0.1, 0.2 : 0.3", "pipe": "."},
        ),
        (
            "$time_iso8601|$remote_addr|$request_uri|$status|$http_x_id|$http_user_agent",
            "2026-03-02T09:00:01+00:00|192.0.2.7|/a b|200||Agent x",
            {"x_id": ""},
        ),
        (
            '%{%Y-%m-%d %H:%M:%S}t.%{msec_frac}t %{%z}t %h "%r" %>s %X "%{Cookie}i"',
            '2026-03-02 09:00:01.000 +0000 192.0.2.7 "GET / HTTP/1.1" 200 + "a=\\"b\\""',
            {"directive_x": "+", "cookie": 'a=\\"b\\"'},
        ),
    ],
)
def test_a_format_of_ones_own(format: str, line: str, extra: dict[str, str], tmp_path: Path) -> None:
    row = weblog_tables.read(tmp_path, line.encode() + b"\n", format).row
    assert (row["ts"], row["status"], row["remote_host"]) == (AT, 200, "192.0.2.7")
    assert dict(row["extra"]) == extra
