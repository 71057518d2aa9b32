"""Cut precision off: addresses to their network, texts to their beginning, numbers to some decimals."""

from __future__ import annotations

import ipaddress
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import Strict
from ..contract import Context, Operator, operator, per_distinct, texts_of


class TruncateOptions(Strict):
    """How much stays."""

    ipv4: int = Field(24, ge=0, le=32, description="bits of an IPv4 address that stay")
    ipv6: int = Field(48, ge=0, le=128, description="bits of an IPv6 address that stay")
    chars: int | None = Field(None, ge=0, description="characters of a text that stay (instead of an address)")
    decimals: int = Field(1, ge=0, le=6, description="decimals of a number that stay")


@operator("truncate")
class Truncate(Operator):
    """Cut precision off: an address to its network, a text to its beginning, a number to some decimals.

    Without `chars` a text column holds addresses: what is none, such as a host name, becomes null.
    """

    Options = TruncateOptions
    example: ClassVar[dict[str, Any]] = {"ipv4": 24, "ipv6": 48}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the shortened values."""
        context.counts["truncate"] += len(values) - values.null_count
        if pa.types.is_floating(values.type):
            return pc.round(values, ndigits=options.decimals)
        if pa.types.is_integer(values.type):
            return values
        texts = texts_of(values, context)
        if options.chars is not None:
            return pc.utf8_slice_codeunits(texts, 0, options.chars)
        return per_distinct(texts, lambda value: network(value, options.ipv4, options.ipv6))[0]


def network(value: str, ipv4: int, ipv6: int) -> str | None:
    """Return the first address of the network of an address; None where it is none."""
    try:
        address = ipaddress.ip_address(value.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    bits = ipv4 if address.version == 4 else ipv6
    return str(ipaddress.ip_network((address, bits), strict=False).network_address)
