"""The HTTP client: limits, retries, budgets, redirects, sizes, encodings, against a real local server."""

from __future__ import annotations

import gzip
import time
from email.utils import formatdate

import brotli
import pytest
import zstandard
from social_server import Reply, Request, serving

from dataweir.errors import ConfigError, SourceError
from dataweir.ingest.http import Answer, BudgetSpent, HttpConfig, HttpSession, asked_wait

TOKEN = {"authorization": "Bearer canary7531"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataweir.ingest.http._LONGEST_BACKOFF", 0.01)


def session(url: str, headers: dict[str, str] | None = None, **config: object) -> HttpSession:
    return HttpSession("tea", url, HttpConfig(**{"requests_per_minute": 1e6, **config}), headers)  # type: ignore[arg-type]


def hello(_: Request) -> Reply:
    return Reply({"hello": "tea"})


def test_it_says_who_it_is_and_reuses_its_connection() -> None:
    with serving(hello) as api, session(api.url, contact="https://tea.example/bot") as http:
        assert [http.json("/a")[0], http.json("/b", {"q": "x", "none": None})[0]] == [{"hello": "tea"}] * 2
    assert {request.client for request in api.asked} == {api.asked[0].client}
    assert api.asked[0].headers["user-agent"].startswith("dataweir/")
    assert "https://tea.example/bot" in api.asked[0].headers["user-agent"]
    assert api.asked[1].query == {"q": "x"}
    assert http.cost["requests"] == 2


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
    ],
)
def test_compressed_answers_are_read(encoding: str, pack: object) -> None:
    packed = Reply(pack(b'{"a": 1}'), headers={"content-encoding": encoding})  # type: ignore[operator]
    with serving(lambda _: packed) as api, session(api.url) as http:
        assert http.json("/")[0] == {"a": 1}
    assert encoding in api.asked[0].headers["accept-encoding"]


@pytest.mark.parametrize(
    "fault",
    [
        Reply(status=503),
        Reply({"a": 1}, cut=3),
        Reply(b'{"cut": '),
        Reply(status=429, headers={"retry-after": "0"}),
        Reply(status=429, headers={"x-ratelimit-reset": "0", "x-ratelimit-remaining": "0"}),
    ],
)
def test_what_passes_is_tried_again(fault: Reply) -> None:
    with serving(hello) as api, session(api.url) as http:
        api.faults.append(fault)
        assert http.json("/")[0] == {"hello": "tea"}
    assert len(api.asked) == 2
    assert http.cost["failures"] == 1


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    with serving(hello) as api, session(api.url) as http:
        api.faults.append(Reply(status=429, headers={"retry-after": "1"}))
        started = time.monotonic()
        http.json("/")
        assert 1 <= time.monotonic() - started < 3
        assert http.cost["wait_seconds"] >= 1


def test_a_used_up_limit_is_respected_before_the_next_request() -> None:
    with serving(hello) as api, session(api.url) as http:
        api.faults.append(Reply({}, headers={"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1"}))
        http.json("/")
        started = time.monotonic()
        http.json("/")
        assert time.monotonic() - started >= 0.9
    assert len(api.asked) == 2


def test_a_longer_wait_than_the_budget_ends_the_work() -> None:
    with serving(hello) as api, session(api.url, max_wait_seconds=5) as http:
        api.faults.append(Reply(status=429, headers={"retry-after": "3600"}))
        with pytest.raises(BudgetSpent):
            http.json("/")
    assert len(api.asked) == 1


def test_requests_are_counted_against_the_budget() -> None:
    with serving(hello) as api, session(api.url, max_requests=2) as http:
        http.json("/"), http.json("/")
        with pytest.raises(BudgetSpent):
            http.json("/")
    assert len(api.asked) == 2


def test_the_pace_is_kept() -> None:
    with serving(hello) as api, session(api.url, requests_per_minute=600) as http:
        started = time.monotonic()
        for _ in range(4):
            http.json("/")
        assert time.monotonic() - started >= 0.29


@pytest.mark.parametrize(("status", "word"), [(401, "token"), (403, "token"), (404, "configuration"), (410, "")])
def test_a_refusal_is_final_and_quotes_nothing(status: int, word: str) -> None:
    gone = Reply(b"canary7531", status)
    with serving(lambda _: gone) as api, session(api.url, TOKEN) as http, pytest.raises(SourceError) as caught:
        http.json("/secret", {"q": "canary7531"})
    assert not caught.value.retryable
    assert word in caught.value.cure
    assert "canary" not in str(caught.value.as_dict())
    assert len(api.asked) == 1


def test_a_server_that_stays_down_is_a_retryable_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataweir.ingest.http._ATTEMPTS", 3)
    down = Reply(status=500)
    with serving(lambda _: down) as api, session(api.url) as http, pytest.raises(SourceError) as caught:
        http.get("/")
    assert caught.value.retryable
    assert len(api.asked) == 3
    with session(api.url) as http, pytest.raises(SourceError) as caught:
        http.get("/")
    assert caught.value.retryable


def test_a_redirect_carries_the_token_to_its_own_host_only() -> None:
    with serving(hello) as other:

        def answer(request: Request) -> Reply:
            if request.path == "/away":
                return Reply(status=302, headers={"location": f"{other.url}/there"})
            if request.path == "/near":
                return Reply(status=307, headers={"location": "/here"})
            return Reply({"hello": "tea"})

        with serving(answer) as api, session(api.url, TOKEN) as http:
            http.get("/near"), http.get("/away")
    assert all("authorization" in request.headers for request in api.asked)
    assert [request.path for request in other.asked] == ["/there"]
    assert "canary" not in str(other.asked[0])


def test_an_absolute_address_elsewhere_gets_no_token() -> None:
    with serving(hello) as api, serving(hello) as other, session(api.url, TOKEN) as http:
        http.get(f"{other.url}/x")
    assert "canary" not in str(other.asked[0])


def test_redirects_in_a_circle_end() -> None:
    def around(_: Request) -> Reply:
        return Reply(status=301, headers={"location": "/again"})

    with serving(around) as api, session(api.url) as http, pytest.raises(SourceError, match="circle"):
        http.get("/")
    assert len(api.asked) == 5


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"x" * (2 << 20)),
        Reply(gzip.compress(bytes(64 << 20)), headers={"content-encoding": "gzip"}),
    ],
)
def test_a_body_over_the_limit_is_refused(reply: Reply) -> None:
    refused = pytest.raises(SourceError, match="more than 1 MiB")
    with serving(lambda _: reply) as api, session(api.url, max_body_mb=1) as http, refused:
        http.get("/")
    assert len(api.asked) == 1


def test_a_token_never_goes_over_plain_http_to_another_machine() -> None:
    with pytest.raises(ConfigError, match="plain http"):
        session("http://tea.example", TOKEN)
    session("http://tea.example")


def test_a_secret_is_a_reference() -> None:
    from dataweir.config import validate
    from dataweir.ingest.sources.mastodon import MastodonConfig

    validate(MastodonConfig, {"type": "mastodon", "token": "${TOKEN}"}, "x")
    with pytest.raises(ConfigError) as caught:
        validate(MastodonConfig, {"type": "mastodon", "token": "canary7531"}, "x")
    assert "canary" not in str(caught.value.as_dict())


def test_waits_are_told_from_the_servers_clock() -> None:
    date = formatdate(1_000_000_000, usegmt=True)  # a server whose clock stands in 2001
    assert asked_wait({"date": date, "retry-after": formatdate(1_000_000_030, usegmt=True)}) == 30
    assert asked_wait({"date": date, "x-rate-limit-reset": "1000000060"}) == 60
    assert asked_wait({"date": date, "x-ratelimit-reset": "2001-09-09T01:47:40.500Z"}) == 60.5
    assert asked_wait({"x-ratelimit-reset": "17.5"}) == 17.5
    assert asked_wait({"retry-after": "soon"}) is None
    assert asked_wait({}) is None


def test_links_are_read() -> None:
    link = '<https://a.example/x?max_id=1>; rel="next", <https://a.example/x?min_id=9>; rel="prev"'
    answer = Answer(200, {"link": link}, b"", "https://a.example/x")
    assert answer.link("next") == "https://a.example/x?max_id=1"
    assert answer.link("prev") == "https://a.example/x?min_id=9"
    assert answer.link("last") is None


def test_a_proxy_is_used() -> None:
    with serving(hello) as proxy, session("http://tea.example", proxy=proxy.url) as http:
        assert http.json("/leaf")[0] == {"hello": "tea"}
    assert proxy.asked[0].headers["host"] == "tea.example"
