"""The people of the week: customers with a name, an address, a handle, a network and a browser of their own."""

from __future__ import annotations

from dataclasses import dataclass

from .dice import Dice, Weighted
from .pii import MAIL_DOMAINS, ascii_letters
from .words import AGENTS, FIRST_NAMES, HANDLE_TAILS, LAST_NAMES


@dataclass(frozen=True)
class Person:
    """One customer."""

    name: str
    email: str
    handle: str
    ip: str
    agent: str


def networks() -> list[str]:
    """Return the prefixes (IPv4 /24, IPv6 /48) that visitors come from, all in blocks that route nowhere."""
    benchmark = [f"198.{18 + n // 128}.{n * 2 % 256}." for n in range(0, 250, 8)]
    carrier = [f"100.{64 + n}.{n * 5 + 3}." for n in range(12)]
    six = [f"2001:db8:{0x10 + n:x}:" for n in range(8)]
    return benchmark + carrier + six


def address(dice: Dice, network: str) -> str:
    """Draw an address inside a network."""
    if ":" in network:
        return f"{network}{dice.between(1, 0xFFE):x}::{dice.between(0x10, 0xFFFE):x}"
    return f"{network}{dice.between(2, 254)}"


def people(seed: int, count: int) -> list[Person]:
    """Make `count` people; names, addresses, handles and networks' addresses are all different.

    There are as many names as first and last names make pairs, over 6,000; `count` is cut to half of that.
    """
    dice = Dice(seed, "people")
    pairs = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    agents, nets = Weighted(AGENTS), Weighted.long_tail(networks(), head=30)
    seen: set[str] = set()
    made: list[Person] = []
    for first, last in dice.sample(pairs, min(count, len(pairs) // 2)):
        f, n = ascii_letters(first), ascii_letters(last)
        number = dice.between(10, 99)
        email = f"{dice.pick((f'{f}.{n}', f'{f}_{n}', f'{n}.{f}'))}{number}@{dice.pick(MAIL_DOMAINS)}"
        handle = dice.pick((f"{f}_{dice.pick(HANDLE_TAILS)}_{n}", f"{f}{n}_{number}", f"{n}_{f}{number}"))
        while (ip := address(dice, dice.weighted(nets))) in seen:
            pass
        seen.add(ip)
        made.append(Person(f"{first} {last}", email, handle, ip, dice.weighted(agents)))
    return made
