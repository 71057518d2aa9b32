"""Cut precision off: addresses to their network, texts to their beginning, numbers and coordinates to some decimals."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import Strict
from ...errors import ConfigError
from ..contract import Context, Operator, operator, per_distinct, texts_of


class TruncateOptions(Strict):
    """How much stays."""

    ipv4: int = Field(24, ge=0, le=32, description="bits of an IPv4 address that stay")
    ipv6: int = Field(48, ge=0, le=128, description="bits of an IPv6 address that stay")
    chars: int | None = Field(None, ge=0, description="characters of a text that stay (instead of an address)")
    decimals: int = Field(1, ge=-9, le=6, description="decimals of a number that stay; -3: whole thousands")


_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_COORDINATES = re.compile(rf"\s*{_NUMBER.pattern}(?:\s*[,; ]\s*{_NUMBER.pattern})*\s*")


@operator("truncate")
class Truncate(Operator):
    """Cut precision off: an address to its network, a text to its beginning, numbers and coordinates to some decimals.

    Without `chars` a text column holds addresses, numbers or coordinates ("52.5200, 13.4050"): what is none of these,
    such as a host name, becomes null.
    """

    Options = TruncateOptions
    example: ClassVar[dict[str, Any]] = {"ipv4": 24, "ipv6": 48}

    def keeps(self, options: Any) -> bool:
        """Whole addresses do, and places to eleven metres."""
        return bool(options.ipv4 == 32 or options.ipv6 == 128 or options.decimals >= 4)

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the shortened values."""
        context.counts["truncate"] += len(values) - values.null_count
        if pa.types.is_floating(values.type):
            return pc.round(values, ndigits=options.decimals)
        if pa.types.is_integer(values.type):
            if options.decimals >= 0:
                raise ConfigError(
                    f"column '{context.column}' holds whole numbers: decimals would leave them as they are",
                    "give negative decimals (-3: whole thousands), or generalise to bands",
                )
            return pc.round(values, ndigits=options.decimals)
        texts = texts_of(values, context)
        if options.chars is not None:
            return pc.utf8_slice_codeunits(texts, 0, options.chars)
        return per_distinct(texts, lambda value: _shortened(value, options))[0]


def _shortened(value: str, options: TruncateOptions) -> str | None:
    if _COORDINATES.fullmatch(value):
        return _NUMBER.sub(lambda number: f"{round(float(number[0]), options.decimals):g}", value)
    return network(value, options.ipv4, options.ipv6)


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
