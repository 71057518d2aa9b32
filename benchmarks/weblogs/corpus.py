"""What became of every file of a folder of real logs: the table of docs/guide/weblogs.md.

    python -m benchmarks.weblogs.corpus ../shared/data/weblogs

One line a group of files: files read, rows, rejects by reason, and the files left out with the reason why.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from dataweir import read_weblog

NOT_ACCESS_LOGS = {
    "apache_error/*": "an error log",
    "crowdsec_hub_tests/apache-guacamole*": "an application's log",
    "crowdsec_hub_tests/base-upsun-*": "a platform's own JSON, with lists of pairs where the request should be",
    "crowdsec_hub_tests/caddy-coraza__*": "warnings of a firewall, with no request line",
    "crowdsec_hub_tests/http-magento-bf__*": "an application's log",
    "crowdsec_hub_tests/modsecurity-*": "an error log",
    "crowdsec_hub_tests/nginx-http-generic-bf__*": "an error log for the most part",
    "crowdsec_hub_tests/nginx-mail-*": "a mail proxy's log",
    "crowdsec_hub_tests/nginx_req_limit_exceeded__*": "an error log",
    "crowdsec_hub_tests/sympa_ww-http-scan__*": "an application's log",
    "lnav_tests/logfile_block.*": "no log of requests",
    "lnav_tests/logfile_bro_http.log.0": "a Zeek table: `type: files`",
    "lnav_tests/logfile_crlf.0": "no log of requests",
    "lnav_tests/logfile_invalid_utf8.0": "no log of requests",
    "lnav_tests/logfile_nextcloud.0": "an application's log, without a status",
    "lnav_tests/logfile_syslog_with_access_log.0": "request lines without a time",
    "lnav_tests/logfile_zap_console.0": "no log of requests",
    "nasa_common/*.tsv": "a table with a header: `type: files`",
    "nginx_json/*": "snapshots of NGINX Plus counters, not requests",
}
"""Files that are no access logs, by pattern, and what they are instead."""
GIVEN: dict[str, str | list[str]] = {
    "crowdsec_hub_tests/nginx_http-catch-npm__*": [
        '[$time_local] $host $remote_addr $request_time "$request" $status $body_bytes_sent $bytes_sent'
        " $http_referer $http_user_agent",
        "npm_standard",
    ],
    "lnav_tests/logfile_caddy_log.0": "caddy",
}
"""Formats of files that `auto` cannot know: a format of somebody's own, an access log inside another log."""


class Outcome(NamedTuple):
    """One file: the rows and rejects it came to, or why it is none."""

    file: str
    rows: int
    rejects: dict[str, int]
    left_out: str


def outcomes(folder: Path) -> list[Outcome]:
    """Read every file below a folder."""
    return [_outcome(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()]


def _outcome(folder: Path, path: Path) -> Outcome:
    file = path.relative_to(folder)
    for pattern, why in NOT_ACCESS_LOGS.items():
        if file.match(pattern):
            return Outcome(file.as_posix(), 0, {}, why)
    format = next((given for pattern, given in GIVEN.items() if file.match(pattern)), "auto")
    got = read_weblog(path, format)
    return Outcome(file.as_posix(), len(got.rows), dict(Counter(got.rejects["reason"].to_pylist())), "")


def table(found: list[Outcome]) -> str:
    """Return the outcomes as a Markdown table, one line a group."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for each in found:
        groups[each.file.partition("/")[0]].append(each)
    made = ["| group | files read | rows | rejects | left out |", "|---|---|---|---|---|"]
    for name, members in sorted(groups.items()):
        read = [each for each in members if not each.left_out]
        rejects: Counter[str] = Counter()
        for each in read:
            rejects.update(each.rejects)
        told = ", ".join(f"{reason} {count:,}" for reason, count in sorted(rejects.items())) or "none"
        why = Counter(each.left_out for each in members if each.left_out)
        out = "; ".join(f"{count}: {reason}" for reason, count in sorted(why.items())) or "none"
        made.append(f"| {name} | {len(read)} | {sum(each.rows for each in read):,} | {told if read else ''} | {out} |")
    return "\n".join(made)


if __name__ == "__main__":
    print(table(outcomes(Path(sys.argv[1]))))
