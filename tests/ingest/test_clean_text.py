"""The rules that mend and judge texts: mojibake, Markdown, addresses, language, quality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dataweir.ingest.clean.language import identify
from dataweir.ingest.cleaning import Cleaned, Cleaner
from dataweir.ingest.contract import rule
from dataweir.ingest.schemas import SOCIAL_POSTS
from dataweir.ingest.textstats import SIGNALS, signals


def only(name: str, rows: list[dict[str, Any]], options: Any = True) -> Cleaned:
    config = dict.fromkeys(rule.all(), False) | {name: options}
    return Cleaner(config, "social_posts").run(pa.Table.from_pylist(rows, schema=SOCIAL_POSTS))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("schÃ¶n", "schön"),
        ("doesnâ€™t", "doesn’t"),
        ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет"),
        ("l\u00e2\x80\x99humanit\u00c3\u00a9", "l’humanité"),
        ("schön, naïve, привет, 日本語 ‘quoted’", "schön, naïve, привет, 日本語 ‘quoted’"),
    ],
)
def test_mojibake(text: str, meant: str) -> None:
    assert only("mojibake", [{"text": text}]).kept["text"].to_pylist() == [meant]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1251", "macroman", "cp437", "iso8859-2", "cp1250"])
def test_whatever_ftfy_would_mend_is_looked_at(encoding: str) -> None:
    pattern = rule.get("mojibake").pattern
    wrong = [bytes([b]).decode(encoding, "ignore") for b in range(128, 256)]
    seen = pa.compute.match_substring_regex(pa.array([w for w in wrong if w]), pattern)
    assert all(seen.to_pylist())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**bold** and *it* and ~~gone~~ `code`", "bold and it and gone code"),
        ("[a link](https://x.example/?a=1 'title') ![picture](p.png)", "a link picture"),
        ("# Heading\n\ntext\nmore", "Heading\n\ntext\nmore"),
        ("> quoted\n\nanswer", "quoted\n\nanswer"),
        ("- one\n- two\n\nthen", "one\ntwo\nthen"),
        ("* a\n  * b\n    * c\n* d\n\nend", "a\nb\nc\nd\nend"),
        ("- a\n\n- b", "a\nb"),
        ("1. *a*\n2. b\n   7) c\n\nend", "1. a\n2. b\n7) c\nend"),
        ("1986. A *great* year", "1986. A great year"),
        ("<https://x.example/> <mailto:a@x.example>", "https://x.example/ mailto:a@x.example"),
        ("    x = *p", "x = *p"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("a \\* b", "a * b"),
        ("AT&amp;T", "AT&T"),
        ("see <b>this</b> https://x.example/a_b_c", "see <b>this</b> https://x.example/a_b_c"),
    ],
)
def test_markdown(text: str, words: str) -> None:
    assert only("markdown", [{"text": text, "platform": "reddit"}]).kept["text"].to_pylist() == [words]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab *_~`[](){}!#>-+=|\\&;.1\n<", max_size=20))
@example("\\\n1")
def test_markdown_is_seen_wherever_it_means_something(text: str) -> None:
    plug = rule.get("markdown")("social_posts", rule.get("markdown").Options())
    done = only("markdown", [{"text": text, "platform": "reddit"}]).kept["text"][0].as_py()
    assert done.split() == plug.fix(text).split()


def test_only_platforms_that_write_markdown_are_read_as_such() -> None:
    rows = [{"text": "*a*", "platform": p} for p in ("reddit", "mastodon", None, "reddit")]
    done = only("markdown", rows)
    assert done.kept["text"].to_pylist() == ["a", "*a*", "*a*", "a"]
    assert done.rules["markdown"].changed == 2
    done = only("markdown", rows, {"platforms": ["mastodon"]})
    assert done.kept["text"].to_pylist() == ["*a*", "a", "*a*", "*a*"]


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://User@Example.COM:80", "http://User@example.com/"),
        ("https://x.example:443/a/./b/../c", "https://x.example/a/c"),
        ("https://x.example/%7Euser/%e4%2f?q=%41", "https://x.example/~user/%E4%2F?q=A"),
        ("https://x.example/?utm_source=a&id=3&fbclid=z&UTM_Medium=b", "https://x.example/?id=3"),
        ("https://x.example/p?gclid=1#part", "https://x.example/p#part"),
        ("https://x.example?b=2&a=1", "https://x.example/?b=2&a=1"),
        ("https://[2001:DB8::1]:8080/", "https://[2001:db8::1]:8080/"),
        ("https://x.example./", "https://x.example/"),
        ("/relative/../path?utm_source=a", "/relative/../path?utm_source=a"),
        ("https://x.example:port/", "https://x.example:port/"),
        ("https://x.example/plain/path.html", "https://x.example/plain/path.html"),
        ("https://youtu.be/a?si=1&t=10", "https://youtu.be/a?t=10"),
        ("https://x.example/?si=1&t=10&s=2&tag=b", "https://x.example/?si=1&t=10&s=2&tag=b"),
        ("https://mobile.x.com/a/status/1?s=20&t=b", "https://mobile.x.com/a/status/1"),
        ("https://www.amazon.co.jp/dp/B?crid=2&__mk_ja_JP=x&th=1&tag=c-22", "https://www.amazon.co.jp/dp/B?th=1"),
        ("https://www.ebay.co.uk/itm/1?mkevt=1&campid=5&_trkparms=a&var=2", "https://www.ebay.co.uk/itm/1?var=2"),
        ("https://item.taobao.com/item.htm?id=1&spm=a1.1&scm=1", "https://item.taobao.com/item.htm?id=1"),
        ("https://amazon.example/?tag=a", "https://amazon.example/"),
        ("https://example.amazon/?tag=a", "https://example.amazon/?tag=a"),
        ("https://münchen.example/straße?utm_source=a", "https://münchen.example/straße"),
        ("https://x.example/p?utm%5Fsource=a&q=1", "https://x.example/p?q=1"),
        ("https://x.example/p?utm_source=a;id=3;utm_medium=b", "https://x.example/p?id=3"),
        ("https://x.example/p?a=1&amp;utm_source=b&amp;q=2", "https://x.example/p?a=1&amp;q=2"),
        ("https://x.example/p?a=1;;b=2;", "https://x.example/p?a=1;b=2"),
        ("https://www.amazon.com/Book/dp/B00/ref=sr_1_1?qid=9", "https://www.amazon.com/Book/dp/B00"),
        ("https://www.amazon.de/gp/ref=x/B00/", "https://www.amazon.de/gp/B00/"),
        ("https://x.example/tree/ref=main", "https://x.example/tree/ref=main"),
    ],
)
def test_addresses(url: str, canonical: str) -> None:
    once = only("urls", [{"url": url}]).kept["url"].to_pylist()
    assert once == [canonical]
    assert only("urls", [{"url": once[0]}]).kept["url"].to_pylist() == once


def test_tracking_parameters_can_be_added_and_spared() -> None:
    rows = [{"url": "https://x.example/?ref=a&utm_source=b&q=1"}]
    done = only("urls", rows, {"also": ["ref"], "never": ["utm_source"]})
    assert done.kept["url"].to_pylist() == ["https://x.example/?utm_source=b&q=1"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="aB.:/?#%&;=2eE~@[]é", max_size=24))
@example("/#")
def test_an_address_has_one_spelling(tail: str) -> None:
    """The pattern that picks suspects misses none, and mending twice is mending once."""
    url = f"https://x.example{tail}"
    plug = rule.get("urls")("social_posts", rule.get("urls").Options())
    once = only("urls", [{"url": url}]).kept["url"].to_pylist()[0]
    assert once == plug.fix(url)
    assert plug.fix(once) == once


def test_languages_are_those_of_py3langid(texts: list[str]) -> None:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    theirs = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    texts = [*texts, "", "1234", "WHY ARE YOU SHOUTING AT ME"]
    names, sure = identify(pa.array(texts))
    expected = [theirs.classify(text) for text in texts]
    assert [name for name, s in zip(names.to_pylist(), sure.to_pylist(), strict=True) if s > 0.02] == [
        name for name, s in expected if s > 0.02
    ]
    np.testing.assert_allclose(sure.to_numpy(), [s for _, s in expected], atol=1e-4)


@pytest.fixture
def texts() -> list[str]:
    return [
        "The weir holds the debris back and lets the water over.",
        "Das Wehr hält das Treibgut zurück und lässt das Wasser hinüber.",
        "Le barrage retient les débris et laisse passer l'eau.",
        "La presa retiene los restos y deja pasar el agua.",
        "堰は水を通し、ごみを止める。",
        "Плотина задерживает мусор и пропускает воду.",
    ]


def test_a_language_is_filled_in_where_the_platform_is_silent(texts: list[str]) -> None:
    rows = [{"text": t} for t in texts] + [{"text": texts[0], "lang": "nl"}, {"text": "ok"}, {"text": None}]
    rows.append({"text": "https://x.example/the-water-and-the-weir @somebody_somewhere"})
    done = only("language", rows)
    assert done.kept["lang"].to_pylist() == ["en", "de", "fr", "es", "ja", "ru", "nl", None, None, None]
    assert done.rules["language"].changed == 6
    assert only("language", rows, {"confidence": 0.9999}).kept["lang"].null_count == 8


def test_four_letters_that_one_language_writes_are_enough() -> None:
    texts = [
        "かわいい",
        "なるほどね",
        "사랑해요",
        "สวัสดี",
        "ສະບາຍດີ",
        "სალამი",
        "はい",
        "你好世界",
        "hola",
        "ㅋㅋㅋㅋ",
        "@x かわいい",
    ]
    found = only("language", [{"text": text} for text in texts]).kept["lang"].to_pylist()
    assert found == ["ja", "ja", "ko", "th", "lo", "ka", None, None, None, None, "ja"]


@pytest.mark.real_data
def test_languages_of_real_tweets(shared_data: Path) -> None:
    folder = shared_data / "social" / "tweets_multilingual_xlmt" / "data" / "sentiment"
    codes = {"arabic": "ar", "english": "en", "french": "fr", "portuguese": "pt", "spanish": "es"}
    for name, code in codes.items():
        lines = (folder / name / "test_text.txt").read_text(encoding="utf-8").splitlines()
        found = only("language", [{"text": line} for line in lines]).kept["lang"].drop_null().to_pylist()
        assert len(found) > 0.5 * len(lines), name
        right = [one for one in found if one == code or (code == "ar" and one in ("ary", "arz"))]  # spoken Arabic
        assert len(right) > 0.95 * len(found), name


def signal(text: str) -> dict[str, float]:
    return dict(zip(SIGNALS, signals(pa.array([text]))[0].tolist(), strict=True))


def test_signals_count_words_and_letters() -> None:
    found = signal("The water, and\u00a0the weir\n\u2022 42 \u2026 #x")
    assert found["words"] == 9
    assert found["word_length"] == pytest.approx((3 + 6 + 3 + 3 + 4 + 1 + 2 + 1 + 2) / 9)
    assert found["alpha_words"] == pytest.approx(6 / 9)
    assert found["stop_words"] == 2
    assert found["symbol_ratio"] == pytest.approx(2 / 9)
    assert found["bullet_lines"] == 0.5
    assert signal("well...\nno.\nyes…")["ellipsis_lines"] == pytest.approx(2 / 3)
    assert signal("well...")["symbol_ratio"] == 1
    assert signal("One.\nTwo\nThree!")["punctuated_lines"] == pytest.approx(2 / 3)
    assert not any(signals(pa.array(["", None, " \n "], pa.string())).ravel())


def repeats(text: str) -> tuple[float, float]:
    """The two shares of repeats, counted plainly."""
    lines = [words for line in text.lower().split("\n") if (words := line.split())]
    size = [sum(map(len, words)) for words in lines]
    again = sum(n for i, n in enumerate(size) if lines[i] in lines[:i])
    words = text.lower().split()
    grams = [tuple(words[i : i + 5]) for i in range(len(words) - 4)]
    covered = {at for i, gram in enumerate(grams) if gram in grams[:i] for at in range(i, i + 5)}
    return again / sum(size), sum(len(words[at]) for at in covered) / sum(map(len, words))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "cc", "\n", "Éd", "z"]), min_size=1, max_size=60))
def test_repeats_are_those_of_a_plain_count(parts: list[str]) -> None:
    text = " ".join(["x", *parts])
    lines, grams = repeats(text)
    found = signal(text)
    assert found["repeated_lines"] == pytest.approx(lines, abs=1e-6)
    assert found["repeated_ngrams"] == pytest.approx(grams, abs=1e-6)


def test_signals_do_not_depend_on_the_neighbours() -> None:
    texts = ["a b c d e a b c d e", None, "one\none\ntwo", "", "x" * 5000, "日本語 の 文"]
    whole = signals(pa.array(texts, pa.string()))
    alone = np.concatenate([signals(pa.array([t], pa.string())) for t in texts])
    np.testing.assert_array_equal(whole, alone)
    np.testing.assert_array_equal(signals(pa.array(["cut", *texts], pa.string()).slice(1)), whole)


def test_long_words_are_a_sign_where_words_are_parted() -> None:
    texts = [
        "こんにちは世界、今日はとても良い天気です",
        "สวัสดีชาวโลกวันนี้อากาศดีมาก",
        "a" * 40,
        "z" * 40 + " so long",
        "ok",
    ]
    done = only("text_quality", [{"text": text} for text in texts])
    assert done.kept["flags"].to_pylist() == [None, None, "word_length", "word_length", None]


def test_filler_and_code_are_signs_of_their_own() -> None:
    rows = [{"text": "Lorem Ipsum dolor sit amet"}, {"text": "if (a) { b(); }"}, {"text": None}]
    assert only("text_quality", rows).kept["flags"].to_pylist() == ["filler", None, None]
    assert only("text_quality", rows, {"curly_braces": True}).kept["flags"].to_pylist() == ["filler", "code", None]


def test_signs_mark_and_only_a_policy_rejects() -> None:
    again = "buy now at our best shop " * 8
    rows = [{"text": "Quite a good text, is it not?"}, {"text": "1 2 3 4"}, {"text": again}, {"text": None}]
    done = only("text_quality", rows)
    assert done.kept["flags"].to_pylist() == [None, "word_length,no_letters", "repeated_ngrams", None]
    assert done.kept["words"].to_pylist() == [7, 4, 48, None]
    assert done.rules["text_quality"].changed == 3
    done = only("text_quality", rows, {"reject": ["no_letters", "repeated_ngrams"]})
    assert done.rejected["reason"].to_pylist() == ["quality:no_letters", "quality:repeated_ngrams"]
    assert done.kept.num_rows == 2


@pytest.mark.parametrize("name", ["language", "text_quality", "markdown", "mojibake", "urls"])
def test_partitions_change_nothing(name: str, texts: list[str]) -> None:
    rows: list[dict[str, Any]] = [
        {"text": f"*{t}* schÃ¶n", "url": f"HTTPS://x.example/?utm_x={i}", "platform": "reddit"}
        for i, t in enumerate(texts)
    ]
    whole = only(name, rows)
    assert whole.rules[name].changed or name == "text_quality"
    cut = pa.concat_tables([only(name, rows[:2]).kept, only(name, rows[2:]).kept])
    assert whole.kept.equals(cut.combine_chunks()) or whole.kept.to_pylist() == cut.to_pylist()
