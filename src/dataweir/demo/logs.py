"""The web logs of the week: the shop's access log (combined format, rotated twice) and the API's (common format).

People come back from addresses and browsers of their own, look around, sometimes buy, and now and then leave
something personal in a query string, a path, a referer or the user field. Crawlers and scanners come too.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from .dice import Dice, Weighted
from .files import write
from .people import Person, address, networks
from .pii import Planter
from .records import DAY, moment, scaled, scatter
from .truth import Truth
from .words import AGENTS, BOTS, CATEGORIES, SLOTS

SHOP = "https://shop.example.com"

SLIPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("query", "/newsletter/confirm?email={}&token={}", ("EMAIL", "URL_TOKEN")),
    ("query", "/search?q={}", ("PHONE",)),
    ("query", "/search?q={}", ("CREDIT_CARD",)),
    ("query", "/stores?near={}", ("GPS",)),
    ("query", "/pay/return?iban={}&state=ok", ("IBAN",)),
    ("query", "/devices/register?mac={}", ("MAC_ADDRESS",)),
    ("query", "/tip?wallet={}", ("CRYPTO",)),
    ("query", "/feed.xml?api_key={}", ("API_KEY",)),
    ("query", "/age-check?dob={}", ("DATE_OF_BIRTH",)),
    ("query", "/pharmacy/eligible?nhs={}", ("UK_NHS",)),
    ("query", "/tax/form?ssn={}", ("US_SSN",)),
    ("query", "/click?from={}", ("IP_ADDRESS",)),
    ("query", "/delivery/quote?to={}", ("STREET_ADDRESS",)),
    ("path", "/unsubscribe/{}", ("EMAIL",)),
    ("path", "/profile/@{}", ("USERNAME",)),
    ("referer", f"{SHOP}/reset?token={{}}", ("URL_TOKEN",)),
    ("referer", "https://webmail.example.org/inbox?user={}", ("EMAIL",)),
    (
        "user_agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 toolbar/2.0 (for {})",
        ("EMAIL",),
    ),
)
"""Where the shop's log gives something away: the column, a form, and the kinds in it; each takes its turn."""

API_SLIPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("path", "/v1/customers/{}", ("EMAIL",)),
    ("query", "/v1/session?access_token={}", ("URL_TOKEN",)),
    ("query", "/v1/sms?to={}", ("PHONE",)),
    ("query", "/v1/nearby?at={}", ("GPS",)),
)

_REFERERS = Weighted(
    (
        ("-", 40),
        ("https://www.google.com/", 25),
        ("https://duckduckgo.com/", 6),
        ("https://www.reddit.com/", 6),
        ("https://news.example.net/best-kettles", 3),
    )
)
_THINK = (3, 5, 6, 8, 9, 11, 14, 18, 22, 29, 37, 48, 65, 90, 140, 260)
_PROBES = (
    "/wp-login.php",
    "/.env",
    "/xmlrpc.php",
    "/admin.php",
    "/.git/config",
    "/phpmyadmin/",
    "/cgi-bin/test",
)
_MONTH = "Oct/2026"


class Line(NamedTuple):
    """One line of a log: the second of the week it was written, and its bytes without the line feed."""

    second: int
    data: bytes


def stamp(second: int, zone: int) -> str:
    """Format a second of the week as a log does, `zone` hours east of UTC."""
    day, rest = divmod(second + 3600 * zone, DAY)
    hour, rest = divmod(rest, 3600)
    return f"{5 + day:02d}/{_MONTH}:{hour:02d}:{rest // 60:02d}:{rest % 60:02d} +{zone:02d}00"


class _Log:
    """Collects lines; the planted ones are noted as they are written."""

    def __init__(
        self, seed: int, name: str, slips: Sequence[tuple[str, str, tuple[str, ...]]], planter: Planter
    ) -> None:
        self.dice = Dice(seed, name)
        self.lines: list[Line] = []
        self.slips = slips
        self.turn = 0
        self.planter = planter

    def slip(self) -> tuple[str, str]:
        """Return the next column that gives something away and what stands in it."""
        column, form, kinds = self.slips[self.turn % len(self.slips)]
        self.turn += 1
        values = (self.planter.plant(kind, f"web_events.{column}") for kind in kinds)
        safe = "@" if column == "path" else ""
        return column, form.format(*(v if column == "user_agent" else quote(v, safe=safe) for v in values))

    def sorted(self) -> list[Line]:
        """Return the lines by time; two equal ones would be one request logged twice, so the second is left out."""
        return list(dict.fromkeys(sorted(self.lines, key=lambda line: line.second)))


class _Shop(_Log):
    def __init__(self, seed: int, planter: Planter) -> None:
        super().__init__(seed, "access", SLIPS, planter)
        items = SLOTS["item"]
        self.products = Weighted.long_tail(
            [f"/products/{items[n % len(items)].replace(' ', '-')}-{100 + n}" for n in range(280)]
        )
        self.terms = Weighted.long_tail([f"{a} {b.split()[-1]}" for a in SLOTS["adj"][:12] for b in items])
        self.categories = Weighted.long_tail([f"/category/{name}" for name in CATEGORIES])

    def hit(
        self,
        at: int,
        who: tuple[str, str, str],
        target: str,
        referer: str,
        status: int = 200,
        method: str = "GET",
    ) -> None:
        """Write one request by `who`: address, user, agent."""
        size = "-" if status == 304 else "0" if status == 302 else str(2500 + zlib.crc32(target.encode()) % 48_000)
        version = "HTTP/2.0" if len(who[0]) % 3 else "HTTP/1.1"
        text = (
            f'{who[0]} - {who[1]} [{stamp(at, 2)}] "{method} {target} {version}" {status} {size} "{referer}" "{who[2]}"'
        )
        self.lines.append(Line(at, text.encode()))
        self.planter.note("IP_ADDRESS", who[0], "web_events.client_ip")

    def visit(self, ip: str, agent: str) -> None:
        """Write one visit: pages in a sensible order, with pauses, assets and the odd failure."""
        dice, at = self.dice, moment(self.dice)
        who, referer = (ip, "-", agent), dice.weighted(_REFERERS)
        page = "/" if dice.chance(450) else dice.weighted(self.products)
        fresh, basket = True, 0
        for _ in range(1 + min(dice.below(12), dice.below(14))):
            if at >= 7 * DAY - 5:
                return
            status = 200 if dice.chance(984) else dice.pick((404, 404, 404, 500, 503))
            self.hit(at, who, page, referer, status)
            if fresh:
                cached = 304 if dice.chance(400) else 200
                self.hit(at, who, "/static/site.css", SHOP + page, cached)
                self.hit(at, who, "/static/app.js", SHOP + page, cached)
                fresh = False
            if page.startswith("/products/") and dice.chance(180):
                self.hit(at + 2, who, "/cart/add", SHOP + page, 302, "POST")
                basket += 1
            if dice.chance(13):
                self.give_away(at + 1, who, SHOP + page)
            referer, at = SHOP + page, at + dice.pick(_THINK)
            page = self.next_page(basket)

    def next_page(self, basket: int) -> str:
        """Choose where a visitor goes next."""
        dice = self.dice
        way = dice.below(100)
        if basket and way < 25:
            return dice.pick(("/cart", "/checkout", "/checkout/payment"))
        if way < 52:
            return dice.weighted(self.products)
        if way < 78:
            page = dice.weighted(self.categories)
            return f"{page}?page={dice.between(2, 9)}" if dice.chance(300) else page
        if way < 93:
            return f"/search?q={quote(dice.weighted(self.terms)).replace('%20', '+')}"
        return dice.pick(("/", "/account/login", "/help/delivery", "/help/returns", "/about"))

    def give_away(self, at: int, who: tuple[str, str, str], referer: str) -> None:
        """Write a request that holds something personal."""
        column, text = self.slip()
        ip, user, agent = who
        if column == "referer":
            self.hit(at, who, "/static/logo.svg", text)
        elif column == "user_agent":
            self.hit(at, (ip, user, text), "/", "-")
        else:
            self.hit(at, (ip, user, agent), text, referer)

    def crawl(self, count: int) -> None:
        """Write about `count` requests of crawlers."""
        dice, bots = self.dice, Weighted(BOTS)
        agents = [agent for agent, _ in BOTS]
        for n in range(count):
            agent = dice.weighted(bots)
            place = agents.index(agent)
            ip = f"{('203.0.113', '198.51.100')[place % 2]}.{20 * place + 10 + dice.below(4)}"
            target = "/robots.txt" if n % 40 == 0 else dice.pick((dice.weighted(self.products), self.next_page(0)))
            status = dice.pick((200, 200, 200, 200, 200, 304, 304, 404))
            self.hit(dice.below(7 * DAY), (ip, "-", agent), target, "-", status)

    def strays(self, scale: float, staff: Sequence[Person]) -> None:
        """Write what does not look like customers: scanners, the office, Latin-1 bytes, escaped quotes."""
        dice, agents = self.dice, Weighted(AGENTS)
        for _ in range(scaled(450, scale, 4)):
            who = (f"192.0.2.{dice.between(2, 90)}", "-", "Mozilla/5.0 (Windows NT 6.1)")
            self.hit(dice.below(7 * DAY), who, dice.pick(_PROBES), "-", 404)
        for _ in range(scaled(300, scale, 4)):
            person = dice.pick(staff)
            self.planter.note("USERNAME", person.handle, "web_events.user")
            who = (f"10.1.2.{10 + staff.index(person)}", person.handle, person.agent)
            self.hit(moment(dice), who, f"/admin/orders?page={dice.between(1, 60)}", f"{SHOP}/admin/")
        for _ in range(scaled(25, scale, 2)):
            at, net = moment(dice), dice.pick(networks()[:30])
            ip = self.planter.note("IP_ADDRESS", address(dice, net), "web_events.client_ip")
            text = f'{ip} - - [{stamp(at, 2)}] "GET /search?q=caf\xe9+{dice.below(9999)} HTTP/1.1" 200 '
            self.lines.append(Line(at, (text + f'{4000 + dice.below(999)} "-" "{AGENTS[0][0]}"').encode("latin-1")))
        for n in range(scaled(12, scale, 2)):
            who = (
                address(dice, networks()[n % 30]),
                "-",
                f'Mozilla/5.0 (X11; \\"Kiosk {n}\\") Gecko/20100101',
            )
            self.hit(moment(dice), who, "/", "-")
        for n in range(scaled(20, scale, 2)):
            self.visit(f"100.{100 + n % 20}.{7 + n % 20}.{dice.between(2, 254)}", dice.weighted(agents))


def shop_lines(seed: int, scale: float, folk: Sequence[Person], planter: Planter) -> list[Line]:
    """Return the lines of the shop's access log, by time, all well formed and all different."""
    log = _Shop(seed, planter)
    customers, staff = Weighted.long_tail(folk[6:], head=60), folk[:6]
    for _ in range(scaled(6100, scale, 60)):
        person = log.dice.weighted(customers)
        log.visit(person.ip, person.agent)
    log.crawl(scaled(5200, scale, 40))
    log.strays(scale, staff)
    return log.sorted()


def api_lines(seed: int, scale: float, folk: Sequence[Person], planter: Planter) -> list[Line]:
    """Return the lines of the API host's log, by time, all well formed and all different."""
    log = _Log(seed, "api", API_SLIPS, planter)
    dice, customers = log.dice, Weighted.long_tail(folk[6:], head=90)
    for _ in range(scaled(2600, scale, 30)):
        person, at = dice.weighted(customers), moment(dice)
        user = person.handle if dice.chance(600) else "-"
        planter.note("IP_ADDRESS", person.ip, "web_events.client_ip")
        if user != "-":
            planter.note("USERNAME", user, "web_events.user")
        for _ in range(dice.between(2, 13)):
            if at >= 7 * DAY:
                break
            method, target, status = _call(dice, user != "-")
            if user != "-" and dice.chance(7):
                target = log.slip()[1]
                method, status = "GET", 200
            size = "-" if status in (204, 304) else str(90 + zlib.crc32(target.encode()) % 6000 + dice.below(40))
            text = f'{person.ip} - {user} [{stamp(at, 0)}] "{method} {target} HTTP/1.1" {status} {size}'
            log.lines.append(Line(at, text.encode()))
            at += dice.pick(_THINK[:10])
    return log.sorted()


def _call(dice: Dice, known: bool) -> tuple[str, str, int]:
    way = dice.below(100)
    status = 200 if dice.chance(975) else dice.pick((404, 404, 429, 500))
    if way < 50:
        return "GET", f"/v1/products/{100 + min(dice.below(280), dice.below(280))}", status
    if way < 70:
        return "GET", f"/v1/products?category={dice.pick(CATEGORIES)}&page={dice.between(1, 6)}", status
    if way < 84:
        return ("GET", "/v1/cart", status) if known else ("GET", "/v1/cart", 401)
    if way < 94:
        return ("POST", "/v1/cart/items", 201) if known else ("GET", "/v1/stores", status)
    return "DELETE", f"/v1/cart/items/{dice.between(1, 9)}", 204 if known else 401


def _damage(dice: Dice, lines: Sequence[Line], scale: float) -> dict[str, list[bytes]]:
    """Make malformed lines: cut inside the time or the request, bytes of no text, the start of a TLS handshake."""
    long = [line.data for line in lines[:: max(1, len(lines) // 500)]]
    cut = [dice.pick(long) for _ in range(scaled(8, scale))]
    noise = bytes(b for b in range(0x80, 0x100)) + b"\x01\x02\x0e\x1f|;~"
    return {
        "truncated": [data[: data.index(b"[") + dice.between(4, 36)] for data in cut],
        "garbage": [bytes(dice.pick(noise) for _ in range(dice.between(12, 90))) for _ in range(scaled(5, scale))],
        "tls": [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(dice.pick(noise) for _ in range(32))
            for _ in range(scaled(4, scale))
        ],
    }


def write_logs(folder: Path, stem: str, lines: Sequence[Line], cuts: Sequence[int], scale: float, truth: Truth) -> None:
    """Write a log rotated at `cuts` (seconds of the week), oldest file last: `stem`, `stem.1`, `stem.2.gz`.

    Each newer file begins with the last lines of the older one, as logs copied while they rotate do.
    """
    dice = Dice(truth.seed, f"{stem} damage")
    bounds = [0, *cuts, 7 * DAY]
    repeat = scaled(40, scale, 3)
    tail: list[Any] = []
    for number, (start, end) in enumerate(itertools.pairwise(bounds)):
        own = [line for line in lines if start <= line.second < end]
        age = len(cuts) - number
        name = stem if age == 0 else f"{stem}.{age}" if age == 1 else f"{stem}.{age}.gz"
        damaged = _damage(dice, own, scale)
        strays = [Line(0, data) for kind in damaged.values() for data in kind]
        records = [line.data for line in scatter(dice, [*tail, *own], strays, margin=repeat + 2)]
        facts = write(folder, name, b"".join(data + b"\n" for data in records), truth)
        facts.records = len(records)
        facts.malformed = {kind: len(data) for kind, data in damaged.items()}
        odd = sum(not _is_text(line.data) for line in [*tail, *own])
        facts.decorated = {"not_utf8": odd} if odd else {}
        kind = Path(stem).stem
        truth.duplicates[kind] = truth.duplicates.get(kind, 0) + len(tail)
        tail = own[-repeat:]


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
