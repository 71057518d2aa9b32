"""A small shop's season, by seed: what a web server and the shop's board would have written, and nothing else.

People come back, each with favourite categories; few products are popular, most are rare. A visit either looks for
something (it stays with a category, comes back to one product, often lays it into the basket and buys it) or strolls.
Posts on the board make their readers visit what they speak of. Around that stands what logs are full of: machines,
visitors without a login, lines that were written twice, and broken ones.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

CATEGORIES = (
    "kettles",
    "pans",
    "knives",
    "lamps",
    "chairs",
    "desks",
    "towels",
    "sheets",
    "tents",
    "bikes",
    "seeds",
    "toys",
)
DEPARTMENTS = (
    "kitchen",
    "kitchen",
    "kitchen",
    "home",
    "home",
    "home",
    "textile",
    "textile",
    "outdoor",
    "outdoor",
    "outdoor",
    "outdoor",
)
EACH = 20
PRODUCTS = [f"/p/{category}/{category[:-1]}-{number:02d}" for category in CATEGORIES for number in range(EACH)]
"""The catalogue: the path of a product's page. Inside a category they stand by popularity."""

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 60
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
_POPULARITY = 1.0 / (np.arange(EACH) + 2.0)
_POPULARITY /= _POPULARITY.sum()
_FAVOUR = 1.0 / (np.arange(len(CATEGORIES)) + 3.0)
_FAVOUR /= _FAVOUR.sum()


@dataclass
class Season:
    """What was written: log lines with their time, rows of the board; and what each person wants."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    posts: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    orders: int = 0


def generate(folder: Path, seed: int = 7, people: int = 1500) -> Season:
    """Write the project, keys, logs and board of a season into an empty folder; the same seed gives the same bytes."""
    shutil.copytree(Path(__file__).parent / "project", folder, dirs_exist_ok=True)
    dice = np.random.RandomState(seed)
    season = Season()
    favourites = [dice.choice(len(CATEGORIES), 2, replace=False, p=_FAVOUR) for _ in range(people)]
    spending = dice.beta(2, 3, people)
    for post in range(people // 10):
        _post(season, dice, post, people, favourites, spending)
    for person in range(people):
        wanted = None
        for at in np.sort(dice.uniform(0, DAYS * 86_400, 1 + dice.poisson(6 * dice.lognormal(0, 0.6)))):
            wanted = _visit(season, dice, person, float(at), favourites[person], spending[person], wanted)
    _machines(season, dice)
    _write(folder, season, dice)
    _write_keys(folder / "keys", seed)
    return season


def _post(season, dice, number, people, favourites, spending) -> None:
    """Somebody speaks of a product; some readers who care for its category visit it in the hours after."""
    author = dice.randint(people)
    at = float(dice.uniform(0, (DAYS - 1) * 86_400))
    category = int(favourites[author][0])
    product = category * EACH + int(dice.choice(EACH, p=_POPULARITY))
    season.posts.append(
        (f"b{number}", _iso(at), _login(author), f"What do you think of this one? ({number})", PRODUCTS[product])
    )
    readers = [p for p in dice.randint(people, size=60) if category in favourites[p]]
    for count, reader in enumerate(readers):
        then = at + float(dice.exponential(4 * 3600)) + 60
        if dice.random_sample() < 0.3:
            text = f"I had the same question, reader {count} of {number}"
            season.posts.append((f"b{number}c{count}", _iso(then - 45), _login(reader), text, PRODUCTS[product]))
        _visit(season, dice, int(reader), then, favourites[reader], spending[reader], product)


def _visit(season, dice, person, at, favourites, spending, wanted) -> int | None:
    """Write one visit; return the product that the person still wants afterwards."""
    who = _login(person) if dice.random_sample() < 0.9 else "-"
    looking = dice.random_sample() < (0.75 if wanted is not None else 0.4)
    if (looking and wanted is None) or dice.random_sample() < 0.3:
        category = int(favourites[0] if dice.random_sample() < 0.7 else favourites[1])
        wanted = category * EACH + int(dice.choice(EACH, p=_POPULARITY)) if looking else None
    steps, address = 2 + dice.poisson(4), f"198.51.{person % 100}.{person // 100 % 250 + 1}"
    referer, basket = "https://search.example/", False
    for step in range(steps):
        roll = dice.random_sample()
        if looking and wanted is not None and ((step == 0 and roll < 0.6) or roll < 0.4):
            product = wanted
        elif looking and wanted is not None and roll < 0.85:
            product = wanted // EACH * EACH + int(dice.choice(EACH, p=_POPULARITY))
        else:
            product = int(dice.choice(len(CATEGORIES), p=_FAVOUR)) * EACH + int(dice.choice(EACH, p=_POPULARITY))
        verb = "GET"
        if looking and product == wanted and step and not basket and dice.random_sample() < 0.25 + 0.3 * spending:
            verb, basket = "PUT", True
        _line(season, at, address, who, verb, PRODUCTS[product], referer)
        referer = "https://shop.example" + PRODUCTS[product]
        at += float(np.clip(dice.lognormal(3.3, 0.9), 4, 900))
    if looking and wanted is not None and dice.random_sample() < 0.15 + 0.5 * spending + 0.25 * basket:
        _line(season, at, address, who, "POST", PRODUCTS[wanted], referer)
        season.orders += 1
        return None
    return wanted if looking else None


def _line(season, at, address, who, verb, path, referer, status=200, agent=AGENT) -> None:
    stamp = (START + timedelta(seconds=at)).strftime("%d/%b/%Y:%H:%M:%S +0000")
    line = (
        f'{address} - {who} [{stamp}] "{verb} {path} HTTP/1.1" {status} {1000 + int(at) % 4000} "{referer}" "{agent}"'
    )
    season.lines.append((at, line))


def _machines(season, dice) -> None:
    for at in dice.uniform(0, DAYS * 86_400, max(50, len(season.lines) // 20)):
        path = PRODUCTS[dice.randint(len(PRODUCTS))]
        _line(season, float(at), "203.0.113.9", "-", "GET", path, "-", agent=BOT)


def _write(folder: Path, season: Season, dice) -> None:
    """Write a log a month, the last lines of one standing in the next too, some broken; and the board as CSV."""
    lines = [line for _, line in sorted(season.lines)]
    cut = len(lines) // 2
    for number, part in enumerate((lines[:cut], lines[cut - 200 :])):
        broken = [line[: dice.randint(10, 40)] for line in part[:: max(1, len(part) // 20)]]
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        (folder / "logs" / f"access-{number}.log").write_text("\n".join([*part, *broken]) + "\n")
    (folder / "board").mkdir(exist_ok=True)
    with (folder / "board" / "posts.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("id", "at", "author", "text", "product"))
        writer.writerows(sorted(season.posts, key=lambda post: post[1]))
    with (folder / "policies" / "products.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("product", "category", "department"))
        for index, product in enumerate(PRODUCTS):
            writer.writerow((product, f"/p/{CATEGORIES[index // EACH]}", f"/d/{DEPARTMENTS[index // EACH]}"))


def _write_keys(folder: Path, seed: int) -> None:
    """Write the keys that Weir would draw at random: who falls into which split hangs on them, and figures on that.

    A season that is made up has nobody to protect; a project of yours makes its own keys.
    """
    folder.mkdir(mode=0o700)
    for name in ("identity", "pseudonym"):
        file = folder / f"{name}.key"
        file.touch(mode=0o600)
        file.write_text(hashlib.sha256(f"season {seed}: {name}".encode()).hexdigest() + "\n")


def _login(person: int) -> str:
    return f"visitor{person:05d}"


def _iso(at: float) -> str:
    return (START + timedelta(seconds=int(at))).isoformat()
