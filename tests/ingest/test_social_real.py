"""Real files and recorded exchanges: every one is read or has a reason, and the guide's table says what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import social_groups as groups
from social_platforms import Pulled
from social_server import Reply, Request, serving

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "social.md"
pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def social(shared_data: Path) -> Path:
    return shared_data / "social"


def test_every_file_is_read_or_has_a_reason(social: Path) -> None:
    files = {str(path.relative_to(social)) for path in social.rglob("*") if path.is_file()}
    claimed: list[str] = []
    for pattern in (*groups.FILES, *groups.CASSETTES, *groups.REASONS):
        found = [str(path.relative_to(social)) for path in social.glob(pattern) if path.is_file()]
        assert found, pattern
        claimed += found
    assert sorted(claimed) == sorted(files)


def test_the_guides_table_is_what_reading_gives(social: Path) -> None:
    assert groups.table(social) in GUIDE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("cassette", "asked", "config"),
    [
        ("mastodon_cassettes/test_public_tl_anonymous.yaml", "/timelines/public", {"timelines": ["public"]}),
        ("mastodon_cassettes/test_hashtag_tl.yaml", "/timelines/tag/", {"timelines": ["tag:tea"]}),
        ("mastodon_cassettes/test_home_tl.yaml", "/timelines/home", {"timelines": ["home"], "token": "${TEA_TOKEN}"}),
        ("mastodon_cassettes/test_fetch_remaining.yaml", "/timelines/tag", {"timelines": ["tag:tea"]}),
        ("reddit_praw_cassettes/TestDomainListing.test_new.json.gz", "/new", {"kinds": ["posts"]}),
        ("reddit_praw_cassettes/TestMultiredditListings.test_new__self_multi.json.gz", "/new", {"kinds": ["posts"]}),
        ("twitter_tweepy_cassettes/test_client_search_recent_tweets.yaml", "/search/recent", {"searches": ["tea"]}),
    ],
)
def test_recorded_exchanges_are_replayed(
    social: Path, monkeypatch: pytest.MonkeyPatch, cassette: str, asked: str, config: dict[str, Any]
) -> None:
    """Answer with what the platform answered, headers included, in its order; after that there is nothing more."""
    monkeypatch.setenv("TEA_TOKEN", "s3cret")
    found = [each for each in groups.recorded(social / cassette) if asked in each[0] and each[2][:1] in b"[{"]
    kind = cassette.partition("_")[0]
    nothing = {"mastodon": [], "reddit": {"data": {"children": [], "after": None}}, "twitter": {"meta": {}}}[kind]
    left = list(found)

    def answer(request: Request) -> Reply:
        if request.path == "/api/v1/access_token":
            return Reply({"access_token": "t0ken"})
        if not left:
            return Reply(nothing)
        _, headers, body = left.pop(0)
        here = f"http://{request.headers['host']}"
        kept = {k: v for k, v in headers.items() if k.startswith(("x-rate", "ratelimit", "link", "content-type"))}
        kept = {k: v.replace("http://localhost:3000", here) for k, v in kept.items() if "reset" not in k}
        return Reply(body, headers=kept)

    with serving(answer) as api:
        login = {"login_url": api.url, "client_id": "${TEA_TOKEN}", "subreddits": ["tea"]} if kind == "reddit" else {}
        pulled = Pulled({"type": kind, "base_url": api.url, **login, **config})
        for _ in range(len(found)):
            pulled.run()
    values = [json.loads(body) for _, _, body in found]
    sizes = {
        "mastodon": lambda value: len(value) if isinstance(value, list) else 1,
        "reddit": lambda value: len(value["data"]["children"]),
        "twitter": lambda value: len(value.get("data", [])),
    }
    served = sum(sizes[kind](value) for value in values[: len(values) - len(left)])
    assert found
    assert served
    floor_repeats = served - len(pulled.ids) - len(pulled.rejects)
    assert floor_repeats >= 0
    assert set(pulled.ids) or pulled.rejects
    if len(found) == 1:
        assert floor_repeats == 0
