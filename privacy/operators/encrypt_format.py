"""Encrypt values and keep their format."""

from __future__ import annotations

import string
from typing import Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from ...config import Strict
from ..contract import Context, Operator, operator, per_distinct, texts_of
from ..ff1 import FF1
from ..keyed import derive

_ALPHABETS = {
    "digits": string.digits,
    "letters": string.ascii_lowercase,
    "alphanumeric": string.digits + string.ascii_lowercase,
}


class EncryptFormatOptions(Strict):
    """What the values are made of."""

    alphabet: Literal["digits", "letters", "alphanumeric"] = Field(
        "digits", description="the characters that are encrypted, among each other; all others stay where they are"
    )
    luhn: bool = Field(
        False, description="the last digit is a Luhn check digit: it comes out wrong, so that no value is a real card"
    )


@operator("encrypt_format")
class EncryptFormat(Operator):
    """Encrypt values and keep their format: digits become digits, separators stay (FF1, NIST SP 800-38G).

    Equal values give equal results. The key cannot be named in the result: `weir unmask --key ID` names one that was
    rotated away. Values of less than a million possibilities (six digits) become null: all could be tried.
    """

    Options = EncryptFormatOptions
    keyed = True
    example: ClassVar[dict[str, Any]] = {"alphabet": "alphanumeric"}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the encrypted values, as strings."""
        made, lost = self._each(values, options, context, "encrypt")
        context.counts["encrypt_format"] += len(values) - values.null_count
        if short := pa.compute.sum(lost).as_py():
            context.counts["too short to encrypt"] += short
        return made

    def reveal(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the values as they were, as strings."""
        return self._each(values, options, context, "decrypt")[0]

    def _each(self, values: pa.Array, options: Any, context: Context, way: str) -> tuple[pa.Array, pa.Array]:
        alphabet = _ALPHABETS[options.alphabet]
        cipher = FF1(derive(context.key, "encrypt_format"), len(alphabet))
        turn = cipher.encrypt if way == "encrypt" else cipher.decrypt

        def change(text: str) -> str | None:
            places = [place for place, char in enumerate(text) if char.lower() in alphabet]
            checked = places[-1:] if options.luhn else []
            body = places[: len(places) - len(checked)]
            try:
                turned = turn([alphabet.index(text[place].lower()) for place in body])
            except ValueError:
                return None
            made = list(text)
            for place, numeral in zip(body, turned, strict=True):
                made[place] = alphabet[numeral].upper() if text[place].isupper() else alphabet[numeral]
            for place in checked:
                # How far the check digit is off travels with it: a right one becomes wrong by five, and comes back.
                before, after = (_check(chars, body) for chars in (text, made))
                made[place] = str((int(text[place]) - before + after + 5) % 10)
            return "".join(made)

        return per_distinct(texts_of(values, context), change)


def _check(chars: Any, places: list[int]) -> int:
    """Return the Luhn check digit (ISO/IEC 7812-1) of the digits at some places."""
    digits = [int(chars[place]) for place in reversed(places)]
    return -sum(sum(divmod(2 * d, 10)) if at % 2 == 0 else d for at, d in enumerate(digits)) % 10
