"""Apache's LogFormat and nginx's log_format, compiled: what they mean, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import weblog_tables

from dataweir.errors import ConfigError

AT = datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)
HALF = AT.replace(microsecond=500_000)


@pytest.mark.parametrize(
    ("template", "line", "expected"),
    [
        (
            r'LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined',
            'www.example:80 192.0.2.7 - - [02/Mar/2026:10:00:01 +0100] "GET / HTTP/1.1" 200 5 "-" "A \\"x\\""',
            {"host": "www.example", "bytes": 5, "user_agent": 'A \\"x\\"', "extra": [("port", "80")]},
        ),
        (
            "%{%Y-%m-%dT%H:%M:%S%z}t %a %m %U%q %H %s %B %D",
            "2026-03-02T10:00:01+0100 192.0.2.7 GET /a?b=c HTTP/1.1 200 5 77",
            {"ts": AT, "method": "GET", "path": "/a", "query": "b=c", "protocol": "HTTP/1.1", "duration_us": 77},
        ),
        ("%{sec}t %h %>s", "1772442001 192.0.2.7 200", {"ts": AT, "status": 200}),
        ("%{msec}t %h %>s", "1772442001500 192.0.2.7 200", {"ts": HALF}),
        ("%{usec}t %h %>s", "1772442001500000 192.0.2.7 200", {"ts": HALF}),
        (
            "%{begin:%d/%b/%Y %T}t.%{msec_frac}t %{%z}t %h",
            "02/Mar/2026 10:00:01.500 +0100 192.0.2.7",
            {"ts": HALF, "tz_minutes": 60, "remote_host": "192.0.2.7"},
        ),
        ("[%{%d/%b/%Y:%H:%M:%S %z}t] %h", "[02/Mar/2026:10:00:01 +0100] 192.0.2.7", {"ts": AT, "tz_minutes": 60}),
        ("%{%m/%d/%y %I:%M:%S %p}t %h", "03/02/26 09:00:01 AM 192.0.2.7", {"ts": AT, "tz_minutes": None}),
        ("%h %t %T", "192.0.2.7 [02/Mar/2026:10:00:01 +0100] 3", {"duration_us": 3_000_000}),
        ("%h %t %{ms}T", "192.0.2.7 [02/Mar/2026:10:00:01 +0100] 3", {"duration_us": 3000}),
        (
            "%{X-Forwarded-For}i %h %t %!200,304{X-Id}i",
            "198.51.100.1, 10.0.0.1 192.0.2.7 [02/Mar/2026:10:00:01 +0100] -",
            {"forwarded_for": "198.51.100.1, 10.0.0.1", "remote_host": "192.0.2.7", "extra": []},
        ),
        ("100%% %h %t", "100% 192.0.2.7 [02/Mar/2026:10:00:01 +0100]", {"remote_host": "192.0.2.7"}),
        (
            "log_format main '$remote_addr - $remote_user [$time_local] \"$request\" '\n"
            "  '$status $body_bytes_sent $request_time \"$upstream_response_time\" $request_id';",
            '192.0.2.7 - John Doe [02/Mar/2026:10:00:01 +0100] "GET / HTTP/2.0" 200 5 0.012 "0.01, 0.02" ab12',
            {
                "user": "John Doe",
                "duration_us": 12_000,
                "extra": [("upstream_response_time", "0.01, 0.02"), ("request_id", "ab12")],
            },
        ),
        (
            "$msec|$remote_addr|${request_method}|$request_uri|$status|$http_x_forwarded_for",
            "1772442001.500|192.0.2.7|GET|/a?b|200|198.51.100.1, 10.0.0.1",
            {"ts": HALF, "path": "/a", "query": "b", "forwarded_for": "198.51.100.1, 10.0.0.1"},
        ),
        (
            "[$time_iso8601] $host $remote_addr $status - $http_user_agent",
            "[2026-03-02T10:00:01+01:00] www.example 192.0.2.7 200 - Mozilla/5.0 (X11; Linux)",
            {"ts": AT, "host": "www.example", "user_agent": "Mozilla/5.0 (X11; Linux)"},
        ),
        (
            'log_format j escape=json \'{"t":"$time_iso8601","in":{"ip":"$remote_addr"},"s":$status,\'\n'
            '\'"d":$request_time,"id":"$request_id"}\';',
            '{"t":"2026-03-02T10:00:01+01:00","in":{"ip":"192.0.2.7"},"s":200,"d":0.5,"id":"ab\\u0031"}',
            {"ts": AT, "remote_host": "192.0.2.7", "status": 200, "duration_us": 500_000},
        ),
        (
            "#Fields: timestamp c-ip sc-status",
            "1772442001.5 192.0.2.7 200",
            {"ts": HALF, "remote_host": "192.0.2.7"},
        ),
    ],
)
def test_templates(template: str, line: str, expected: dict[str, Any], tmp_path: Path) -> None:
    row = weblog_tables.read(tmp_path, line.encode() + b"\n", template).row
    assert {key: row[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("template", "cause"),
    [
        ("%h %l", "holds no time"),
        ("%t %h%u", "side by side"),
        ("%t %h %{sec}t", "two times"),
        ("%t %", "no directive at"),
        ("%{%A}t %h", "cannot hold"),
        ('{"a": $status', "no JSON object"),
        ('{"a": "$status"}', "holds no time"),
        ("combind", "did you mean 'combined'"),
    ],
)
def test_what_does_not_compile_says_why(template: str, cause: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=cause):
        weblog_tables.connector(tmp_path, template)
