"""The kinds of personal data that the residual scan looks for, and how each is proved.

Written apart from the recognisers that mask, and sharing nothing with them: an error in one is not an error
in both. Each kind has a sieve (RE2, run over whole columns; it lets through every text in which `count` finds
something) and `count`, which proves matches by checksum, prefix or structure. Sources: ISO 7812 and Luhn for
cards, ISO 13616 for IBAN, E.164 for phones, SSA for social security numbers, BIP 13, 173 and 350 for Bitcoin.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable
from typing import NamedTuple


class Leak(NamedTuple):
    """One kind: its name, its sieve, and the number of proved occurrences in a text."""

    name: str
    sieve: str
    count: Callable[[str], int]


def _proved(pattern: str, valid: Callable[[re.Match[str]], bool] = lambda _: True) -> Callable[[str], int]:
    compiled = re.compile(pattern)
    return lambda text: sum(1 for match in compiled.finditer(text) if valid(match))


_FILE_ENDINGS = {"avif", "bmp", "css", "gif", "ico", "jpeg", "jpg", "js", "pdf", "png", "svg", "webp"}


def _not_a_file(match: re.Match[str]) -> bool:
    # Images for high-resolution screens are called logo@2x.png; below .invalid (RFC 2606) nobody has mail.
    return match["end"].lower() not in _FILE_ENDINGS and match["end"] != "invalid"


_PRODUCT = re.compile(r"(?:(?:^|[\s(;,\"])[A-Za-z][A-Za-z_+-]*/|\brv:)$")


def _full_ipv4(match: re.Match[str]) -> bool:
    parts = [int(part) for part in match[0].split(".")]
    if max(parts) > 255 or parts[3] == 0 or parts[0] in (0, 127) or parts == [255] * 4:
        return False
    if parts[0] == 198 and parts[1] in (18, 19):  # networks of benchmarks (RFC 2544), where no machine of a person is
        return False
    # "Chrome/2.0.172.33" and "rv:1.9.2.13" are versions; a host name before the slash would hold a dot.
    return not _PRODUCT.search(match.string, max(0, match.start() - 40), match.start())


def _full_ipv6(match: re.Match[str]) -> bool:
    text = match[0]
    try:
        number = int(ipaddress.IPv6Address(text))
    except ValueError:
        return False
    if number >> 80 == 0x2001_0002_0000:  # networks of benchmarks (RFC 5180)
        return False
    groups = [group for group in text.split(":") if group]
    return number & (2**64 - 1) != 0 and len(groups) >= 3 and any(c.isdigit() for c in text)


def _phone(match: re.Match[str]) -> bool:
    return 8 <= sum(c.isdigit() for c in match["number"]) <= 15


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others."""
    doubled = (sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (sum(int(d) for d in digits[-1::-2]) + sum(doubled)) % 10 == 0


_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|(?:6011|64[4-9]\d|65\d\d)(?:\d{12}|\d{15})|62\d{14,17}"
)
_DIGITS = re.compile(r"(?<![A-Za-z0-9])[0-9]+(?:[ .-][0-9]+)*(?![A-Za-z0-9])")


def _cards(text: str) -> int:
    """Count cards among digit groups; every stretch is tried, so that none hides in a longer run."""
    found = 0
    for run in _DIGITS.finditer(text):
        groups = re.findall("[0-9]+", run[0])
        start = 0
        while start < len(groups):
            joined = ""
            for end in range(start, len(groups)):
                joined += groups[end]
                if len(joined) > 19:
                    break
                if len(joined) >= 13 and _ISSUERS.fullmatch(joined) and luhn(joined):
                    found += 1
                    start = end
                    break
            start += 1
    return found


_IBAN_COUNTRIES = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24
    FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32
    LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22
    SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
"""
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}")
_IBAN_REST = {
    entry[:2]: re.compile(rf"(?:[ -]?[A-Za-z0-9]){{{int(entry[2:]) - 4}}}(?![A-Za-z0-9])")
    for entry in _IBAN_COUNTRIES.split()
}


def _ibans(text: str) -> int:
    found = 0
    for start in _IBAN_START.finditer(text):
        account = _IBAN_REST.get(start[0][:2].upper())
        rest = account.match(text, start.end()) if account else None
        if rest is None:
            continue
        body = re.sub("[ -]", "", rest[0])
        # In lower case only numeric accounts count: hexadecimal identifiers would pass by chance.
        if start[0][:2].isupper() or body.isdigit():
            moved = (body + start[0]).upper()
            found += int("".join(str(int(c, 36)) for c in moved)) % 97 == 1
    return found


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _wallet(match: re.Match[str]) -> bool:
    text = match[0]
    if text.startswith("0x"):
        return True
    if text.lower().startswith("bc1"):
        checksum = 1
        for value in [3, 3, 0, 2, 3, *(_BECH32.index(c) for c in text[3:].lower())]:
            top, checksum = checksum >> 25, (checksum & 0x1FFFFFF) << 5 ^ value
            for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                checksum ^= generator if top >> bit & 1 else 0
        return checksum in (1, 0x2BC830A3)
    number = 0
    for c in text:
        number = number * 58 + _BASE58.index(c)
    if number >= 1 << 200:
        return False
    raw = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def _mac(match: re.Match[str]) -> bool:
    return len(set(re.sub("[:.-]", "", match[0]).lower())) > 1


_KEY = (
    r"(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|sk-(?:(?:proj|ant)-[\w-]{20,}|[A-Za-z0-9]{20,})"
    r"|AIza[0-9A-Za-z_-]{35}|npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
)
_JWT = r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}"
_USERINFO = r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/?#@<>]+@[^\s/@]"
_PARAMETER = (
    r"(?i:[?&;](?:password|passwd|pwd|access_token|auth_token|api_?key|client_secret|secret)=)"
    r"[^&;#\s<%][^&;#\s<]{3,}"
)
_CREDENTIALS = f"{_USERINFO}|{_PARAMETER}"

LEAKS = (
    Leak(
        "email",
        r"@|%40",
        # Anchored at the sign: a pattern that begins with the name takes quadratic time on long words.
        _proved(r"(?<=[\w+])(?:@|%40)(?:\w(?:[\w-]{0,61}\w)?\.){1,8}(?P<end>[^\W\d_]{2,})", _not_a_file),
    ),
    Leak(
        "ipv4",
        r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
        _proved(r"(?<![A-Za-z0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![A-Za-z0-9]|\.[0-9])", _full_ipv4),
    ),
    Leak(
        "ipv6",
        r":[0-9A-Fa-f]{0,4}:",
        _proved(r"(?<![A-Za-z0-9:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![A-Za-z0-9:])", _full_ipv6),
    ),
    Leak(
        "phone",
        r"(?:\+|%2[Bb])[0-9(]|[2-9][0-9]{2}\)? ?[-. ]?[2-9][0-9]{2}[-. ][0-9]{4}",
        _proved(
            r"(?<![A-Za-z0-9+])(?:\+|%2[Bb])(?P<number>[1-9](?:[ ()/.-]{0,2}[0-9]){7,})(?![0-9])"
            r"|(?<![A-Za-z0-9./+-])(?P<national>\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])"
            r"[2-9][0-9]{2}[-. ][0-9]{4}(?![A-Za-z0-9-])",
            lambda match: bool(match["national"]) or _phone(match),
        ),
    ),
    Leak("card", r"[0-9](?:[ .-]?[0-9]){12}", _cards),
    Leak("iban", r"[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11}", _ibans),
    Leak(
        "ssn",
        r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
        _proved(r"(?<![\w-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w-])"),
    ),
    Leak(
        "mac",
        r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}",
        _proved(
            r"(?<![\w:-])(?:[0-9A-Fa-f]{2}(?P<s>[:-])(?:[0-9A-Fa-f]{2}(?P=s)){4}[0-9A-Fa-f]{2}"
            r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\w:-])",
            _mac,
        ),
    ),
    Leak(
        "crypto",
        r"0x[0-9a-fA-F]{40}|[Bb][Cc]1[0-9A-Za-z]{11}|[13][1-9A-HJ-NP-Za-km-z]{25}",
        _proved(
            r"(?<![A-Za-z0-9])(?:0x[0-9a-fA-F]{40}|bc1[02-9ac-hj-np-z]{11,71}|BC1[02-9AC-HJ-NP-Z]{11,71}"
            r"|[13][1-9A-HJ-NP-Za-km-z]{25,34})(?![A-Za-z0-9])",
            _wallet,
        ),
    ),
    Leak("api_key", _KEY, _proved(rf"(?<![A-Za-z0-9])(?:{_KEY})")),
    Leak("jwt", _JWT, _proved(_JWT)),
    Leak("url_credentials", _CREDENTIALS, _proved(_CREDENTIALS)),
)
"""Every kind. Not here: names, addresses, dates of birth; the scan says nothing of them."""
