"""The base of connectors that read an API as well as files: streams, pages, and a cursor committed with the data.

A **stream** is one stretch of an API (a timeline, a subreddit, a search): one split a run. Its **state** is a small
JSON object that says where to go on, and every page comes with the state once it is in. So a run may stop after any
page, by its budget or by force, and the next one goes on there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field

from ..errors import ConfigError, SourceError
from .contract import REJECTS, Cursor, Plan, Pulled, Split
from .documents import Found, dumps
from .http import BudgetSpent, HttpConfig, HttpSession
from .identity import digest
from .posts import PostConfig, PostSource

State = dict[str, Any]
_ROUND = "round"


class Page(NamedTuple):
    """The records of one answer, and the state of the stream once they are in."""

    records: list[Any]
    state: State


class ApiConfig(PostConfig, HttpConfig):
    """A source that reads files (`path`) or an API (the connector's own keys)."""

    base_url: str | None = Field(None, description="address of the API, where it is not the platform's own")


class ApiSource(PostSource):
    """Posts from files or from an API. A subclass gives `base`, `streams` and `pages`, and where need be `headers`."""

    base: str = ""

    @property
    def address(self) -> str:
        """The API's address, with a slash at its end."""
        address = self.config.base_url or self.base
        if not address:
            raise ConfigError(f"sources.{self.label}: neither path nor base_url is given", "give one of the two")
        return address.rstrip("/") + "/"

    def address_of(self, stream: str) -> str:
        """Return the address that a stream is read from."""
        return self.address

    @property
    def authenticated(self) -> bool:
        """Whether the source identifies itself."""
        return any(getattr(self.config, key, None) for key in ("token", "client_id", "key"))

    def streams(self) -> list[str]:
        """Return the names of what is read from the API."""
        raise NotImplementedError

    def headers(self) -> dict[str, str]:
        """Return the headers that identify us."""
        return {}

    def pages(self, http: HttpSession, stream: str, state: State) -> Iterator[Page]:
        """Yield the pages of a stream from `state` on ({} at first)."""
        raise NotImplementedError

    def plan(self, cursor: Cursor) -> Plan:
        """List the files that are new, or one split for every stream of the API."""
        if self.config.path is not None:
            return super().plan(cursor)
        names = self.streams()
        if not names:
            raise ConfigError(f"sources.{self.label}: neither path nor an API is configured", "see 'weir list sources'")
        number = int(cursor.get(_ROUND, 0)) + 1
        host = urlsplit(self.address).netloc.rpartition("@")[2]
        splits = []
        for name in names:
            state = dumps(cursor.get(name, {}))
            file = f"{host}/{name}@{number}"
            extra = {"stream": name, "state": state, "share": str(len(names))}
            splits.append(
                Split(self.label, digest(repr((host, name, state, number)).encode()), "", file, 0, extra=extra)
            )
        # The round makes a committed split's key its own: an API that has nothing new is asked again all the same.
        return Plan(splits, {**cursor, _ROUND: number})

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the rows and rejects of a file or of a stream."""
        if split.path:
            yield from super().read(split)
            return
        import json

        stream, number, got = split.extra["stream"], 0, False
        share = int(split.extra["share"])
        with HttpSession(self.label, self.address_of(stream), self.config, self.headers(), share) as http:
            try:
                for page in self._shaped(self.pages(http, stream, json.loads(split.extra["state"])), stream):
                    found = [Found(number + at, dumps(value), value) for at, value in enumerate(page.records, 1)]
                    number += len(found)
                    got = True
                    pulled = self.rows(found, split.file)
                    yield Pulled(pulled.rows, pulled.rejects, {stream: page.state})
            except BudgetSpent:
                if not got:
                    raise SourceError(
                        f"source '{self.label}': the budget was spent before anything came",
                        "raise max_requests or max_wait_seconds, or run again later",
                        retryable=True,
                    ) from None
            yield Pulled(self.schema.empty_table(), REJECTS.empty_table(), None, http.cost)

    def _shaped(self, pages: Iterator[Page], stream: str) -> Iterator[Page]:
        """Pass the pages on; an answer that is built otherwise than the API's is the source's fault, and says so."""
        try:
            yield from pages
        except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
            raise SourceError(
                f"source '{self.label}': the answer for {stream} is not the API's ({type(error).__name__})",
                "check base_url; if the platform changed its API, report it",
                retryable=False,
            ) from None


def newest_first(
    fetch: Callable[[Any], tuple[list[Any], Any]],
    mark: Callable[[Any], Any],
    state: State,
    overlap: bool = False,
) -> Iterator[Page]:
    """Page through a stream that gives its newest records first, from the top down to where the last run began.

    `fetch(token)` returns a page's records and the token of the next page (None: no more); `mark(record)` something
    that orders records, as JSON (a number, a text, a list of them). State: `floor`, the newest mark of the runs
    before; while a descent is under way also `top`, its newest mark, and `next`, its next token. A record that has no
    mark is passed on, to be refused by its reader. With `overlap`, records at the floor come again: for marks
    that several records may share.
    """
    floor, top, token = state.get("floor"), state.get("top"), state.get("next")
    while True:
        records, following = fetch(token)
        marks = [_marked(mark, record) for record in records]
        known = [m for m in marks if m is not None]
        top = max([m for m in (top, *known) if m is not None], default=None)
        if floor is not None:
            fresh = [
                r for r, m in zip(records, marks, strict=True) if m is None or m > floor or (overlap and m == floor)
            ]
        else:
            fresh = records
        ended = following is None or not records or (floor is not None and bool(known) and known[-1] < floor)
        ended = ended or (floor is not None and not overlap and bool(known) and known[-1] == floor)
        if ended:
            newest = max([m for m in (top, floor) if m is not None], default=None)
            yield Page(fresh, {"floor": newest} if newest is not None else {})
            return
        yield Page(fresh, {"floor": floor, "top": top, "next": following})
        token = following


def rank(ident: Any) -> list[Any]:
    """Return a mark of an id that grows with time and is written as text: longer is later, then by text."""
    text = str(ident)
    return [len(text), text]


def _marked(mark: Callable[[Any], Any], record: Any) -> Any:
    try:
        return mark(record)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None
