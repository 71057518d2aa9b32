"""Each cleaning rule on made-up rows."""

from __future__ import annotations

import datetime
import re
import sys
import unicodedata
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.errors import ConfigError
from dataweir.ingest.clean.bots import patterns
from dataweir.ingest.cleaning import Cleaned, Cleaner
from dataweir.ingest.contract import rule
from dataweir.ingest.schemas import SOCIAL_POSTS, WEB_EVENTS

TEXT_RULES = ("html", "mojibake", "unicode", "urls", "whitespace")
NOISE = st.text(
    alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("<>/&;#ab \n\t\r\u200b\u200d\u00a0\ufeffé\u0301")),
    max_size=30,
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def only(name: str, table: str, rows: list[dict[str, Any]], options: Any = True) -> Cleaned:
    """Run one rule alone."""
    schema = WEB_EVENTS if table == "web_events" else SOCIAL_POSTS
    config = dict.fromkeys(rule.all(), False) | {name: options}
    return Cleaner(config, table).run(pa.Table.from_pylist(rows, schema=schema))


def fixed(name: str, text: str) -> str:
    return str(only(name, "social_posts", [{"text": text}]).kept["text"][0].as_py())


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Cafe\u0301", "Caf\u00e9"),
        ("\ufeffhello\u200b wor\u00adld", "hello world"),
        ("a\x00b\x07c\x1b[0m", "abc[0m"),
        ("one\r\ntwo\rthree\tfour\n", "one\ntwo\nthree\tfour\n"),
        ("c1\x85end", "c1end"),
        ("in\u200dvisible jo\u200c\u200diner", "invisible joiner"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("\u1100\u1161", "\uac00"),
        ("\u212b", "\u00c5"),
        ("\u0600 stays", "\u0600 stays"),
    ],
)
def test_unicode(text: str, clean: str) -> None:
    assert fixed("unicode", text) == clean


def test_the_unicode_pattern_leaves_out_only_what_needs_nothing() -> None:
    pattern = rule.get("unicode").pattern
    characters = [chr(i) for i in range(sys.maxunicode + 1) if not 0xD800 <= i < 0xE000]
    suspect = pc.match_substring_regex(pa.array(characters), pattern).to_pylist()
    seconds = {
        chr(int(parts[1], 16))
        for c in characters
        if len(parts := unicodedata.decomposition(c).split()) == 2 and not parts[0].startswith("<")
    }
    for character, looked_at in zip(characters, suspect, strict=True):
        if not looked_at:
            assert unicodedata.category(character) not in {"Cf"}, hex(ord(character))
            assert unicodedata.category(character) != "Cc" or character in "\n\t"
            assert unicodedata.combining(character) == 0, hex(ord(character))
            assert unicodedata.normalize("NFC", character) == character, hex(ord(character))
            assert character not in seconds, hex(ord(character))
    assert not suspect[ord("a")]
    assert not suspect[ord("\u4e2d")]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("<p>Hi &amp; you</p><p>two<br/>three</p>", "Hi & you\ntwo\nthree"),
        ("x <script>alert(1)</script>y<style>p {}</style>z", "x yz"),
        ('<a href="http://x.example/?a=1&amp;b=2">link</a> &lt;b&gt; &#233;&#xe9;', "link <b> \u00e9\u00e9"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<!-- hidden -->seen", "seen"),
        ("&amp;lt;", "&lt;"),
        ("<img alt='a > b'>text", "text"),
        ("two<br><br>lines", "two\n\nlines"),
    ],
)
def test_html(text: str, clean: str) -> None:
    assert fixed("html", text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "List<String> x <3 y",
        "a <b and no end",
        "if a <b and c> d",
        "I learned <script> today",
        "AT&T, ?a=1&copy=2&lt=3, &nosuch; &",
        "x < y > z </ <",
        "<div",
        "<foo>bar</foo> <!-- open",
        "R&D; P&L;",
    ],
)
def test_text_that_only_looks_like_html_stays(text: str) -> None:
    assert fixed("html", text) == text


@pytest.mark.parametrize(
    "text", ["<a " * 4000, "<!--" * 4000, "<script>" * 3000, '<a "' * 3000, "&" * 20000, "<p>" * 9000]
)
def test_hostile_html_takes_no_time(text: str) -> None:
    started = datetime.datetime.now(tz=datetime.UTC)
    fixed("html", text)
    assert datetime.datetime.now(tz=datetime.UTC) - started < datetime.timedelta(seconds=3)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  a \t b\u00a0\u2003c  ", "a b c"),
        ("one \n two\n\n\n\nthree\r\nfour", "one\ntwo\n\nthree\nfour"),
        ("\u2028a\u2029", "a"),
        ("same text", "same text"),
        (" \n ", ""),
    ],
)
def test_whitespace(text: str, clean: str) -> None:
    assert fixed("whitespace", text) == clean


@pytest.mark.parametrize("name", TEXT_RULES)
@settings(deadline=None)
@given(text=NOISE)
def test_a_text_rule_sees_every_text_it_would_change(name: str, text: str) -> None:
    plug = rule.get(name)
    plain = plug("social_posts", plug.Options()).fix(text)
    assert fixed(name, text) == plain
    if name != "html":  # decoding may uncover what was escaped twice
        assert fixed(name, plain) == plain


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "-",
        "curl/8.5.0",
        "python-requests/2.32",
        "Go-http-client/1.1",
        "Wget/1.21",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)",
        "Mozilla/5.0 (compatible; bingbot/2.0)",
        "facebookexternalhit/1.1",
        "Mozilla/5.0 (compatible; SomethingBot; like nothing)",
        "Baiduspider+(+http://www.baidu.com/search/spider.htm)",
        "Mozilla/5.0 HeadlessChrome/120.0",
        "kube-probe/1.29",
        "SomeReader/1.0 (http://reader.example; 22 subscribers)",
        "Acme Bot 2.1",
    ],
)
def test_machines(agent: str) -> None:
    assert only("bots", "web_events", [{"user_agent": agent}]).kept["is_bot"].to_pylist() == [True]


@pytest.mark.parametrize(
    "agent",
    [
        FIREFOX,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 9; CUBOT_NOTE_S) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 9; CUBOT) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
        "Dalvik/2.1.0 (Linux; U; Android 6.0.1; M BOT TAB 101 Build/MOB30R)",
        "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1; .NET CLR 1.1.4322)",
        "Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18",
    ],
)
def test_people(agent: str) -> None:
    assert only("bots", "web_events", [{"user_agent": agent}]).kept["is_bot"].to_pylist() == [False]


def test_no_agent_in_the_log_is_not_known_and_options_hold() -> None:
    rows = [{"user_agent": None}, {"user_agent": FIREFOX}, {"user_agent": "curl/8"}]
    assert only("bots", "web_events", rows).kept["is_bot"].to_pylist() == [None, False, True]
    options = {"also": ["firefox"], "never": ["^CURL"]}
    assert only("bots", "web_events", rows, options).kept["is_bot"].to_pylist() == [None, True, False]


def test_each_kept_pattern_is_an_expression_of_its_own() -> None:
    assert len(patterns()) > 100
    for pattern in patterns():
        re.compile(pattern)
        pc.match_substring_regex(pa.array(["x"]), pattern)
        assert not pc.match_substring_regex(pa.array([FIREFOX]), f"(?i){pattern}")[0].as_py()


def test_empty_posts() -> None:
    rows = [
        {"text": " ", "url": None, "kind": "post"},
        {"text": None, "url": "https://x.example", "kind": "post"},
        {"text": "hi", "url": "", "kind": None},
        {"text": "", "url": "", "kind": "repost"},
        {"text": None, "url": None, "kind": None, "source": "s", "file": "f", "line": 7},
    ]
    done = only("empty_posts", "social_posts", rows)
    assert done.kept["text"].to_pylist() == [None, "hi", ""]
    assert done.rejected["reason"].to_pylist() == ["empty_post"] * 2
    assert done.rejected["line"].to_pylist() == [None, 7]
    assert done.rejected["stage"].to_pylist() == ["clean"] * 2


def test_sane_time() -> None:
    years = [1989, 1990, 2026, 2099, 2100]
    rows: list[dict[str, Any]] = [{"ts": datetime.datetime(y, 1, 1, tzinfo=datetime.UTC), "line": y} for y in years]
    rows.append({"ts": None, "line": 0})
    web = only("sane_time", "web_events", rows)
    assert web.kept["line"].to_pylist() == [1990, 2026, 2099]
    assert web.rejected["reason"].to_pylist() == ["time_range"] * 3
    assert b'"ts": "1989-01-01T00:00:00+00:00"' in web.rejected["raw"][0].as_py()
    social = only("sane_time", "social_posts", rows)
    assert social.rejected.num_rows == 0
    assert [t is None for t in social.kept["ts"].to_pylist()] == [True, False, False, False, True, True]
    assert social.rules["sane_time"].changed == 2
    narrow = only("sane_time", "web_events", rows, {"earliest": 2000, "latest": 2050})
    assert narrow.kept["line"].to_pylist() == [2026]


def test_times_of_the_future_are_marked_and_stay() -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    hours = [-1, 14, 25, 9000]
    rows = [{"ts": now + datetime.timedelta(hours=hour), "line": hour} for hour in hours]
    web = Cleaner({}, "web_events", now).run(pa.Table.from_pylist(rows, schema=WEB_EVENTS))
    assert web.kept["flags"].to_pylist() == [None, None, "future_time", "future_time"]
    assert web.rules["sane_time"][:2] == (2, 0)
    off = Cleaner({"sane_time": {"ahead_hours": None}}, "web_events", now)
    assert off.run(pa.Table.from_pylist(rows, schema=WEB_EVENTS)).kept["flags"].null_count == 4


def test_when_a_post_was_edited_is_held_to_the_same_times() -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    edits = [None, now, now.replace(year=1970), now.replace(year=2150), now.replace(year=2027)]
    rows = [{"ts": now, "edited_at": edited, "text": "a few words", "kind": "post"} for edited in edits]
    done = Cleaner({}, "social_posts", now).run(pa.Table.from_pylist(rows, schema=SOCIAL_POSTS))
    assert done.kept["edited_at"].to_pylist() == [None, now, None, None, now.replace(year=2027)]
    assert [flags or "" for flags in done.kept["flags"].to_pylist()] == ["", "", "", "", "future_time"]
    assert done.rules["sane_time"].changed == 3


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"clean\.bots\.also\[0\]"):
        Cleaner({"bots": {"also": ["("]}}, "web_events")
