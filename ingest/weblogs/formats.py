"""The line formats that have a name, and where each is documented."""

from __future__ import annotations

from ..times import ISO
from .fields import ADDRESS, LOOSE, NAME, NUMBER, PORT, QUOTED, REST, STATUS, TEXT, TIME, WORD
from .program import Field, LineFormat
from .template import compile_template

_SECOND = 1_000_000
_MILLI = 1000

_COMMON = '%h %l %u %t "%r" %>s %b'
_COMBINED = _COMMON + ' "%{Referer}i" "%{User-Agent}i"'


def _named(name: str, template: str) -> LineFormat:
    made = compile_template(template)
    return LineFormat(name, made.fields, made.before)


def _request(close: bytes = b'"', gap: bytes = b' "') -> Field:
    return Field("request", QUOTED, close, gap)


def _quoted(*names: str) -> tuple[Field, ...]:
    """Fields in quotes, before another one in quotes."""
    return tuple(Field(name, QUOTED, b'"', b' "') for name in names)


def _rest(*names: str, kind: int = LOOSE) -> tuple[Field, ...]:
    return (*(Field(name, kind) for name in names), Field("more", REST, gap=b""))


def _uwsgi(name: str, unit: bytes, scale: int) -> LineFormat:
    return LineFormat(
        name,
        (
            Field("pid", gap=b"|app: "),
            Field("app", gap=b"|req: "),
            Field("req", TEXT, gap=b"] "),
            Field("remote_host", gap=b" ("),
            Field("user", TEXT, gap=b") {"),
            Field("request_size", TEXT, gap=b"} ["),
            Field("ts", TIME, b"]", b" ", b"%a %b %e %H:%M:%S %Y"),
            Field("method"),
            Field("target", gap=b" => generated "),
            Field("bytes", NUMBER, gap=b" bytes in "),
            Field("duration_us", NUMBER, gap=unit, scale=scale),
            Field("protocol"),
            Field("status", STATUS, gap=b") "),
            Field("more", REST, gap=b""),
        ),
        b"[pid: ",
    )


_ELB = (
    Field("ts", TIME, pattern=ISO),
    Field("elb"),
    Field("remote_host", ADDRESS, gap=b""),
    Field("port", PORT),
    Field("backend", LOOSE),
    Field("request_processing_time", LOOSE),
    Field("duration_us", NUMBER, scale=_SECOND),
    Field("response_processing_time", LOOSE),
    Field("status", STATUS),
    Field("backend_status", LOOSE),
    Field("bytes_received", LOOSE),
    Field("bytes", NUMBER, gap=b' "'),
)

_LINES = [
    # https://httpd.apache.org/docs/2.4/logs.html#accesslog; combined is also nginx's default
    _named("common", _COMMON),
    _named("combined", _COMBINED),
    _named("vhost_common", "%v " + _COMMON),
    _named("vhost_combined", "%v " + _COMBINED),
    _named("combined_duration", _COMBINED + " %D"),
    # the `main` format of nginx's own nginx.conf
    _named("nginx_main", _COMBINED + ' "%{X-Forwarded-For}i"'),
    _named("vhost_main", "%v " + _COMBINED + ' "%{X-Forwarded-For}i"'),
    # https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/
    _named(
        "ingress_nginx",
        '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer"'
        ' "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name]'
        " $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id",
    ),
    # https://github.com/NginxProxyManager/nginx-proxy-manager, its two log_formats
    _named(
        "npm_proxy",
        "[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host"
        ' "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $server]'
        ' "$http_user_agent" "$http_referer"',
    ),
    _named(
        "npm_standard",
        '[$time_local] $status - $request_method $scheme $host "$request_uri" [Client $remote_addr]'
        ' [Length $body_bytes_sent] [Gzip $gzip_ratio] "$http_user_agent" "$http_referer"',
    ),
    # https://uwsgi-docs.readthedocs.io/en/latest/LogFormat.html#uwsgi-default-logging, slow and fast requests
    _uwsgi("uwsgi", b" msecs (", _MILLI),
    _uwsgi("uwsgi_micros", b" micros (", 1),
    # https://doc.traefik.io/traefik/observability/access-logs/#format
    LineFormat(
        "traefik",
        (
            Field("remote_host"),
            Field("ident"),
            Field("user", NAME, gap=b" ["),
            Field("ts", TIME, b"]", b' "'),
            _request(gap=b" "),
            Field("status", STATUS),
            Field("bytes", NUMBER, gap=b' "'),
            Field("referer", QUOTED, b'"', b' "'),
            Field("user_agent", QUOTED, b'"'),
            Field("request_count"),
            Field("router", LOOSE),
            Field("service", LOOSE),
            Field("duration_us", NUMBER, b"ms", b"", scale=_MILLI),
        ),
    ),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html
    LineFormat(
        "elb",
        (*_ELB, _request(gap=b' "'), Field("user_agent", QUOTED, b'"'), *_rest("ssl_cipher", "ssl_protocol")),
        required=13,
    ),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
    LineFormat(
        "alb",
        (
            Field("scheme"),
            *_ELB,
            _request(gap=b' "'),
            Field("user_agent", QUOTED, b'"'),
            *_rest("ssl_cipher", "ssl_protocol", "target_group", "trace_id", "host"),
        ),
        required=15,
    ),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html
    LineFormat(
        "nlb",
        (
            Field("scheme"),
            Field("version"),
            Field("ts", TIME, pattern=ISO),
            Field("elb"),
            Field("listener"),
            Field("remote_host", ADDRESS, gap=b""),
            Field("port", PORT),
            Field("backend"),
            Field("duration_us", NUMBER, scale=_MILLI),
            Field("tls_handshake_time"),
            Field("bytes_received"),
            Field("bytes", NUMBER),
            *_rest(
                "tls_alert", "certificate", "certificate_serial", "ssl_cipher", "ssl_protocol", "named_group", "host"
            ),
        ),
        required=12,
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
    LineFormat(
        "s3",
        (
            Field("bucket_owner"),
            Field("host", gap=b" ["),
            Field("ts", TIME, b"]", b" "),
            Field("remote_host"),
            Field("user"),
            Field("request_id"),
            Field("operation"),
            Field("key", LOOSE),
            Field("request", LOOSE),
            Field("status", STATUS),
            Field("error_code"),
            Field("bytes", NUMBER),
            Field("object_size"),
            Field("duration_us", NUMBER, scale=_MILLI),
            Field("turn_around_time"),
            Field("referer", LOOSE),
            Field("user_agent", LOOSE),
            *_rest("version_id", "host_id"),
        ),
        required=17,
    ),
    # https://wiki.squid-cache.org/Features/LogFormat (the native format)
    LineFormat(
        "squid",
        (
            Field("ts", TIME, pattern=b"%s%?"),
            Field("duration_us", NUMBER, scale=_MILLI),
            Field("remote_host"),
            Field("result", WORD, gap=b"/"),
            Field("status", STATUS),
            Field("bytes", NUMBER),
            Field("method"),
            Field("target"),
            Field("user"),
            Field("hierarchy"),
            Field("content_type"),
            *_rest(),  # the parameters of the type; the headers, where they are logged
        ),
        required=11,
    ),
    # https://docs.haproxy.org/2.8/configuration.html#8.2.3, behind whatever syslog puts first
    LineFormat(
        "haproxy_http",
        (
            Field("remote_host", ADDRESS, gap=b""),
            Field("port", PORT, gap=b" ["),
            Field("ts", TIME, b"]", b" ", b"%d/%b/%Y:%H:%M:%S%?"),
            Field("frontend"),
            Field("backend"),
            Field("timers", WORD, gap=b"/"),
            Field("timer_queue", WORD, gap=b"/"),
            Field("timer_connect", WORD, gap=b"/"),
            Field("timer_response", WORD, gap=b"/"),
            Field("duration_us", NUMBER, scale=_MILLI),
            Field("status", STATUS),
            Field("bytes", NUMBER),
            Field("request_cookie"),
            Field("response_cookie"),
            Field("termination_state"),
            Field("connections"),
            Field("queues"),
            Field("captures", TEXT, gap=b'"'),
            _request(gap=b" "),
            *_rest(),  # what `option httpslog` adds
        ),
        required=19,
    ),
    # https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string
    LineFormat(
        "envoy",
        (
            Field("ts", TIME, b"]", b' "', ISO),
            _request(gap=b" "),
            Field("status", STATUS),
            Field("response_flags"),
            Field("bytes_received"),
            Field("bytes", NUMBER),
            Field("duration_us", NUMBER, scale=_MILLI),
            Field("upstream_time", gap=b' "'),
            *_quoted("forwarded_for", "user_agent", "request_id", "host"),
            Field("upstream_host", QUOTED, b'"', b""),
        ),
        b"[",
    ),
    # https://istio.io/latest/docs/tasks/observability/logs/access-log/#default-access-log-format
    LineFormat(
        "istio",
        (
            Field("ts", TIME, b"]", b' "', ISO),
            _request(gap=b" "),
            Field("status", STATUS),
            Field("response_flags"),
            Field("response_code_details"),
            Field("connection_termination_details"),
            Field("upstream_transport_failure_reason", LOOSE),
            Field("bytes_received"),
            Field("bytes", NUMBER),
            Field("duration_us", NUMBER, scale=_MILLI),
            Field("upstream_time", gap=b' "'),
            *_quoted("forwarded_for", "user_agent", "request_id", "host"),
            Field("upstream_host", QUOTED, b'"', b" "),
            Field("upstream_cluster"),
            Field("upstream_local_address"),
            Field("downstream_local_address"),
            Field("remote_host", ADDRESS, gap=b""),
            Field("port", PORT),
            Field("requested_server_name"),
            *_rest("route_name"),
        ),
        b"[",
        required=22,
    ),
    # https://www.sec.gov/about/data/edgar-log-file-data-sets, a CSV file with a header
    LineFormat(
        "edgar_csv",
        (
            Field("remote_host", gap=b","),
            Field("ts", TIME, gap=b",", pattern=b"%Y-%m-%d,%H:%M:%S"),
            *(Field(name, TEXT, gap=b",") for name in ("zone", "cik", "accession", "extention")),
            Field("status", NUMBER, gap=b","),
            Field("bytes", NUMBER, gap=b","),
            *(Field(name, TEXT, gap=b",") for name in ("idx", "norefer", "noagent", "find", "crawler")),
            Field("browser", TEXT, gap=b""),
        ),
        header=b"ip,date,",
    ),
]
LINES: dict[str, LineFormat] = {each.name: each for each in _LINES}
"""The line formats by name."""
