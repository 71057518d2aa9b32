"""One spelling for each address."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field

from ..cleaning import ColumnOptions, TextRule
from ..contract import rule

_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_BETWEEN = re.compile(r"(&(?:amp;)?|;)")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class UrlsOptions(ColumnOptions):
    """Which parameters are dropped beside the kept list."""

    also: list[str] = Field(default_factory=list, description="more query parameters that only track (exact names)")
    never: list[str] = Field(default_factory=list, description="parameters of the kept list that mean something here")


@rule("urls")
class Urls(TextRule):
    """Addresses in one spelling, without tracking parameters (utm_source, gclid, fbclid and others, some by site).

    Scheme and host in lower case, default ports, dot segments and needless percent-encoding removed, an empty path
    written as `/` (RFC 3986, section 6.2.2 and 6.2.3). Parameters keep their order, for it may mean something; between
    them stands `&`, `;` (HTML 4.01, appendix B.2.2) or an `&amp;` that was copied. Some sites track in a segment of
    the path. What is no absolute address stays as it stands. The kept list is ingest/data/tracking.txt.
    """

    order = 35
    tables = ("social_posts", "web_events")
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"social_posts": ("url",), "web_events": ("referer",)}
    Options = UrlsOptions
    pattern = r"^[A-Za-z][A-Za-z0-9+.\-]*://(?:[^/?#]*(?:[A-Z]|:[0-9]*(?:[/?#]|$)|\.(?:[/?#:]|$))|[^/?#]*(?:[?#]|$)|[^?#]*/\.|[^#]*[%?=]|[^#]*#$|[A-Z])|^[a-z+.\-]*[A-Z]"

    def __init__(self, table: str, options: Any) -> None:
        super().__init__(table, options)
        everywhere = tracking()[""]
        self.exact = (everywhere.exact | set(options.also)) - set(options.never)
        self.starts = everywhere.starts
        self.never = frozenset(options.never)

    def fix(self, text: str) -> str:
        """Return the address in its one spelling; what does not parse comes back as it is."""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            return text
        if not parts.scheme or not parts.netloc:
            return text
        user, at, _ = parts.netloc.rpartition("@")
        host = (parts.hostname or "").rstrip(".")
        host = f"[{host}]" if ":" in host else host
        place = f"{user}{at}{host}" + (f":{port}" if port and str(port) != _PORTS.get(parts.scheme) else "")
        here = on_site(host)
        path = self._path(_dots(_escapes(parts.path)), here) or "/"
        return urlunsplit((parts.scheme, place, path, self._query(parts.query, here), parts.fragment))

    def _path(self, path: str, here: Names) -> str:
        if "=" not in path:
            return path
        return "/".join(
            part for part in path.split("/") if "=" not in part or not self._tracks(f"/{part.lower()}", here)
        )

    def _query(self, query: str, here: Names) -> str:
        if not query:
            return ""
        separator, *parts = ["&", *_BETWEEN.split(_escapes(query))]
        kept = ""
        for part, following in zip(parts[::2], [*parts[1::2], ""], strict=True):
            if part and not self._tracks(part.partition("=")[0].lower(), here):
                kept += separator + part if kept else part
            separator = following
        return kept

    def _tracks(self, name: str, here: Names) -> bool:
        if name in self.never:
            return False
        return name in self.exact or name in here.exact or name.startswith((*self.starts, *here.starts))


class Names(NamedTuple):
    """Names of parameters, and how others begin (written with a star)."""

    exact: frozenset[str]
    starts: tuple[str, ...]


@functools.cache
def tracking() -> dict[str, Names]:
    """Return the kept list by site; those that track everywhere stand under an empty name."""
    text = (files(__package__.rpartition(".")[0]) / "data" / "tracking.txt").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {"": []}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, site = line.split()[0].partition("@")
            found.setdefault(site, []).append(name)
    return {site: _names(names) for site, names in found.items()}


@functools.lru_cache(maxsize=1 << 12)
def on_site(host: str) -> Names:
    """Return what tracks on a host alone: of `ebay.*` in every country, of `x.com` there and below."""
    labels = host.split(".")
    sites = {".".join(labels[at:]) for at in range(len(labels))} | {f"{label}.*" for label in labels[:-1]}
    known = tracking()
    here = [known[site] for site in sorted(sites & known.keys())]
    return Names(frozenset().union(*(each.exact for each in here)), tuple(s for each in here for s in each.starts))


def _names(names: list[str]) -> Names:
    return Names(frozenset(n for n in names if not n.endswith("*")), tuple(n[:-1] for n in names if n.endswith("*")))


def _escapes(text: str) -> str:
    if "%" not in text:
        return text
    return _ESCAPE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = chr(int(match.group(1), 16))
    return character if character in _UNRESERVED else match.group(0).upper()


def _dots(path: str) -> str:
    """Remove dot segments (RFC 3986, section 5.2.4)."""
    if "/." not in path:
        return path
    out: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(out) > 1:
                out.pop()
        elif segment != ".":
            out.append(segment)
    if segments[-1] in (".", ".."):
        out.append("")
    return "/".join(out)
