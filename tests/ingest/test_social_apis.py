"""Every API connector against a server that pages, throttles and fails as its platform does: nothing is missing."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from typing import Any

import pytest
from social_platforms import (
    NEWEST_FIRST,
    PAGED,
    Feed,
    Pulled,
    iso,
    mastodon,
    numbers,
    platform,
)
from social_server import Reply, Request, serving

from dataweir.errors import ConfigError, SourceError


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEA_TOKEN", "s3cret")
    monkeypatch.setattr("dataweir.ingest.http._LONGEST_BACKOFF", 0.01)


@pytest.mark.parametrize("name", NEWEST_FIRST)
def test_all_comes_in_and_then_only_what_is_new(name: str) -> None:
    feed = Feed(list(range(1, 12)))
    with platform(name, feed) as (api, pulled):
        assert numbers(pulled.run()) == list(range(1, 12))
        assert pulled.cost["requests"] <= len(api.asked)
        asked = len(api.asked)
        again = pulled.run()
        assert len(again) <= 1  # at the floor a second may hold more posts than came; an item that changed comes again
        feed.posts += [12, 13, 14]
        new = pulled.run()
        assert set(numbers(new)) - {11, 1} == {12, 13, 14}
        assert len(api.asked) - asked < 2 * asked + 8
    assert set(numbers(pulled.ids)) == set(range(1, 15))
    assert pulled.rejects == []


@pytest.mark.parametrize("name", PAGED)
def test_a_spent_budget_is_taken_up_by_the_next_run(name: str) -> None:
    feed = Feed(list(range(1, 15)))
    with platform(name, feed, max_requests=3 if "youtube" in name else 2) as (_, pulled):
        pulled.run()
        assert set(numbers(pulled.ids)) < set(range(1, 15))
        feed.posts += [15, 16]  # what is posted while a descent is under way comes after it
        for _ in range(8):
            with contextlib.suppress(SourceError):  # a run may spend its budget before anything came
                pulled.run()
    assert set(numbers(pulled.ids)) == set(range(1, 17))


def test_posts_that_move_between_pages_come_twice_and_none_is_lost() -> None:
    feed = Feed(list(range(1, 12)))
    moved = []

    def answer(request: Request) -> Reply:
        reply = mastodon(feed)(request)
        if not moved:
            moved.append(True)
            feed.posts += [12, 13]  # posted while the pages are read
        return reply

    with serving(answer) as api:
        pulled = Pulled({"type": "mastodon", "timelines": ["public", "tag:tea"], "base_url": api.url})
        ids = pulled.run()
        counted = Counter(ident.rpartition("/")[2] for ident in ids)
        assert set(range(1, 12)) <= set(map(int, counted))
        pulled.run()
    assert {int(i.rpartition("/")[2]) for i in pulled.ids} == set(range(1, 14))
    assert {request.path for request in api.asked} == {"/api/v1/timelines/public", "/api/v1/timelines/tag/tea"}


def test_the_rest_of_a_threads_replies_is_asked_for() -> None:
    with platform("youtube", Feed([1, 2, 3])) as (api, pulled):
        ids = pulled.run()
    assert sorted(i for i in ids if i.startswith("t2.")) == [f"t2.{n}" for n in range(6)]
    assert "t3.0" in ids
    assert sum(request.path == "/youtube/v3/comments" for request in api.asked) == 2


def test_replies_to_old_threads_come_in() -> None:
    feed = Feed(list(range(1, 12)))
    with platform("youtube", feed) as (api, pulled):
        pulled.run()
        feed.busy |= {1, 9}
        new = pulled.run()
        assert {i for i in new if "." in i} == {f"t{thread}.{n}" for thread in (1, 9) for n in range(6)}
        asked = len(api.asked)
        assert [i for i in pulled.run() if "." in i] == []
        assert len(api.asked) - asked == 2
    assert pulled.cost["expected_records"] == len(pulled.ids)


@pytest.mark.parametrize("at_once", [1, 8])
def test_items_come_in_order_however_many_are_under_way(at_once: int) -> None:
    feed = Feed(list(range(1, 140)))
    with platform("hackernews firebase", feed, at_once=at_once, max_requests=40) as (api, pulled):
        slow = api.answer

        def answer(request: Request) -> Reply:
            if request.path.endswith("3.json"):
                api.faults.append(Reply(status=503))  # for whoever asks next
            return slow(request)

        api.answer = answer
        runs = []
        for _ in range(6):
            with contextlib.suppress(SourceError):
                runs.append([n for n in numbers(pulled.run()) if n > 1 or not runs])
    got = [n for run in runs for n in run]
    assert got == [n for n in feed.posts if n <= got[-1]]
    assert got[-1] > 60
    assert pulled.cost["requests"] <= 6 * 40


def event(kind: str, payload: Any) -> bytes:
    return f"event: {kind}\ndata: {payload if isinstance(payload, str) else json.dumps(payload)}\n\n".encode()


def test_a_mastodon_stream_is_listened_to_and_taken_up_when_it_is_cut() -> None:
    def status(number: int, **more: Any) -> dict[str, Any]:
        account = {"id": "7", "acct": "kettle"}
        return {"id": str(number), "created_at": iso(number), "content": f"{number}", "account": account, **more}

    parts = [
        b":)\n" + event("update", status(1)) + event("update", status(2)) + b"event: update\ndata: {",
        event("status.update", status(1, edited_at=iso(9))) + b":thump\n\n" + event("delete", "2"),
        event("notification", {"status": status(3)}) + event("update", status(4, visibility="direct")),
    ]

    def answer(request: Request) -> Reply:
        if request.headers.get("authorization") != "Bearer s3cret":
            return Reply(status=401)
        if len(api.asked) == 2:
            return Reply(status=503)
        return Reply(parts.pop(0), headers={"content-type": "text/event-stream"}, endless=True)

    with serving(answer) as api:
        config = {"type": "mastodon", "streaming": ["tag:tea"], "token": "${TEA_TOKEN}", "max_requests": 4}
        pulled = Pulled({**config, "base_url": "https://tea.example", "streaming_url": api.url})
        assert pulled.run() == [f"tea.example/{n}" for n in (1, 2, 1, 2)]
    assert pulled.rejects == ["not_public", "not_public"]
    assert {(r.path, r.query["tag"]) for r in api.asked} == {("/api/v1/streaming/hashtag", "tea")}
    assert pulled.cost["failures"] == 4


def test_a_stream_that_refuses_us_or_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataweir.ingest.http._ATTEMPTS", 2)
    for status, word in ((401, "refuses us"), (404, "status 404"), (503, "cannot be reached"), (307, "status 307")):
        with serving(lambda _, status=status: Reply(status=status, headers={"location": "/elsewhere"})) as api:
            pulled = Pulled({"type": "mastodon", "streaming": ["public"], "base_url": api.url})
            with pytest.raises(SourceError, match=word):
                pulled.run()
            assert {r.path for r in api.asked} == {"/api/v1/streaming/public"}


def test_listening_ends_when_the_time_is_over() -> None:
    with serving(lambda _: Reply(event("delete", "1") + b":thump\n" * 9, endless=True)) as api:
        pulled = Pulled({"type": "mastodon", "streaming": ["local"], "base_url": api.url, "streaming_seconds": 0.2})
        assert set(pulled.run()) == {"127.0.0.1/1"}
    assert {r.path for r in api.asked} == {"/api/v1/streaming/public/local"}


def test_a_wrong_token_is_said_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEA_TOKEN", "canary7531")
    with platform("mastodon", Feed([1])) as (_, pulled), pytest.raises(SourceError) as caught:
        pulled.run()
    assert "canary" not in str(caught.value.as_dict())
    monkeypatch.delenv("TEA_TOKEN")
    with platform("mastodon", Feed([1])) as (_, pulled), pytest.raises(ConfigError, match="TEA_TOKEN is not set"):
        pulled.run()


@pytest.mark.parametrize("name", NEWEST_FIRST)
def test_an_answer_of_another_shape_is_an_error_not_a_crash(name: str) -> None:
    answer, _ = NEWEST_FIRST[name]

    def other(request: Request) -> Reply:
        login = request.path == "/api/v1/access_token"
        return answer(Feed())(request) if login else Reply(["canary7531", None, 7])

    with platform(name, Feed()) as (api, pulled):
        api.answer = other
        if name == "mastodon":  # which answers with lists: records that are no statuses
            assert pulled.run() == []
            assert pulled.rejects == ["shape"] * 3
            return
        with pytest.raises(SourceError, match="is not the API's") as caught:
            pulled.run()
        assert "canary" not in str(caught.value.as_dict())


def test_an_item_that_is_not_there_yet_is_waited_for() -> None:
    feed = Feed([1, 2, 3, 5])
    with platform("hackernews firebase", feed) as (_, pulled):
        assert numbers(pulled.run()) == [1, 2, 3]
        feed.posts = [1, 2, 3, 4, 5, 6]
        assert [n for n in numbers(pulled.run()) if n > 1] == [4, 5, 6]


def test_a_feed_is_asked_for_only_where_it_changed() -> None:
    entry = "<entry><id>urn:{0}</id><title>Tea {0}</title><updated>2026-03-02T10:00:00Z</updated></entry>"
    state = {"entries": 2}

    def answer(request: Request) -> Reply:
        tag = f'"{state["entries"]}"'
        if request.headers.get("if-none-match") == tag:
            return Reply(status=304)
        entries = "".join(entry.format(n) for n in range(state["entries"]))
        body = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Tea</title>{entries}</feed>'.encode()
        return Reply(body, headers={"etag": tag, "content-type": "application/atom+xml"})

    with serving(answer) as api:
        pulled = Pulled({"type": "feed", "urls": [f"{api.url}/one", f"{api.url}/two"]})
        assert pulled.run() == ["urn:0", "urn:1"] * 2
        assert pulled.run() == []
        state["entries"] = 3
        assert len(pulled.run()) == 6
        assert pulled.run() == []


class Jetstream:
    """A WebSocket server that plays events back from a cursor, and cuts the connection after so many."""

    def __init__(self, events: list[dict[str, Any]], cut: int = 0) -> None:
        from websockets.sync.server import serve

        self.events, self.cut, self.asked = events, cut, list[str]()
        self._server = serve(self._play, "127.0.0.1", 0)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def _play(self, socket: Any) -> None:
        from urllib.parse import parse_qs, urlsplit

        self.asked.append(socket.request.path)
        since = int(parse_qs(urlsplit(socket.request.path).query)["cursor"][0])
        for number, event in enumerate(e for e in self.events if e["time_us"] >= since):
            if self.cut and number >= self.cut:
                socket.socket.close()
                return
            socket.send(json.dumps(event))
        socket.recv(timeout=5)

    def close(self) -> None:
        self._server.shutdown()


def jet(number: int, at: int) -> dict[str, Any]:
    record = {"text": f"Post {number}", "createdAt": iso(number)}
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": str(number), "record": record}
    return {"did": "did:plc:k", "time_us": at, "kind": "commit", "commit": commit}


def test_jetstream_resumes_where_it_was_cut() -> None:
    import time

    now = int(time.time() * 1e6)
    events = [jet(n, now - 3_000_000_000 + n * 10_000_000) for n in range(1, 41)]
    server = Jetstream(events, cut=15)
    try:
        pulled = Pulled(
            {"type": "bluesky", "jetstream": server.url, "base_url": "http://127.0.0.1:1", "timeout_seconds": 1}
        )
        ids = pulled.run()
        assert {int(i.rpartition("/")[2]) for i in ids} == set(range(1, 41))
        assert len(server.asked) >= 3
        assert pulled.cost["failures"] >= 2
        assert all("wantedCollections=app.bsky.feed.post" in path for path in server.asked)
        server.events, server.cut = [*events, jet(41, now - 1000)], 0
        assert [i.rpartition("/")[2] for i in pulled.run()] == ["40", "41"]
    finally:
        server.close()


def test_a_jetstream_that_is_not_there_is_a_retryable_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataweir.ingest.http._ATTEMPTS", 2)
    pulled = Pulled({"type": "bluesky", "jetstream": "ws://127.0.0.1:9", "timeout_seconds": 1})
    with pytest.raises(SourceError) as caught:
        pulled.run()
    assert caught.value.retryable
