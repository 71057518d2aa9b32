from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataweir.privacy.ff1 import FF1

ALPHABET = string.digits + string.ascii_lowercase
AES128 = "2B7E151628AED2A6ABF7158809CF4F3C"
AES192 = AES128 + "EF4359D8D580AA4F"
AES256 = AES192 + "7F036D6F04FC6A94"
DIGITS, LONG = "0123456789", "0123456789abcdefghi"
TWEAK, TWEAK36 = "39383736353433323130", "3737373770717273373737"


@pytest.mark.parametrize(
    ("key", "radix", "tweak", "plain", "cipher"),
    [
        (AES128, 10, "", DIGITS, "2433477484"),
        (AES128, 10, TWEAK, DIGITS, "6124200773"),
        (AES128, 36, TWEAK36, LONG, "a9tv40mll9kdu509eum"),
        (AES192, 10, "", DIGITS, "2830668132"),
        (AES192, 10, TWEAK, DIGITS, "2496655549"),
        (AES192, 36, TWEAK36, LONG, "xbj3kv35jrawxv32ysr"),
        (AES256, 10, "", DIGITS, "6657667009"),
        (AES256, 10, TWEAK, DIGITS, "1001623463"),
        (AES256, 36, TWEAK36, LONG, "xs8a0azh2avyalyzuwd"),
    ],
)
def test_the_nine_samples_that_nist_published(key: str, radix: int, tweak: str, plain: str, cipher: str) -> None:
    ff1 = FF1(bytes.fromhex(key), radix, bytes.fromhex(tweak))
    numerals = [ALPHABET.index(c) for c in plain]
    assert "".join(ALPHABET[n] for n in ff1.encrypt(numerals)) == cipher
    assert ff1.decrypt(ff1.encrypt(numerals)) == numerals


@given(
    st.integers(2, 300).flatmap(
        lambda radix: st.tuples(st.just(radix), st.lists(st.integers(0, radix - 1), max_size=80))
    )
)
def test_what_was_encrypted_is_read_again_whatever_the_length(given: tuple[int, list[int]]) -> None:
    radix, numerals = given
    ff1 = FF1(b"k" * 32, radix)
    if radix ** len(numerals) < 1_000_000:
        with pytest.raises(ValueError, match="too few values"):
            ff1.encrypt(numerals)
        return
    sealed = ff1.encrypt(numerals)
    assert len(sealed) == len(numerals)
    assert all(0 <= n < radix for n in sealed)
    assert ff1.decrypt(sealed) == numerals
