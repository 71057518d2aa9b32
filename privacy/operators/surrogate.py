"""Put an invented value of the same kind in a value's place."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from ...config import Strict
from ...errors import MissingExtra
from ..contract import Context, Operator, operator, per_distinct, texts_of
from ..keyed import code, derive
from ..nested import leaf_name

_KINDS: dict[str, Callable[[Any], str]] = {
    "name": lambda fake: fake.name(),
    "first_name": lambda fake: fake.first_name(),
    "last_name": lambda fake: fake.last_name(),
    "city": lambda fake: fake.city(),
    "address": lambda fake: " ".join(fake.address().split()),
    "company": lambda fake: fake.company(),
    "username": lambda fake: f"{fake.user_name()}_{fake.random_int(100, 999)}",
    "email": lambda fake: f"{fake.user_name()}{fake.random_int(100, 999)}@{fake.domain_word()}.invalid",
    "url": lambda fake: f"https://{fake.domain_word()}.example/{fake.slug()}",
    "phone": lambda fake: f"07700 900{fake.random_int(0, 999):03d}",
    "ipv4": lambda fake: str(ipaddress.IPv4Address("198.18.0.0") + fake.random_int(1, 2**17 - 2)),
    "ipv6": lambda fake: str(ipaddress.IPv6Address("2001:2::") + fake.random_int(1, 2**63)),
}
_OF_ENTITY = {
    "PERSON": "name",
    "USERNAME": "username",
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IP_ADDRESS": "ipv4",
    "URL": "url",
    "LOCATION": "city",
    "STREET_ADDRESS": "address",
    "ORGANIZATION": "company",
}


_OF_COLUMN = {
    "author_id": "username",
    "user": "username",
    "client_ip": "ipv4",
    "email": "email",
    "phone": "phone",
    "url": "url",
    "referer": "url",
    "city": "city",
}


class SurrogateOptions(Strict):
    """What is invented."""

    kind: str | None = Field(
        None, pattern=f"^({'|'.join(_KINDS)})$", description=f"{', '.join(_KINDS)}; a finding in a text knows its own"
    )
    locale: str = Field("en_US", pattern="^[a-z]{2}_[A-Z]{2}$", description="the country of names and places")


@operator("surrogate")
class Surrogate(Operator):
    """Put an invented value of the same kind in a value's place, the same for equal values under one key (Faker).

    Nothing invented can reach anybody: domains end in .example or, for mail, .invalid (RFC 2606), addresses are of the
    benchmarking networks 198.18.0.0/15 (RFC 2544) and 2001:2::/48 (RFC 5180), telephone numbers of the range that Ofcom
    keeps free for drama.
    Names and places are of Faker's lists, and bear no relation to the value. Two values may get the same one.
    """

    Options = SurrogateOptions
    spans = True
    keyed = True
    example: ClassVar[dict[str, Any]] = {"kind": "name"}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the invented values of a column; without `kind`, of the kind that the column's name says."""
        context.counts["surrogate"] += len(values) - values.null_count
        invent = _inventor(
            context.key, options.kind or _OF_COLUMN.get(leaf_name(context.column), "name"), options.locale
        )
        return per_distinct(texts_of(values, context), invent)[0]

    def span(self, text: str, entity: str, options: Any, context: Context) -> str:
        """Return an invented value for a finding; its kind in angle brackets where none can be invented."""
        kind = options.kind or _OF_ENTITY.get(entity)
        return _inventor(context.key, kind, options.locale)(text) if kind else f"<{entity}>"


@functools.lru_cache(maxsize=64)
def _inventor(key: bytes, kind: str, locale: str) -> Callable[[str], str]:
    fake, secret, invent = _faker(locale), derive(key, f"surrogate {kind}"), _KINDS[kind]

    def of(value: str) -> str:
        fake.seed_instance(int.from_bytes(code(value, secret)))
        return invent(fake)

    return of


@functools.lru_cache(maxsize=8)
def _faker(locale: str) -> Any:
    try:
        from faker import Faker
    except ImportError:
        raise MissingExtra.of("surrogate", "the operator 'surrogate'") from None
    return Faker(locale)
