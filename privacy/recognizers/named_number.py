"""Identity, social security and tax numbers behind the word that names them, whatever their checksum says."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_NATIONAL = (
    r"(?:n\.?i\.?\s?(?:number|no\.?)|national\sinsurance(?:\s(?:number|no\.?))?|nino|social\ssecurity(?:\s(?:number|no\.?))?|national\sid(?:entity)?(?:\s(?:number|no\.?))?"
    r"|sozialversicherungs-?(?:nummer|nr\.?)|sv-?(?:nummer|nr\.?)|rentenversicherungsnummer|ahv-?(?:nummer|nr\.?)"
    r"|num[ée]ro\sde\ss[ée]curit[ée]\ssociale|n°\s?s[ée]cu(?:rit[ée]\ssociale)?|nir|niss"
    r"|n[úu]mero\sde\s(?:la\s)?seguridad\ssocial|nuss|c[ée]dula|curp|documento\sde\sidentidad"
    r"|numero\sdi\sprevidenza|burgerservicenummer|bsn|rijksregisternummer"
    r"|\brg|cart[ãa]o\sde\scidad[ãa]o|bilhete\sde\sidentidade|n[úu]mero\sde\ssegurança\ssocial|aadhaar|pesel|personnummer)"
)
_TAX = (
    r"(?:tax\s(?:id|number|no\.?|file\snumber)|tfn|tin|ein|utr|vat(?:\s(?:number|no\.?|id))?|\babn|steuer-?(?:nummer|nr\.?|id(?:entifikationsnummer)?)"
    r"|ust-?id(?:-?(?:nr\.?|nummer))?|num[ée]ro\s(?:fiscal|de\stva)|n°\s?(?:fiscal|de\stva)|spi|siret|siren|n[úu]mero\s(?:fiscal|de\scontribuinte)"
    r"|rfc|partita\siva|p\.?\siva|btw-?(?:nummer|nr\.?|id)|contribuinte)"
)
_BETWEEN = r"\s{0,2}(?:is|lautet|ist|est|es|è|é|:|#|=|n[.º°o])?\s{0,2}(?:le\s|la\s|el\s|il\s|o\s)?"
_NUMBER = r"(?P<value>(?=(?:[\w./-]|\s(?=[\w])){0,24}?\d)[A-Z]{0,4}\s?\d(?:[ ./-]?(?:[A-Z]{1,2} ?)?\d){4,17}(?:[ -]?[A-Z](?![\w]))?)(?![\w-])"


@recognizer("national_number")
class NationalNumber(Recognizer):
    """National identity and social security numbers behind their word, also mistyped ones."""

    entity = "NATIONAL_ID"
    patterns: ClassVar[tuple[Pattern, ...]] = (Pattern(rf"\b{_NATIONAL}{_BETWEEN}{_NUMBER}", 0.7),)
    positives = (
        "My NI number is «QQ123456C».",
        "NI number «QQ 12 34 56 C», thanks",
        "Sozialversicherungsnummer: «15 070649 C 103»",
        "número de la seguridad social «281234567840»",
        "RG «12.345.678-9» do cliente",
    )
    negatives = ("social security in 2023", "RG 2 was built", "the national id is needed")

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop what holds fewer than six digits."""
        return None if sum(c.isdigit() for c in value) >= 6 else False


@recognizer("tax_number")
class TaxNumber(Recognizer):
    """Tax and VAT numbers behind their word, also mistyped ones."""

    entity = "TAX_ID"
    patterns: ClassVar[tuple[Pattern, ...]] = (Pattern(rf"\b{_TAX}{_BETWEEN}{_NUMBER}", 0.7),)
    positives = (
        "numéro fiscal «0701987765432» reçu",
        "btw-nummer «NL001234567B01» klopt",
        "ABN «51 824 753 556» ok",
    )
    negatives = ("the tax of 2023", "a tin of 12 beans", "vat 20 percent")

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop what holds fewer than seven digits."""
        return None if sum(c.isdigit() for c in value) >= 7 else False
