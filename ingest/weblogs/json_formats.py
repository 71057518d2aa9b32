"""The JSON formats that have a name, and any `log_format ... escape=json` of nginx."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ...errors import ConfigError
from .fields import ADDRESS, NUMBER, STATUS, TEXT, TIME
from .objects import JsonFormat
from .program import Field
from .template import nginx_variable, unwrap

_SECOND, _MILLI, _NANO = 1_000_000, 1000, -1000
_ANY_TIME = b"%*"
_HEADERS = {"user_agent": "User-Agent", "referer": "Referer", "forwarded_for": "X-Forwarded-For"}


def _json(name: str, columns: dict[str, str], unit: int = 1, needed: tuple[str, ...] = ("ts", "status")) -> JsonFormat:
    """Return a format from `{column: "path path ..."}`; `unit` is what `duration_us` is multiplied by."""
    fields = tuple(_field(column, unit) for column in columns)
    paths = {path: column for column, names in columns.items() for path in names.split()}
    return JsonFormat(name, fields, paths, needed)


def _field(column: str, unit: int) -> Field:
    if column == "ts":
        return Field(column, TIME, pattern=_ANY_TIME)
    if column == "status":
        return Field(column, STATUS)
    if column == "remote_host":
        return Field(column, ADDRESS)
    if column == "bytes":
        return Field(column, NUMBER)
    if column == "duration_us":
        return Field(column, NUMBER, scale=unit)
    return Field(column, TEXT)


_OBJECTS = [
    # https://caddyserver.com/docs/caddyfile/directives/log
    _json(
        "caddy",
        {
            "ts": "ts",
            "remote_host": "request>remote_ip request>remote_addr request>client_ip",
            "user": "user_id",
            "method": "request>method",
            "target": "request>uri",
            "protocol": "request>proto",
            "host": "request>host",
            "status": "status",
            "bytes": "size",
            "duration_us": "duration",
            **{column: f"request>headers>{header}" for column, header in _HEADERS.items()},
        },
        _SECOND,
        ("target", "ts", "status"),
    ),
    # https://doc.traefik.io/traefik/observability/access-logs/#available-fields
    _json(
        "traefik_json",
        {
            "ts": "StartUTC StartLocal",
            "remote_host": "ClientHost",
            "user": "ClientUsername",
            "method": "RequestMethod",
            "target": "RequestPath",
            "protocol": "RequestProtocol",
            "scheme": "RequestScheme",
            "host": "RequestHost",
            "status": "DownstreamStatus",
            "bytes": "DownstreamContentSize",
            "duration_us": "Duration",
            **{column: f"request_{header}" for column, header in _HEADERS.items()},
        },
        _NANO,
    ),
    # https://developers.cloudflare.com/logs/reference/log-fields/zone/http_requests/
    _json(
        "cloudflare",
        {
            "ts": "EdgeStartTimestamp",
            "remote_host": "ClientIP",
            "method": "ClientRequestMethod",
            "target": "ClientRequestURI ClientRequestPath",
            "protocol": "ClientRequestProtocol",
            "scheme": "ClientRequestScheme",
            "host": "ClientRequestHost",
            "status": "EdgeResponseStatus",
            "bytes": "EdgeResponseBytes",
            "duration_us": "EdgeTimeToFirstByteMs",
            "referer": "ClientRequestReferer",
            "user_agent": "ClientRequestUserAgent",
        },
        _MILLI,
    ),
    # https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#httprequest
    _json(
        "gcp_lb",
        {
            "ts": "timestamp receiveTimestamp",
            "remote_host": "httpRequest>remoteIp",
            "method": "httpRequest>requestMethod",
            "target": "httpRequest>requestUrl",
            "protocol": "httpRequest>protocol",
            "status": "httpRequest>status",
            "bytes": "httpRequest>responseSize",
            "duration_us": "httpRequest>latency",
            "referer": "httpRequest>referer",
            "user_agent": "httpRequest>userAgent",
        },
        _SECOND,
    ),
    # https://learn.microsoft.com/azure/application-gateway/monitor-application-gateway-reference#access-log-category
    _json(
        "azure_appgw",
        {
            "ts": "time timeStamp",
            "remote_host": "properties>clientIP properties>clientIp",
            "method": "properties>httpMethod",
            "path": "properties>requestUri",
            "query": "properties>requestQuery",
            "protocol": "properties>httpVersion",
            "host": "properties>originalHost properties>host",
            "status": "properties>httpStatus",
            "bytes": "properties>sentBytes",
            "duration_us": "properties>timeTaken",
            "user_agent": "properties>userAgent",
        },
        _SECOND,
    ),
    # https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage, keys as Istio names them
    _json(
        "envoy_json",
        {
            "ts": "start_time",
            "remote_host": "downstream_remote_address",
            "method": "method",
            "target": "path",
            "protocol": "protocol",
            "host": "authority",
            "status": "response_code",
            "bytes": "bytes_sent",
            "duration_us": "duration",
            "user_agent": "user_agent",
            "forwarded_for": "x_forwarded_for",
        },
        _MILLI,
    ),
    # what people call the variables in `log_format ... escape=json`; a format of your own is exact, this is a guess
    _json(
        "nginx_json",
        {
            "ts": "time_iso8601 time_local @timestamp timestamp time date msec ts",
            "remote_host": "remote_addr ip client_ip clientip client remote_ip",
            "user": "remote_user user",
            "request": "request",
            "method": "request_method method",
            "target": "request_uri uri path url",
            "query": "args query_string",
            "protocol": "server_protocol protocol",
            "scheme": "scheme",
            "host": "http_host host server_name vhost",
            "status": "status status_code",
            "bytes": "body_bytes_sent bytes_sent bytes size length",
            "duration_us": "request_time response_time",
            "referer": "http_referer http_referrer referer referrer",
            "user_agent": "http_user_agent user_agent agent",
            "forwarded_for": "http_x_forwarded_for x_forwarded_for",
        },
        _SECOND,
        ("ts", "status", "request|target"),
    ),
]
OBJECTS: dict[str, JsonFormat] = {each.name: each for each in _OBJECTS}
"""The JSON formats by name."""


def compile_json(text: str) -> JsonFormat:
    """Compile an nginx `log_format` whose text is a JSON object. Raises ConfigError where it is none."""
    inner = unwrap(text)
    quoted = re.sub(r'"\$\{?(\w+)\}?"|\$\{?(\w+)\}?', lambda m: json.dumps(f"${m[1] or m[2]}"), inner)
    try:
        found = dict(_leaves(json.loads(quoted), ()))
    except ValueError:
        raise ConfigError(
            "the log format begins with a brace and is no JSON object", "put each variable alone in its value"
        ) from None
    fields: dict[str, Field] = {}
    paths: dict[str, str] = {}
    for path, variable in found.items():
        made = nginx_variable(variable)
        pattern = _ANY_TIME if made.kind == TIME and variable != "time_local" else made.pattern
        kind = made.kind if made.kind in (TIME, STATUS, NUMBER) else TEXT
        fields.setdefault(made.name, Field(made.name, kind, pattern=pattern, scale=made.scale))
        paths[path] = made.name
    if "ts" not in fields:
        raise ConfigError("the log format holds no time", "add a key with $time_iso8601, $time_local or $msec")
    return JsonFormat(text, tuple(fields.values()), paths)


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, str) and value.startswith("$"):
        yield ">".join(path), value[1:]
