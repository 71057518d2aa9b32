"""W3C extended logs: the fields are named by `#Fields:` lines, which may change anywhere in a file.

Sources: https://www.w3.org/TR/WD-logfile.html, IIS
(https://learn.microsoft.com/windows/win32/http/w3c-logging) and CloudFront
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..columns import Slices
from ..times import NO_ZONE
from .fields import ABSENT, LOOSE, NUMBER, STATUS, TEXT, TIME
from .program import Field, LineFormat, Parsed

_NAMES = {
    "c-ip": "remote_host",
    "cs-username": "user",
    "cs-method": "method",
    "cs-uri-stem": "path",
    "cs-uri-query": "query",
    "cs-uri": "target",
    "sc-status": "status",
    "sc-bytes": "bytes",
    "time-taken": "duration_us",
    "cs(user-agent)": "user_agent",
    "cs-user-agent": "user_agent",
    "cs(referer)": "referer",
    "cs(referrer)": "referer",
    "c-auth-id": "user",
    "cs-referer": "referer",
    "x-host-header": "host",
    "cs(host)": "host",
    "cs-host": "host",
    "cs-version": "protocol",
    "cs-protocol-version": "protocol",
    "cs-protocol": "scheme",
    "x-forwarded-for": "forwarded_for",
    "cs(x-forwarded-for)": "forwarded_for",
    "timestamp": "ts",
}
REALTIME = (
    "timestamp c-ip s-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes "
    "x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent "
    "cs-referer cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end "
    "c-port x-edge-detailed-result-type c-country cs-accept-encoding cs-accept cache-behavior-path-pattern "
    "cs-headers cs-header-names cs-headers-count primary-distribution-id primary-distribution-dns-name origin-fbl "
    "origin-lbl asn"
)
"""CloudFront's real-time log, all fields in their order
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html)."""


@dataclass(frozen=True)
class State:
    """What the directives above a line say: its fields, the day where no field does, the unit of `time-taken`."""

    fields: str = ""
    date: str = ""
    seconds: bool = False

    def after(self, directive: bytes) -> State:
        """Return the state below a directive."""
        text = directive.decode("utf-8", "replace").lstrip("\ufeff")
        name, _, value = text.lstrip("#").partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "fields":
            return State(" ".join(value.split()), self.date, self.seconds)
        if name in ("date", "start-date"):
            day = re.match(r"\d{4}-\d\d-\d\d", value)
            return State(self.fields, day[0] if day else "", self.seconds)
        if name == "software":  # the draft counts seconds, IIS milliseconds
            return State(self.fields, self.date, "microsoft" not in value.lower())
        return self

    @property
    def cloudfront(self) -> bool:
        """Whether the fields are CloudFront's: it alone knows edges, and times in one field."""
        return "x-edge-" in self.fields or "timestamp" in self.fields.split()

    def encode(self) -> str:
        """Return the state as one string."""
        return f"{self.date}|{int(self.seconds)}|{self.fields}"

    @classmethod
    def decode(cls, text: str) -> State:
        """Return the state that `encode` gave."""
        date, seconds, fields = text.split("|", 2)
        return cls(fields, date, seconds == "1")


@dataclass(frozen=True)
class W3cFormat:
    """A format whose fields the file itself names; `fields` are in force where no directive stands yet."""

    name: str
    fields: str = ""

    def begin(self) -> State:
        """Return the state at the beginning of a file."""
        return State(self.fields)

    def fits(self, state: State) -> bool:
        """Whether lines below these directives are of this format."""
        return bool(state.fields) and state.cloudfront == (self.name == "cloudfront")

    def parse(self, found: Slices, state: State) -> Parsed:
        """Run the fields in force over lines that no directive interrupts; `numbers["ts"]` joins date and time."""
        count = len(found.starts)
        if not count or not self.fits(state):
            return Parsed(np.full(count, 1, np.uint8), ["", "no_fields_directive"], {}, {}, {})
        first = found.data[found.starts[0] : found.ends[0]].tobytes()
        parsed = _program(self.name, state, b"\t" in first).parse(found)
        if "ts" in parsed.numbers:
            return parsed
        reasons = [*parsed.reasons, "time"]
        nowhere = np.full(count, ABSENT)
        clock = parsed.numbers.pop("time", nowhere)
        day = parsed.numbers.pop("date", None)
        if day is None:
            given = np.datetime64(state.date, "us").astype(np.int64) if state.date else ABSENT
            day = np.full(count, given)
        known = (clock != ABSENT) & (day != ABSENT)
        parsed.numbers["ts"] = np.where(known, day + np.where(known, clock, 0), ABSENT)
        parsed.zones["ts"] = np.full(count, NO_ZONE, np.int64)
        for part in ("date", "time"):
            parsed.fields.pop(part, None)
        status = np.where((parsed.status == 0) & ~known, np.uint8(len(reasons) - 1), parsed.status)
        return parsed._replace(status=status, reasons=reasons)


W3C: dict[str, W3cFormat] = {each.name: each for each in (W3cFormat("iis_w3c"), W3cFormat("cloudfront"))}
"""The W3C formats by name."""


def realtime() -> LineFormat:
    """Return CloudFront's real-time log: the same fields without a directive that names them."""
    return replace(_program("cloudfront_realtime", State(REALTIME), True), required=12)


def compile_fields(text: str) -> W3cFormat:
    """Return the W3C format that a `#Fields:` line describes, for files that hold none."""
    state = State().after(text.strip().encode())
    return W3cFormat("cloudfront" if state.cloudfront else "w3c", state.fields)


@lru_cache(maxsize=64)
def _program(name: str, state: State, tabs: bool) -> LineFormat:
    """Return the format of the lines below some directives, which are separated by tabs or by blanks."""
    columns = state.fields.split()
    gap = b"\t" if tabs else b" "
    fields: list[Field] = []
    taken: set[str] = set()
    for column in columns:
        made = _NAMES.get(column.lower(), re.sub(r"\W+", "_", column.lower()).strip("_") or "field")
        if made == "host" and column.lower() != "x-host-header" and "x-host-header" in columns:
            made = re.sub(r"\W+", "_", column.lower()).strip("_")
        while made in taken:
            made += "_2"
        taken.add(made)
        fields.append(_field(made, gap, state.seconds or state.cloudfront))
    if fields:
        fields[-1] = fields[-1]._replace(gap=b"")
    return LineFormat(name, tuple(fields))


def _field(name: str, gap: bytes, seconds: bool) -> Field:
    if name == "ts":
        return Field(name, TIME, gap=gap, pattern=b"%*")
    if name == "date":
        return Field(name, TIME, gap=gap, pattern=b"%Y-%m-%d")
    if name == "time":
        return Field(name, TIME, gap=gap, pattern=b"%H:%M:%S%?")
    if name == "duration_us":
        return Field(name, NUMBER, gap=gap, scale=1_000_000 if seconds else 1000)
    if name == "status":
        return Field(name, STATUS, gap=gap)
    if name == "bytes":
        return Field(name, NUMBER, gap=gap)
    return Field(name, TEXT if gap == b"\t" else LOOSE, gap=gap)
