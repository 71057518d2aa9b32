"""What the connectors make of their samples: kinds, threads, times, texts, and what is withheld."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dataweir.config import validate
from dataweir.errors import SourceError
from dataweir.ingest.contract import source

SAMPLES = Path(__file__).parents[2] / "ingest" / "sources" / "samples"


def read(name: str, folder: Path, data: bytes | None = None, **config: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    """Return the posts and the rejects of a connector's sample, or of `data` in its place."""
    kind = source.get(name)
    shutil.copy(SAMPLES / kind.sample, folder / kind.sample)
    if data is not None:
        (folder / kind.sample).write_bytes(data)
    made = kind("tea", validate(kind.Config, {**kind.sample_config, **config}, "tea"), str(folder))
    batches = [batch for split in made.plan({}).splits for batch in made.read(split)]
    posts = [row for batch in batches for row in made.integrate(batch.rows).to_pylist()]
    return posts, [row for batch in batches for row in batch.rejects.to_pylist()]


def test_mastodon(tmp_path: Path) -> None:
    posts, rejects = read("mastodon", tmp_path)
    assert [p["kind"] for p in posts] == ["post", "comment", "repost", "post", "deleted"]
    assert posts[1]["reply_to"] == "111"
    assert posts[1]["text"] == "Tee\n\n<p>Achtzig Grad, zwei Minuten.</p>"
    assert posts[2]["thread_id"] == "111"
    assert posts[3]["edited_at"].isoformat() == "2026-03-02T09:20:00+00:00"
    assert [(r["line"], r["reason"]) for r in rejects] == [(4, "not_public"), (7, "json")]
    assert rejects[0]["raw"] is None  # a message to one person is not kept, not even as a reject


def test_telegram_keeps_private_chats_out(tmp_path: Path) -> None:
    public = (SAMPLES / "telegram.json").read_bytes()
    posts, _ = read("telegram", tmp_path)
    assert posts[0]["text"] == "Read https://tea.example/1: cooler water."
    assert [p["thread_id"] for p in posts] == ["77/2", "77/2"]
    private = public.replace(b"public_supergroup", b"personal_chat")
    posts, rejects = read("telegram", tmp_path, private)
    assert posts == []
    assert [r["raw"] is None for r in rejects] == [False, True, True]
    assert len(read("telegram", tmp_path, private, private_chats=True)[0]) == 2


def test_whatsapp_reads_the_phones_dates(tmp_path: Path) -> None:
    posts, rejects = read("whatsapp", tmp_path, timezone="Europe/Madrid")
    assert posts[1]["text"] == "Green tea wants cooler water.\nTwo minutes: no more."
    assert [p["ts"].isoformat() for p in posts[1:]] == [
        "2026-03-02T09:01:00+00:00",
        "2026-03-02T09:02:00+00:00",
        "2026-03-03T20:05:00+00:00",
    ]
    assert [r["reason"] for r in rejects] == ["system_message", "time"]
    assert read("whatsapp", tmp_path, b"12/31/25, 11:05 PM - Pot: Bye\n", date_order="mdy")[0][0]["ts"].month == 12


def test_twitter_knows_versions_retweets_and_authors(tmp_path: Path) -> None:
    posts, rejects = read("twitter", tmp_path)
    by_id = {p["post_id"]: p for p in posts if p["kind"] != "deleted"}
    assert by_id["902"]["text"] == "Green tea wants cooler water."
    assert by_id["903"]["edited_at"] is not None
    assert by_id["903"]["reply_to"] == "901"
    assert by_id["903"]["author_name"] == "cosy"
    assert (by_id["905"]["kind"], by_id["905"]["text"]) == ("repost", "Green tea wants cooler water.")
    assert [p["post_id"] for p in posts if p["kind"] == "deleted"] == ["902"]
    assert [r["reason"] for r in rejects] == ["not_a_tweet", "json"]


def test_an_archive_of_tweets_is_read(tmp_path: Path) -> None:
    made = "Mon Mar 02 09:04:00 +0000 2026"
    tweets = [{"tweet": {"id_str": ident, "full_text": f"Tweet {ident}", "created_at": made}} for ident in "12"]
    script = "window.YTD.tweets.part0 = " + json.dumps(tweets, indent=2)
    posts, rejects = read("twitter", tmp_path, script.encode())
    assert [p["post_id"] for p in posts] == ["1", "2"]
    assert {p["ts"].isoformat() for p in posts} == {"2026-03-02T09:04:00+00:00"}
    assert rejects == []


BLUESKY_END = {
    "did": "did:plc:tea",
    "time_us": 1_772_445_600_000_000,
    "kind": "account",
    "account": {"active": False, "did": "did:plc:tea", "seq": 1, "status": "takendown", "time": "2026-03-02T10:00:00Z"},
}
MADE = {"created_at": "2013-01-14T19:16:54.000Z", "redacted_at": "2026-03-02T10:00:00Z", "reason": "suspended"}
TWITTER_USER = {"user": {"id": "22"}, "event_at": "2026-03-02T10:00:00Z"}
ENDS = [
    ("bluesky", BLUESKY_END, {}, (None, "did:plc:tea")),
    ("mastodon", {"id": "1", "content": "", "account": {"id": "22", "suspended": True}}, {}, (None, "22")),
    ("twitter", {"data": {"user_delete": TWITTER_USER}}, {}, (None, "22")),
    ("twitter", {"data": {"user_protect": TWITTER_USER}}, {}, (None, "22")),
    ("twitter", {"user_suspend": {"id": 22, "timestamp_ms": "1772445600000"}}, {}, (None, "22")),
    ("twitter", {"data": {"delete": {"tweet": {"id": "5"}, "event_at": "2026-03-02T10:00:00Z"}}}, {}, ("5", None)),
    ("twitter", {"data": {"drop": {"tweet": {"id": "5"}, "event_at": "2026-03-02T10:00:00Z"}}}, {}, ("5", None)),
    ("twitter", {"id": "5", "action": "delete", **MADE}, {}, ("5", None)),
    ("twitter", {"id": "22", "action": "delete", **MADE}, {"compliance": "users"}, (None, "22")),
]


@pytest.mark.parametrize(("name", "notice", "config", "ended"), ENDS)
def test_notices_of_the_end(tmp_path: Path, name: str, notice: Any, config: Any, ended: Any) -> None:
    [post], rejects = read(name, tmp_path, json.dumps(notice).encode() + b"\n", **config)
    assert (post["kind"], post["post_id"], post["author_id"]) == ("deleted", *ended)
    assert post["ts"] == (None if name == "mastodon" else datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert rejects == []


AT = "2026-03-02T10:00:00Z"
VIEW = {
    "author": {"did": "did:plc:a", "handle": "a"},
    "record": {"text": "x", "createdAt": AT},
    "indexedAt": AT,
}
STATUS = {"id": "1", "created_at": AT, "content": "x", "account": {"id": "1", "acct": "a"}, "visibility": "public"}
NOTE = {"id": "https://m.example/1", "type": "Note", "inReplyTo": None, "content": "x"}
ACTIVITY = {
    "type": "Create",
    "actor": "https://m.example/users/a",
    "published": AT,
    "to": ["https://www.w3.org/ns/activitystreams#Public"],
}
COMMENT = {"id": "c1", "name": "t1_c1", "body": "x", "created_utc": 1, "author": "a"}
REPLY = {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": {**COMMENT, "id": "c2", "name": "t1_c2"}}]}}
TWEET = {"id_str": "1", "created_at": "Mon Mar 02 10:00:00 +0000 2026", "full_text": "x"}
STORED: dict[str, tuple[str, Any, list[tuple[str, str]]]] = {
    "bluesky thread": (
        "bluesky",
        {
            "thread": {
                "post": {**VIEW, "uri": "at://a/p/2"},
                "parent": {"post": {**VIEW, "uri": "at://a/p/1"}},
                "replies": [{"post": {**VIEW, "uri": "at://a/p/3"}}],
            }
        },
        [("at://a/p/1", "x"), ("at://a/p/2", "x"), ("at://a/p/3", "x")],
    ),
    "bluesky repository": (
        "bluesky",
        {"records": [{"uri": "at://did:plc:a/app.bsky.feed.post/1", "cid": "c", "value": VIEW["record"]}]},
        [("at://did:plc:a/app.bsky.feed.post/1", "x")],
    ),
    "mastodon search": ("mastodon", {"accounts": [], "statuses": [STATUS], "hashtags": []}, [("1", "x")]),
    "mastodon thread": (
        "mastodon",
        {"ancestors": [STATUS], "descendants": [{**STATUS, "id": "2"}]},
        [("1", "x"), ("2", "x")],
    ),
    "mastodon outbox": (
        "mastodon",
        {
            "orderedItems": [
                {**ACTIVITY, "id": "https://m.example/1/activity", "object": NOTE},
                {**ACTIVITY, "id": "https://m.example/2", "type": "Announce", "object": "https://n.example/9"},
                {**ACTIVITY, "id": "https://m.example/3", "to": ["https://m.example/users/b"], "object": NOTE},
            ]
        },
        [("https://m.example/1", "x"), ("https://m.example/2", "None")],
    ),
    "reddit listing": (
        "reddit",
        {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": {**COMMENT, "replies": REPLY}}]}},
        [("t1_c1", "x"), ("t1_c2", "x")],
    ),
    "reddit list": ("reddit", [COMMENT], [("t1_c1", "x")]),
    "twitter note": (
        "twitter",
        {"data": [{"id": "1", "text": "x", "author_id": "5", "created_at": AT, "note_tweet": {"text": "long"}}]},
        [("1", "long")],
    ),
    "yt-dlp": (
        "youtube",
        {"id": "v", "comments": [{"id": "c", "parent": "root", "text": "x", "timestamp": 9}]},
        [("c", "x")],
    ),
}


@pytest.mark.parametrize("kind", STORED)
def test_what_other_programs_store_is_read(tmp_path: Path, kind: str) -> None:
    name, document, expected = STORED[kind]
    for indent in (None, 1):
        posts, _ = read(name, tmp_path, json.dumps(document, indent=indent).encode() + b"\n")
        assert [(p["post_id"], str(p["text"])) for p in posts] == expected


def test_marks_of_deletion_in_other_files(tmp_path: Path) -> None:
    script = f"window.YTD.deleted_tweets.part0 = {json.dumps([{'tweet': {**TWEET, 'deleted_at': AT}}])}"
    [tweet], _ = read("twitter", tmp_path, script.encode())
    assert (tweet["kind"], tweet["post_id"]) == ("deleted", "1")
    csv = b"id,type,by,text,time,dead,deleted\n7,comment,ann,x,1,,\n8,comment,bob,x,1,true,\n9,comment,,,1,,true\n"
    items, _ = read("hackernews", tmp_path, csv)
    assert [item["kind"] for item in items] == ["comment", "deleted", "deleted"]


def test_whatsapp_knows_a_year_that_leads(tmp_path: Path) -> None:
    posts, rejects = read("whatsapp", tmp_path, b"2026-03-13, 21:05 - Ann: x\n2026/03/13 9:05 PM - Bob: y\n")
    assert [p["ts"].isoformat() for p in posts] == ["2026-03-13T21:05:00+00:00"] * 2
    assert rejects == []


def test_an_account_that_comes_back_is_no_end(tmp_path: Path) -> None:
    back = {**BLUESKY_END, "account": {"active": True, "did": "did:plc:tea", "seq": 2}}
    slow = {**BLUESKY_END, "account": {**BLUESKY_END["account"], "status": "throttled"}}
    posts, rejects = read("bluesky", tmp_path, b"\n".join(json.dumps(e).encode() for e in (back, slow)))
    assert posts == []
    assert [r["reason"] for r in rejects] == ["not_a_post", "not_a_post"]


def test_reddit_tells_edits_and_authors_that_are_gone(tmp_path: Path) -> None:
    made = {"id": "a", "name": "t1_a", "author": "kettle", "author_fullname": "t2_k", "body": "Tea", "created_utc": 1}
    edited = {**made, "edited": 100.0}
    left = {**made, "author": "[deleted]", "author_fullname": None, "edited": False, "retrieved_on": 200}
    removed = {**made, "body": "[removed]", "title": "A title that stays"}
    lines = [made, edited, left, removed]
    posts, _ = read("reddit", tmp_path, b"\n".join(json.dumps(line).encode() for line in lines))
    assert [p["edited_at"] and p["edited_at"].timestamp() for p in posts] == [None, 100, 200, None]
    assert [(p["author_id"], p["author_name"], p["kind"]) for p in posts] == [
        ("t2_k", "kettle", "comment"),
        ("t2_k", "kettle", "comment"),
        (None, None, "comment"),
        ("t2_k", "kettle", "deleted"),
    ]


@pytest.mark.parametrize("name", ["reddit", "mastodon", "bluesky"])
def test_rows_that_an_earlier_version_landed_are_integrated(tmp_path: Path, name: str) -> None:
    kind = source.get(name)
    shutil.copy(SAMPLES / kind.sample, tmp_path / kind.sample)
    made = kind("tea", validate(kind.Config, dict(kind.sample_config), "tea"), str(tmp_path))
    [rows] = [batch.rows for split in made.plan({}).splits for batch in made.read(split)]
    later = {"edited", "retrieved", "edited_at"}
    before = made.integrate(rows.select([n for n in rows.column_names if n not in later]))
    now = made.integrate(rows)
    assert before["post_id"] == now["post_id"]
    assert before["text"] == now["text"]


def test_a_damaged_document_gives_what_came_before(tmp_path: Path) -> None:
    items = json.dumps([{"id": n, "type": "comment", "text": str(n), "time": 1772445600} for n in range(5)])
    posts, rejects = read("hackernews", tmp_path, items[:-30].encode())
    assert [p["post_id"] for p in posts] == ["0", "1", "2", "3"]
    assert [(r["line"], r["reason"]) for r in rejects] == [(5, "json")]


def test_no_entity_of_a_dump_is_ever_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary7531")
    doctype = f'<!DOCTYPE posts [<!ENTITY x SYSTEM "file://{secret}"><!ENTITY y "inner">]>'
    row = '<row Id="{0}" PostTypeId="1" CreationDate="2026-03-02T09:00:00" Body="{1}" Score="1" />'
    rows = "".join([row.format(1, "good"), row.format(2, "&x;"), row.format(3, "&y;"), row.format(4, "good")])
    posts, rejects = read("stackexchange", tmp_path, f"<?xml version='1.0'?>{doctype}<posts>{rows}</posts>".encode())
    assert [p["text"] for p in posts] == ["good", "good"]
    assert [r["reason"] for r in rejects] == ["xml", "xml"]
    item = "<item><title>&x;&y;</title><guid>1</guid></item>"
    feed = f'<?xml version="1.0"?>{doctype}<rss><channel>{item}</channel></rss>'
    posts, rejects = read("feed", tmp_path, feed.encode())
    assert "canary" not in json.dumps([p["text"] for p in posts])


def test_a_document_too_large_to_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataweir.ingest.documents.LARGEST", 1000)
    with pytest.raises(SourceError, match="one document of more than"):
        read("telegram", tmp_path, b"[" + b" " * 2000 + b"]")
