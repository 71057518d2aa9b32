"""Addresses of crypto wallets beyond Bitcoin's older ones, which Presidio knows."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_B58 = "[1-9A-HJ-NP-Za-km-z]"


@recognizer("crypto_wallet")
class CryptoWallet(Recognizer):
    """Wallet addresses: Bitcoin, Litecoin, Dogecoin, Ethereum, Monero, Tron, Ripple, Cardano; others beside a word."""

    entity = "CRYPTO"
    case_sensitive = True
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(r"(?<![0-9A-Za-z])0x[0-9a-fA-F]{40}(?![0-9A-Za-z])", 0.9),
        Pattern(r"(?<![0-9A-Za-z])(?i:(?:bc|tb|ltc)1[02-9ac-hj-np-z]{25,87})(?![0-9A-Za-z])", 0.9),
        Pattern(rf"(?<![0-9A-Za-z])[13]{_B58}{{25,34}}(?![0-9A-Za-z])", 0.6),
        Pattern(rf"(?<![0-9A-Za-z])(?:[LMDA9T]{_B58}{{33}}|[48]{_B58}{{94}}|r{_B58}{{24,34}})(?![0-9A-Za-z])", 0.5),
        Pattern(r"(?<![0-9A-Za-z])(?:addr1[0-9a-z]{50,110}|cosmos1[0-9a-z]{38})(?![0-9A-Za-z])", 0.9),
        Pattern(rf"(?<![0-9A-Za-z]){_B58}{{32,44}}(?![0-9A-Za-z])", 0.1),
    )
    context = ("wallet", "btc", "bitcoin", "crypto", "eth", "sol", "solana", "usdt", "coin", "xmr", "send")
    positives = (
        "send it to «0x52908400098527886E0F7030069857D2E4169EE7» now",
        "btc «bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4» ok",
        "or «1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa»",
        "doge: «DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L»",
        "my solana wallet «7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV»",
    )
    negatives = (
        "the word Incomprehensibilities is long",
        "sha1 of it: da39a3ee5e6b4b0d3255bfef95601890afd80709",
    )

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop words and hexadecimal digests that merely fit the alphabet."""
        mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
        digest = not value.startswith("0x") and all(c in "0123456789abcdef" for c in value)
        return None if mixed and not digest else False
