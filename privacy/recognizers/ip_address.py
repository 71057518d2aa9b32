"""IP addresses of one machine: v4 and v6, with zone, port or prefix; networks with no host bits are left alone."""

from __future__ import annotations

import ipaddress
import re
from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_BYTE = r"(?:25[0-5]|2[0-4]\d|[01]?\d?\d)"
_V4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"
_HEX = r"[0-9a-f]{1,4}"


@recognizer("ip_address")
class IpAddress(Recognizer):
    """IP addresses v4 and v6 (with zone); an address with zero host bits and its prefix names a network, no machine."""

    entity = "IP_ADDRESS"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?<![\d.])(?<!\d,){_V4}(?:/\d{{1,2}})?(?![\d]|\.\d)", 0.6),
        Pattern(
            rf"(?<![0-9a-z.])(?:::|{_HEX}:(?:{_HEX}:|:)+)(?:(?:{_HEX}:|:)*(?:{_V4}|{_HEX}))?(?<![0-9a-f]:)"
            rf"(?:%[\w.-]{{1,15}})?(?:/\d{{1,3}})?(?![0-9a-f]|\.\d)",
            0.6,
        ),
    )
    positives = (
        "login from «203.0.113.77», twice",
        "server «2001:db8:85a3::8a2e:370:7334» is down",
        "ping «fe80::1ff:fe23:4567:890a%eth0» first",
        "addr:«2001:db8::1»: timeout",
        "[«2001:db8::7»]:8080 refused",
        "via «::ffff:192.0.2.128» now",
        "old form «192.168.001.010» works",
        "host_«198.51.100.4» answers",
    )
    negatives = (
        "203.0.113.0/24 is the whole network",
        "2001:db8::/32 is for examples",
        "at 10:30:45 on day 3",
        "chapter 1.2.3 and ratio 16:9",
        "std::vector",
    )

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop what is no address, and networks."""
        address, _, prefix = value.partition("/")
        plain = re.sub(r"(?<![0-9])0+(?=[0-9])", "", address) if ":" not in address else address
        try:
            parsed = ipaddress.ip_interface(f"{plain}/{prefix}" if prefix else plain)
        except ValueError:
            return False
        if int(parsed.ip) == 0:
            return False
        whole = parsed.network.prefixlen == parsed.max_prefixlen
        return None if whole or parsed.ip != parsed.network.network_address else False
