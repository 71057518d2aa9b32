"""Personal data that belongs to nobody: well-formed, checksum-valid, and taken from what is kept for examples.

Addresses on the net stand in documentation, benchmarking, carrier or private blocks (RFC 5737, 2544, 6598, 1918,
3849), e-mail domains under RFC 2606; phone numbers in the ranges that the numbering authorities of the US, the UK,
Germany and France keep for fiction; social-security numbers in the never issued 9xx areas outside the ITIN groups;
NHS numbers in the 999 test range; card numbers under the prefixes of payment providers' test cards. Hardware
addresses are locally administered, keys say that they are examples, wallets hash random bytes.
"""

from __future__ import annotations

import hashlib
import string
import unicodedata
from collections.abc import Callable

from .dice import Dice
from .truth import Planted
from .words import CITIES, HANDLE_HEADS, HANDLE_TAILS, STREETS

MAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")
"""Reserved for documentation, and yet below a public suffix, so that a strict detector takes them for real."""

_B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ALNUM = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + string.digits
_HEX = "0123456789abcdef"


def luhn_digit(digits: str) -> str:
    """Return the check digit that makes `digits` pass the Luhn test (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)


def iban(country: str, account: str) -> str:
    """Return the IBAN of a national account number, its check digits computed (ISO 13616, mod 97-10)."""
    number = "".join(str(int(char, 36)) for char in f"{account}{country}00")
    return f"{country}{98 - int(number) % 97:02d}{account}"


def base58check(payload: bytes) -> str:
    """Return the Base58Check form of a version byte and hash, as Bitcoin writes addresses."""
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = _B58[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def ascii_letters(name: str) -> str:
    """Return a name in the plain lower-case letters that stand in addresses and handles."""
    plain = unicodedata.normalize("NFD", name.lower().translate(_STROKES))
    return "".join(char for char in plain if char in string.ascii_lowercase)


_STROKES = str.maketrans({"ø": "o", "ł": "l", "ß": "ss"})


def _phone(dice: Dice) -> str:
    last, line = f"{dice.below(100):02d}", dice.below(10_000)
    country = dice.below(4)
    if country == 0:
        area = dice.pick(("202", "212", "312", "415", "503", "512", "617", "713", "808", "916"))
        return dice.pick(("{}-555-01{}", "({}) 555-01{}", "+1 {} 555 01{}", "+1-{}-555-01{}")).format(area, last)
    if country == 1:
        area, middle = dice.pick(
            (("20", "7946"), ("161", "496"), ("117", "496"), ("121", "496"), ("131", "496"), ("29", "2018"))
        )
        return f"{dice.pick(('0', '+44 '))}{area} {middle} 0{line % 1000:03d}"
    if country == 2:
        area, middle = dice.pick((("30", "23125"), ("69", "90009"), ("40", "66969"), ("89", "99998")))
        return f"{dice.pick(('0', '+49 '))}{area} {middle} {line % 1000:03d}"
    area = dice.pick(("1 99 00", "2 61 91", "3 53 01", "4 65 71", "5 36 49"))
    return f"{dice.pick(('0', '+33 '))}{area} {line // 100:02d} {line % 100:02d}"


def _card(dice: Dice) -> str:
    if dice.chance(150):
        stem = f"378282{dice.below(10**8):08d}"
        return stem + luhn_digit(stem)
    stem = f"{dice.pick(('400000', '411111', '555555', '510510', '601111'))}{dice.below(10**9):09d}"
    number = stem + luhn_digit(stem)
    join = dice.pick(("", " ", "-"))
    return join.join(number[i : i + 4] for i in range(0, 16, 4))


def _iban(dice: Dice) -> str:
    digits = dice.chars(string.digits, 16)
    country, account = dice.pick(
        (
            ("DE", "00000000" + digits[:10]),
            ("GB", "TEST000000" + digits[:8]),
            ("NL", "TEST" + digits[:10]),
            ("FR", "0000000000" + digits[:11] + "00"),
            ("ES", "00000000" + digits[:12]),
            ("AT", "00000" + digits[:11]),
        )
    )
    number = iban(country, account)
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4)) if dice.chance(600) else number


def _ssn(dice: Dice) -> str:
    return f"{dice.between(900, 999)}-{dice.between(1, 49):02d}-{dice.between(1, 9999):04d}"


def _ip(dice: Dice) -> str:
    host = dice.between(2, 254)
    form = dice.below(4)
    if form == 0:
        return f"{dice.pick(('192.0.2', '198.51.100', '203.0.113'))}.{host}"
    if form == 1:
        return f"10.{dice.between(20, 240)}.{dice.below(256)}.{host}"
    if form == 2:
        return f"192.168.{dice.between(10, 240)}.{host}"
    return f"2001:db8:{dice.between(0x1000, 0xFFFE):x}:{dice.between(1, 0xFFE):x}::{dice.between(0x10, 0xFFFE):x}"


def _mac(dice: Dice) -> str:
    join = dice.pick((":", ":", "-"))
    octets = [f"{dice.pick((0x02, 0x06, 0x0A, 0x0E)):02x}", *(dice.chars(_HEX, 2) for _ in range(5))]
    text = join.join(octets)
    return text.upper() if dice.chance(500) else text


def _nhs(dice: Dice) -> str:
    while True:
        stem = f"999{dice.below(10**6):06d}"
        check = -sum(int(digit) * (10 - place) for place, digit in enumerate(stem)) % 11
        if check < 10:
            number = f"{stem}{check}"
            return f"{number[:3]} {number[3:6]} {number[6:]}" if dice.chance(600) else number


def _key(dice: Dice) -> str:
    form = dice.below(4)
    if form == 0:
        return f"AKIA{dice.chars(_UPPER, 9)}EXAMPLE"
    if form == 1:
        return f"ghp_EXAMPLE{dice.chars(_ALNUM, 29)}"
    if form == 2:
        return f"sk_test_EXAMPLE{dice.chars(_ALNUM, 17)}"
    return f"xoxb-{dice.chars(string.digits, 12)}-{dice.chars(string.digits, 12)}-EXAMPLE{dice.chars(_ALNUM, 17)}"


def _birth(dice: Dice) -> str:
    year, month, day = dice.between(1941, 2006), dice.between(1, 12), dice.between(1, 28)
    form = dice.pick(("{0:04d}-{1:02d}-{2:02d}", "{2:02d}/{1:02d}/{0:04d}", "{2:02d}.{1:02d}.{0:04d}"))
    return form.format(year, month, day)


def _gps(dice: Dice) -> str:
    north, east = dice.between(36, 59), dice.between(-9, 24)
    return f"{north}.{dice.between(10_000, 99_999)}, {east}.{dice.between(10_000, 99_999)}"


def _handle(dice: Dice) -> str:
    return f"{dice.pick(HANDLE_HEADS)}_{dice.pick(HANDLE_TAILS)}{dice.between(100, 9999)}"


def _email(dice: Dice) -> str:
    head = f"{dice.pick(HANDLE_HEADS)}.{dice.pick(HANDLE_TAILS)}{dice.between(10, 999)}"
    return f"{head}@{dice.pick(MAIL_DOMAINS)}"


def _street(dice: Dice) -> str:
    return f"{dice.between(1, 240)} {dice.pick(STREETS)}, {dice.pick(CITIES)}"


MAKERS: dict[str, Callable[[Dice], str]] = {
    "API_KEY": _key,
    "CREDIT_CARD": _card,
    "CRYPTO": lambda dice: base58check(b"\0" + dice.bytes(20)),
    "DATE_OF_BIRTH": _birth,
    "EMAIL": _email,
    "GPS": _gps,
    "IBAN": _iban,
    "IP_ADDRESS": _ip,
    "MAC_ADDRESS": _mac,
    "PHONE": _phone,
    "STREET_ADDRESS": _street,
    "UK_NHS": _nhs,
    "URL_TOKEN": lambda dice: dice.chars(_ALNUM, 24),
    "USERNAME": _handle,
    "US_SSN": _ssn,
}
"""How a value of each kind is made. PERSON values are the names of the week's people. The value of a URL_TOKEN is
the secret inside the URL, since a URL cut short may still give it away."""


class Planter:
    """Makes personal values that never repeat, and keeps the list of all that were planted, and where."""

    def __init__(self, seed: int) -> None:
        self._dice = Dice(seed, "pii")
        self._seen: set[str] = set()
        self._planted: dict[Planted, None] = {}

    def plant(self, kind: str, where: str) -> str:
        """Make a new value of a kind, to be written into the column `where`."""
        while True:
            value = MAKERS[kind](self._dice)
            key = value.replace(" ", "").replace("-", "").lower()[-9:] if kind == "PHONE" else value.lower()
            if key not in self._seen:
                break
        self._seen.add(key)
        return self.note(kind, value, where)

    def note(self, kind: str, value: str, where: str) -> str:
        """Record that a value made elsewhere is written into the column `where`."""
        self._planted[Planted(kind, value, where)] = None
        return value

    def planted(self) -> list[Planted]:
        """Return everything planted, by kind, value and column."""
        return sorted(self._planted)
