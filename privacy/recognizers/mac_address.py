"""Hardware addresses."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer


@recognizer("mac_address")
class MacAddress(Recognizer):
    """Hardware (MAC, EUI-48 and EUI-64) addresses; bare hexadecimal digits beside a word that says so."""

    entity = "MAC_ADDRESS"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(
            r"(?<![0-9a-f:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:[0-9a-f]{2}\1[0-9a-f]{2}\1)?[0-9a-f]{2}(?![0-9a-f]|[:-][0-9a-f])",
            0.7,
        ),
        Pattern(r"(?<![0-9a-f.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![0-9a-f.])", 0.6),
        Pattern(r"(?<![\w.-])(?=[0-9a-f]*[a-f])[0-9a-f]{12}(?![\w-])", 0.2),
    )
    context = ("mac", "hardware", "physical", "ethernet", "bssid", "wifi", "wlan", "adapter")
    positives = (
        "the printer is «00:1A:2B:3C:4D:5E»",
        "wifi «AA-BB-CC-DD-EE-FF», I think",
        "switch says «001a.2b3c.4d5e».",
        "mac address «001a2b3c4d5e» blocked",
    )
    negatives = ("at 10:30:45 sharp", "commit 001a2b3c4d5e fixed it")
