"""The Reddit comments of the week, as a monthly dump holds them: one JSON object a line, zstd with a long window."""

from __future__ import annotations

import functools
import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .dice import Dice, Weighted
from .files import write
from .people import Person
from .pii import Planter
from .records import EPOCH, moment, scaled, scatter
from .texts import Texts
from .truth import Truth
from .words import OPINIONS, QUIPS

FILE = "reddit/RC_2026-10.zst"

SUBREDDITS = (
    ("kettlesandcups", 28),
    ("sundaybreakfast", 22),
    ("balconyherbs", 16),
    ("slowkitchen", 13),
    ("fleamarketfinds", 10),
    ("woodenthings", 8),
    ("camplanterns", 5),
    ("shopdeals", 4),
)
_TEXT = "social_posts.text"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_JUNK = (
    b"<html><body>502 Bad Gateway</body></html>",
    b"rate limited, retry in 2 s",
    b"{'id': 'single quotes'}",
    b"{",
)


def base36(number: int) -> str:
    """Return a number in the digits 0-9a-z, as Reddit writes its ids."""
    text = ""
    while number:
        number, rest = divmod(number, 36)
        text = _BASE36[rest] + text
    return text


class _Dump:
    def __init__(self, seed: int, planter: Planter, texts: Texts, folk: Sequence[Person]) -> None:
        self.dice = Dice(seed, "reddit")
        self.texts = texts
        self.planter = planter
        self.folk = folk
        self.authors = Weighted.long_tail(folk, head=40)
        self.subreddits = Weighted(SUBREDDITS)
        self.threads = {
            name: [(base36(9_000_000_000 + 50_000 * i + 37 * n), self.slug()) for n in range(60)]
            for i, (name, _) in enumerate(SUBREDDITS)
        }
        self.latest: dict[str, str] = {}
        self.ids = 40_000_000_000

    def slug(self) -> str:
        return "_".join(self.texts.sentences(OPINIONS, 1)[0].lower().replace(",", "").split()[:5]).strip(".?!:;")

    def comment(self, second: int, body: str | None = None) -> dict[str, Any]:
        """Make one comment written at a second of the week; by default its text is new."""
        dice = self.dice
        person = dice.weighted(self.authors)
        author, fullname = person.handle, f"t2_{base36(70_000_000_000 + 977 * self.folk.index(person))}"
        if body is None and dice.chance(10):
            author, fullname, body = "[deleted]", "", dice.pick(("[deleted]", "[removed]"))
        if fullname:
            self.planter.note("USERNAME", author, "social_posts.author_name")
            self.planter.note("USERNAME", fullname, "social_posts.author_id")
        subreddit = dice.weighted(self.subreddits)
        number = next(i for i, (name, _) in enumerate(SUBREDDITS) if name == subreddit)
        link, slug = dice.pick(self.threads[subreddit][: 12 + second // 15_000])
        self.ids += dice.between(1, 90)
        name = base36(self.ids)
        parent = self.latest.get(link, "") if dice.chance(550) else ""
        self.latest[link] = name
        score = dice.pick((1, 1, 1, 2, 2, 3, 4, 6, 9, 14, 31, 0, -2)) + dice.below(3)
        return {
            "all_awardings": [],
            "archived": False,
            "author": author,
            "author_fullname": fullname or None,
            "body": html.escape(self.body() if body is None else body, quote=False),
            "controversiality": int(dice.chance(30)),
            "created_utc": EPOCH + second,
            "distinguished": None,
            "edited": False,
            "gilded": 0,
            "id": name,
            "is_submitter": dice.chance(60),
            "link_id": f"t3_{link}",
            "parent_id": f"t1_{parent}" if parent else f"t3_{link}",
            "permalink": f"/r/{subreddit}/comments/{link}/{slug}/{name}/",
            "retrieved_on": EPOCH + second + dice.between(40, 90_000),
            "score": score,
            "stickied": False,
            "subreddit": subreddit,
            "subreddit_id": f"t5_{base36(500_000 + 31 * number)}",
            "subreddit_type": "public",
        }

    def body(self) -> str:
        """Make a text; some quote, some give something away, some are dirty."""
        dice, texts = self.dice, self.texts
        if dice.chance(40):
            return dice.pick(QUIPS)
        parts = texts.unique(lambda: " ".join(texts.sentences(OPINIONS, dice.between(2, 6))))
        if dice.chance(60):
            parts += " " + texts.confidence()
        if dice.chance(15):
            handle = self.planter.note("USERNAME", dice.pick(self.folk).handle, _TEXT)
            parts += f" Credit to u/{handle} for the tip."
        if dice.chance(12):
            parts += "\n\nCheers, " + self.planter.note("PERSON", dice.pick(self.folk).name, _TEXT)
        if dice.chance(40):
            texts.decorated["html"] += 1
            parts = f"> {texts.sentences(OPINIONS, 1)[0]}\n\n{parts} <3 pots & pans"
        return texts.dirty(parts) if dice.chance(25) else parts


def write_posts(folder: Path, scale: float, folk: Sequence[Person], planter: Planter, truth: Truth) -> None:
    """Write the dump: about 8,600 comments at scale 1, with duplicates, edited copies and malformed lines."""
    texts = Texts(Dice(truth.seed, "reddit texts"), planter, _TEXT)
    dump = _Dump(truth.seed, planter, texts, folk)
    dice = dump.dice
    comments = [dump.comment(second) for second in sorted(moment(dice) for _ in range(scaled(8300, scale, 80)))]
    long = [c for c in comments if len(c["body"].split()) >= 45 and c["created_utc"] < EPOCH + 6 * 86_400]
    wanted = (scaled(110, scale, 2), scaled(60, scale, 2), scaled(150, scale, 2))
    chosen = dice.sample(long, sum(wanted))
    again, repeated, edited = (
        chosen[: wanted[0]],
        chosen[wanted[0] : sum(wanted[:2])],
        chosen[sum(wanted[:2]) :],
    )
    extra = [dict(comment) for comment in again]
    for number, original in enumerate(repeated):
        body = html.unescape(original["body"])
        extra.append(_later(dump, original, texts.zero_width(body) if number % 3 == 0 else body))
    for original in edited:
        copy = _later(dump, original, texts.unique(functools.partial(texts.edit, html.unescape(original["body"]))))
        truth.near_duplicates.append((copy["id"], original["id"]))
        extra.append(copy)
    records = [_json(comment) for comment in scatter(dice, comments, extra, margin=1)]
    source = [line for line in records[:: max(1, len(records) // 200)] if len(line) > 200]
    malformed = {
        "truncated": [line[: dice.between(40, 180)] for line in (dice.pick(source) for _ in range(scaled(9, scale)))],
        "not_json": [dice.pick(_JUNK) for _ in range(scaled(6, scale))],
    }
    lines = scatter(dice, records, [line for kind in malformed.values() for line in kind], margin=1)
    facts = write(folder, FILE, b"".join(line + b"\n" for line in lines), truth)
    facts.records = len(lines)
    facts.malformed = {kind: len(bad) for kind, bad in malformed.items()}
    facts.decorated = dict(sorted(texts.decorated.items()))
    truth.duplicates["comments"] = len(again)
    truth.duplicates["comment_texts"] = len(repeated)


def _later(dump: _Dump, original: dict[str, Any], body: str) -> dict[str, Any]:
    return dump.comment(original["created_utc"] - EPOCH + dump.dice.between(600, 80_000), body)


def _json(comment: dict[str, Any]) -> bytes:
    return json.dumps(comment, ensure_ascii=False, separators=(",", ":")).encode()
