"""Every named format on a line of its own, as its documentation writes it: read, and recognised by `auto`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import weblog_tables

from dataweir.ingest.weblogs.reader import NAMES
from dataweir.ingest.weblogs.w3c import REALTIME

AT = datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)
CLF = '192.0.2.7 - alice [02/Mar/2026:10:00:01 +0100] "GET /a?b=c HTTP/1.1" 200 512'
AGENTS = ' "https://ref.example/" "Agent/1.0"'
COMMON = {
    "remote_host": "192.0.2.7",
    "ts": AT,
    "method": "GET",
    "path": "/a",
    "query": "b=c",
    "status": 200,
    "bytes": 512,
}
COMBINED = {**COMMON, "user": "alice", "referer": "https://ref.example/", "user_agent": "Agent/1.0"}
UWSGI = (
    "[pid: 7|app: 0|req: 1/2] 192.0.2.7 () {38 vars in 696 bytes} [Mon Mar  2 09:00:01 2026] GET /a?b=c => generated"
    " 512 bytes in 12 %s (HTTP/1.1 200) 9 headers in 378 bytes (1 switches on core 3)"
)
REALTIME_VALUES = {
    "timestamp": "1772442001.000",
    "c-ip": "192.0.2.7",
    "sc-status": "200",
    "sc-bytes": "512",
    "cs-method": "GET",
    "cs-uri-stem": "/a",
    "cs-uri-query": "b=c",
    "time-taken": "0.012",
    "x-host-header": "www.example",
    "cs-user-agent": "Agent%201.0",
}

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "common": (CLF, {**COMMON, "user": "alice", "user_agent": None}),
    "combined": (CLF + AGENTS, COMBINED),
    "vhost_common": ("www.example:80 " + CLF, {**COMMON, "host": "www.example:80"}),
    "vhost_combined": ("www.example:80 " + CLF + AGENTS, {**COMBINED, "host": "www.example:80"}),
    "combined_duration": (CLF + AGENTS + " 1234", {**COMBINED, "duration_us": 1234}),
    "nginx_main": (CLF + AGENTS + ' "198.51.100.1, 10.0.0.1"', {**COMBINED, "forwarded_for": "198.51.100.1, 10.0.0.1"}),
    "vhost_main": ("www.example " + CLF + AGENTS + ' "-"', {**COMBINED, "host": "www.example", "forwarded_for": None}),
    "ingress_nginx": (
        CLF + AGENTS + " 345 0.012 [web-80] [] 10.0.0.2:80, 10.0.0.3:80 0, 512 0.002, 0.010 504, 200 ab12",
        {**COMBINED, "duration_us": 12_000},
    ),
    "npm_proxy": (
        '[02/Mar/2026:10:00:01 +0100] - 200 200 - GET https www.example "/a?b=c" [Client 192.0.2.7] [Length 512]'
        ' [Gzip 3.10] [Sent-to app] "Agent/1.0" "https://ref.example/"',
        {**COMMON, "scheme": "https", "host": "www.example", "user_agent": "Agent/1.0"},
    ),
    "npm_standard": (
        '[02/Mar/2026:10:00:01 +0100] 200 - GET https www.example "/a?b=c" [Client 192.0.2.7] [Length 512] [Gzip -]'
        ' "Agent/1.0" "-"',
        {**COMMON, "scheme": "https", "referer": None},
    ),
    "uwsgi": (UWSGI % "msecs", {**COMMON, "duration_us": 12_000}),
    "uwsgi_micros": (UWSGI % "micros", {**COMMON, "duration_us": 12}),
    "traefik": (CLF + AGENTS + ' 7 "web@docker" "http://10.0.0.2:80" 12ms', {**COMBINED, "duration_us": 12_000}),
    "elb": (
        "2026-03-02T09:00:01.000000Z lb 192.0.2.7:2817 10.0.0.1:80 0.000073 0.012 0.000057 200 200 0 512"
        ' "GET https://www.example:443/a?b=c HTTP/1.1" "Agent/1.0" - -',
        {**COMMON, "path": "https://www.example:443/a", "duration_us": 12_000, "user_agent": "Agent/1.0"},
    ),
    "alb": (
        "h2 2026-03-02T09:00:01.000000Z app/lb/50dc 2001:db8::7:2817 10.0.0.1:80 0.000 -1 0.000 200 200 0 512"
        ' "GET https://www.example:443/a?b=c HTTP/2.0" "Agent \\"1.0\\"" ECDHE TLSv1.2 arn:aws:x "Root=1-58"'
        ' "www.example" "arn:aws:y" 1 2026-03-02T09:00:00.000000Z'
        ' "forward,redirect" "-" "-" "10.0.0.1:80" "200" "-" "-"',
        {
            **COMMON,
            "path": "https://www.example:443/a",
            "remote_host": "2001:db8::7",
            "duration_us": None,
            "scheme": "h2",
            "host": "www.example",
            "user_agent": 'Agent \\"1.0\\"',
        },
    ),
    "nlb": (
        "tls 2.0 2026-03-02T09:00:01 net/lb/c6 g3d4 192.0.2.7:51341 10.0.0.1:443 5 2 98 512 - arn:aws:acm:x - ECDHE"
        " tlsv12 - www.example - - -",
        {"remote_host": "192.0.2.7", "ts": AT, "bytes": 512, "duration_us": 5000, "host": "www.example"},
    ),
    "s3": (
        "79a59df9 bucket [02/Mar/2026:09:00:01 +0000] 192.0.2.7 arn:aws:iam::1:user/alice 3E57 REST.GET.OBJECT a"
        ' "GET /a?b=c HTTP/1.1" 200 - 512 512 7 6 "-" "Agent/1.0" - 9vKBE6 SigV4',
        {**COMMON, "host": "bucket", "duration_us": 7000, "referer": None, "user_agent": "Agent/1.0"},
    ),
    "squid": (
        "1772442001.000     12 192.0.2.7 TCP_MISS/200 512 GET http://www.example/a?b=c alice"
        " DIRECT/198.51.100.9 text/html",
        {**COMMON, "path": "http://www.example/a", "user": "alice", "duration_us": 12_000},
    ),
    "haproxy_http": (
        "Mar  2 09:00:01 localhost haproxy[14389]: 192.0.2.7:33317 [02/Mar/2026:09:00:01.000] http-in static/srv1"
        ' 10/0/30/69/109 200 512 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /a?b=c HTTP/1.1"',
        {**COMMON, "duration_us": 109_000, "tz_minutes": None},
    ),
    "envoy": (
        '[2026-03-02T09:00:01.000Z] "GET /a?b=c HTTP/2" 200 - 0 512 12 11 "192.0.2.1" "Agent/1.0" "e6d3" "www.example"'
        ' "10.0.0.1:80"',
        {**COMMON, "remote_host": None, "duration_us": 12_000, "host": "www.example", "forwarded_for": "192.0.2.1"},
    ),
    "istio": (
        '[2026-03-02T09:00:01.000Z] "GET /a?b=c HTTP/1.1" 200 - via_upstream - "-" 0 512 12 11 "192.0.2.1" "Agent/1.0"'
        ' "e6d3" "www.example" "10.0.0.1:80" inbound|80|| 127.0.0.6:1 10.0.0.1:80 192.0.2.7:37652 - default',
        {**COMMON, "duration_us": 12_000, "host": "www.example", "forwarded_for": "192.0.2.1"},
    ),
    "edgar_csv": (
        "ip,date,time,zone,cik,accession,extention,code,size,idx,norefer,noagent,find,crawler,browser\r\n"
        "104.197.32.ihd,2026-03-02,09:00:01,0.0,1111711.0,0001193125-12-324016,-index.htm,200.0,512.0,1.0,0.0,0.0,10.0,0.0,",
        {"remote_host": "104.197.32.ihd", "ts": AT, "status": 200, "bytes": 512},
    ),
    "caddy": (
        '{"level":"info","ts":1772442001.0,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":'
        '"192.0.2.7","remote_port":"4","proto":"HTTP/2.0","method":"GET","host":"www.example","uri":"/a?b=c","headers":'
        '{"User-Agent":["Agent/1.0"],"Referer":["https://ref.example/"]}},"user_id":"alice","duration":3.3987e-05,'
        '"size":512,"status":200,"resp_headers":{"Server":["Caddy"]}}',
        {**COMBINED, "duration_us": 33, "host": "www.example"},
    ),
    "traefik_json": (
        '{"ClientHost":"192.0.2.7","ClientUsername":"-","DownstreamContentSize":512,"DownstreamStatus":200,"Duration":'
        '215563,"RequestHost":"www.example","RequestMethod":"GET","RequestPath":"/a?b=c","RequestProtocol":"HTTP/1.1",'
        '"StartUTC":"2026-03-02T09:00:01.000000000Z","level":"info","request_User-Agent":"Agent/1.0","time":'
        '"2026-03-02T09:00:02Z"}',
        {**COMMON, "user": None, "duration_us": 215, "user_agent": "Agent/1.0"},
    ),
    "cloudflare": (
        '{"ClientIP":"192.0.2.7","ClientRequestHost":"www.example","ClientRequestMethod":"GET","ClientRequestURI":'
        '"/a?b=c","EdgeEndTimestamp":"2026-03-02T09:00:02Z","EdgeResponseBytes":512,"EdgeResponseStatus":200,'
        '"EdgeStartTimestamp":1772442001000000000,"ClientRequestUserAgent":"Agent\\u002f1.0"}',
        {**COMMON, "user_agent": "Agent/1.0"},
    ),
    "gcp_lb": (
        '{"httpRequest":{"latency":"0.012s","remoteIp":"192.0.2.7","requestMethod":"GET","requestUrl":'
        '"https://www.example/a?b=c","responseSize":"512","status":200,"userAgent":"Agent/1.0"},"timestamp":'
        '"2026-03-02T09:00:01.000Z"}',
        {**COMMON, "path": "https://www.example/a", "duration_us": 12_000},
    ),
    "azure_appgw": (
        '{"time":"2026-03-02T09:00:01Z","category":"ApplicationGatewayAccessLog","properties":{"clientIP":"192.0.2.7",'
        '"httpMethod":"GET","requestUri":"/a","requestQuery":"b=c","userAgent":"Agent/1.0","httpStatus":200,'
        '"httpVersion":"HTTP/1.1","sentBytes":512,"timeTaken":0.012,"host":"www.example"}}',
        {**COMMON, "duration_us": 12_000, "host": "www.example"},
    ),
    "envoy_json": (
        '{"start_time":"2026-03-02T09:00:01.000Z","method":"GET","path":"/a?b=c","protocol":"HTTP/2","response_code":200,'
        '"bytes_sent":512,"duration":12,"downstream_remote_address":"192.0.2.7","user_agent":"Agent/1.0","authority":"w"}',
        {**COMMON, "duration_us": 12_000},
    ),
    "nginx_json": (
        '{"time_iso8601":"2026-03-02T10:00:01+01:00","remote_addr":"192.0.2.7","remote_user":"","request":'
        '"GET /a?b=c HTTP/1.1","status":"200","body_bytes_sent":"512","request_time":"0.012","http_referrer":""}',
        {**COMMON, "duration_us": 12_000, "tz_minutes": 60},
    ),
    "iis_w3c": (
        "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time s-ip cs-method cs-uri-stem"
        " cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Cookie) sc-status sc-bytes time-taken\r\n"
        '2026-03-02 09:00:01 10.0.0.1 GET /a b=c 80 alice 192.0.2.7 Agent+1.0 "a=b; c=d" 200 512 12',
        {**COMMON, "user": "alice", "user_agent": "Agent 1.0", "duration_us": 12_000},
    ),
    "cloudfront": (
        "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status"
        " cs(Referer) cs(User-Agent) cs-uri-query x-host-header time-taken\n"
        "2026-03-02\t09:00:01\tFRA2\t512\t192.0.2.7\tGET\td1.cloudfront.net\t/a\t200\t-\tAgent%25201.0\tb=c\twww.example\t0.012",
        {**COMMON, "user_agent": "Agent 1.0", "host": "www.example", "duration_us": 12_000, "referer": None},
    ),
    "cloudfront_realtime": (
        "\t".join(REALTIME_VALUES.get(name, "-") for name in REALTIME.split()),
        {**COMMON, "user_agent": "Agent 1.0", "host": "www.example", "duration_us": 12_000},
    ),
}


def test_every_named_format_has_a_case() -> None:
    assert set(CASES) == set(NAMES)


@pytest.mark.parametrize("name", CASES)
def test_a_format_reads_its_own_lines(name: str, tmp_path: Path) -> None:
    text, expected = CASES[name]
    row = weblog_tables.read(tmp_path, text.encode() + b"\n", name).row
    assert {key: row[key] for key in expected} == expected


@pytest.mark.parametrize("name", CASES)
def test_a_format_is_recognised_by_its_lines(name: str, tmp_path: Path) -> None:
    text, _ = CASES[name]
    (tmp_path / "log").write_bytes(text.encode() + b"\n")
    plan = weblog_tables.connector(tmp_path, "auto").plan({})
    assert [split.extra["format"] for split in plan.splits] == [name]
    assert plan.notes == [f"{name}: 1 file(s), confidence 100.0% of 1 sampled lines"]


@pytest.mark.parametrize("name", CASES)
def test_a_line_cut_anywhere_is_kept_or_rejected_never_lost(name: str, tmp_path: Path) -> None:
    text = CASES[name][0].encode()
    head, _, line = text.rpartition(b"\n")
    head = head + b"\n" if head else b""
    cut = b"\n".join(line[:i] for i in range(1, len(line)))
    got = weblog_tables.read(tmp_path, head + cut, name)
    assert len(got.rows) + len(got.rejects) == len(line) - 1
    assert all(reject["reason"] for reject in got.rejects)


def test_what_has_no_column_stands_in_extra(tmp_path: Path) -> None:
    row = weblog_tables.read(tmp_path, CASES["s3"][0].encode(), "s3").row
    extra = dict(row["extra"])
    assert extra["operation"] == "REST.GET.OBJECT"
    assert extra["more"] == "SigV4"
    assert "version_id" not in extra
    line = CASES["gcp_lb"][0]
    assert dict(weblog_tables.read(tmp_path, line.encode(), "gcp_lb").row["extra"]) == {"json": line}
