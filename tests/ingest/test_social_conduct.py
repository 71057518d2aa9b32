"""How every connector of an API stands a rough server: one test a promise, run over all of them."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode

import brotli
import pytest
import zstandard
from social_platforms import NEWEST_FIRST, Feed, Pulled, iso, numbers
from social_server import Api, Reply, Request, serving

from dataweir.errors import SourceError

Answer = Callable[[Request], Reply]
LOGIN = "/api/v1/access_token"
DAY = 86_400
PACKED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("br", brotli.compress),
    ("zstd", zstandard.compress),
]


def web_feed(feed: Feed) -> Answer:
    def answer(_: Request) -> Reply:
        entry = "<entry><id>{0}</id><title>{0}</title><updated>{1}</updated></entry>"
        entries = "".join(entry.format(n, iso(n)) for n in feed.newest_first())
        body = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Tea</title>{entries}</feed>'
        return Reply(body.encode(), headers={"content-type": "application/atom+xml"})

    return answer


APIS: dict[str, tuple[Callable[[Feed], Answer], dict[str, Any]]] = {
    **NEWEST_FIRST,
    "feed": (web_feed, {"type": "feed"}),
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEA_TOKEN", "s3cret")
    monkeypatch.setattr("dataweir.ingest.http._LONGEST_BACKOFF", 0.001)


@contextlib.contextmanager
def platform(name: str, feed: Feed, **more: Any) -> Iterator[tuple[Api, Pulled]]:
    """A running server of a platform, and the source that reads it; `api.answer` is what it says."""
    answer, config = APIS[name]
    with serving(answer(feed)) as api:
        place = {"urls": [f"{api.url}/tea"]} if name == "feed" else {"base_url": api.url}
        login = {"login_url": api.url} if config["type"] == "reddit" else {}
        yield api, Pulled({**config, **place, **login, **more})


def rough(answer: Answer, feed: Feed, xml: bool) -> Answer:
    """Throttle, cut and spoil each answer before giving it, packed, by a clock that is a day ahead.

    While the pages are read two posts come in, so that what follows stands on other pages.
    """
    asked: Counter[str] = Counter()
    packed = itertools.cycle(PACKED)

    def reply(request: Request) -> Reply:
        if request.path == LOGIN:
            return answer(request)
        what = repr((request.path, sorted(request.query.items())))
        asked[what] += 1
        later = time.time() + DAY
        date = {"date": formatdate(later, usegmt=True)}
        if asked[what] == 1:
            return Reply(b"", 429, {**date, "x-ratelimit-reset": str(int(later))})
        whole = answer(request)
        body = Reply.dumped(whole.body)
        if asked[what] == 2:
            return Reply(body + b" " * 9, headers={**date, **whole.headers}, cut=len(body) // 2)
        if asked[what] == 3 and not xml:
            return Reply(body[:-1] + b"\x00", headers=date)
        if len(asked) == 2 and 12 not in feed.posts:
            feed.posts += [12, 13]
        name, pack = next(packed)
        return Reply(pack(body), headers={**date, **whole.headers, "content-encoding": name})

    return reply


@pytest.mark.parametrize("name", APIS)
def test_a_rough_server_loses_and_doubles_nothing(name: str) -> None:
    feed = Feed(list(range(1, 12)))
    with platform(name, feed, max_wait_seconds=30) as (api, pulled):
        api.answer = rough(api.answer, feed, name == "feed")
        first = numbers(pulled.run())
        assert set(range(1, 12)) <= set(first)
        feed.posts = sorted({*feed.posts, 12, 13})
        pulled.run()
    assert set(numbers(pulled.ids)) == set(range(1, 14))
    assert pulled.rejects == []
    assert pulled.cost["failures"] >= 2
    assert pulled.cost["wait_seconds"] < 30


@pytest.mark.parametrize("name", APIS)
def test_a_redirect_to_another_host_carries_no_token(name: str) -> None:
    feed = Feed(list(range(1, 6)))
    answer = APIS[name][0](feed)
    with serving(answer) as elsewhere, platform(name, feed) as (api, pulled):

        def moved(request: Request) -> Reply:
            if request.path == LOGIN:
                return answer(request)
            query = f"?{urlencode(request.query)}" if request.query else ""
            return Reply(status=307, headers={"location": f"{elsewhere.url}{request.path}{query}"})

        api.answer = moved
        refused = any(key in APIS[name][1] for key in ("token", "client_id", "key"))
        with pytest.raises(SourceError, match="refuses us") if refused else contextlib.nullcontext():
            pulled.run()
    assert elsewhere.asked
    assert not any(secret in str(request.headers) for request in elsewhere.asked for secret in ("s3cret", "t0ken"))


@pytest.mark.parametrize("name", APIS)
def test_an_answer_over_the_limit_is_refused(name: str) -> None:
    with platform(name, Feed([1]), max_body_mb=1) as (api, pulled):
        whole = api.answer
        small = gzip.compress(b" " * (3 << 20))
        huge = Reply(small, headers={"content-encoding": "gzip"})
        api.answer = lambda request: whole(request) if request.path == LOGIN else huge
        with pytest.raises(SourceError, match="more than 1 MiB"):
            pulled.run()
