"""Numbers by which a firm knows somebody: bank accounts, customers, employees, members."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_WORD = (
    r"(?:(?:bank\s)?account(?:\s(?:number|no\.?|id))|acct\.?(?:\sno\.?)?|routing(?:\snumber)?|sort\scode|customer\s(?:id|number|no\.?)"
    r"|client\s(?:id|number)|employee\s(?:id|number|no\.?)|staff\s(?:id|number)|student\s(?:id|number)|membership\s(?:id|number|no\.?)"
    r"|loyalty\s(?:card|number)|kontonummer|kundennummer|kunden-?nr\.?|personalnummer|mitgliedsnummer|matrikelnummer"
    r"|num[eé]ro\s(?:de\s)?(?:compte|client|cliente|cuenta)|cuenta\sn[úu]mero|conto\snumero|codice\scliente|rekeningnummer|klantnummer"
    r"|número\sd[ao]\s(?:conta|cliente)|银行账号|卡号|客户号|工号|学号)"
)


@recognizer("account_id")
class AccountId(Recognizer):
    """Account, customer, employee, student and member numbers behind the word that names them; sort codes, BIC."""

    entity = "ACCOUNT_ID"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(
            rf"\b{_WORD}\s{{0,2}}(?:is|ist|est|es|è|é|[:#=])?\s{{0,2}}(?P<value>(?=[\w-]*\d{{3}})[A-Z0-9][A-Z0-9-]{{3,24}})(?![\w-])",
            0.7,
        ),
        Pattern(
            r"\b(?:cvv2?|cvc2?|card\ssecurity\scode|security\scode|kartenprüfnummer|prüfziffer|cryptogramme(?:\svisuel)?"
            r"|c[óo]d(?:igo|ice)\sd[ei]\s(?:seguri(?:dad|ança)|segurança|sicurezza)|beveiligingscode)\s{0,2}(?:is|ist|est|es|è|é|[:#=])?\s{0,2}(?P<value>\d{3,4})(?!\w)",
            0.6,
        ),
        Pattern(r"\bsort\scode\s{0,2}(?:is|:)?\s{0,2}(?P<value>\d{2}-\d{2}-\d{2})(?![\w-])", 0.8),
        Pattern(
            r"\b(?:bic|swift(?:\scode)?)\s{0,2}(?:is|[:/])?\s{0,2}(?P<value>(?-i:[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?))(?!\w)",
            0.7,
        ),
    )
    positives = (
        "account number «48213399», closed",
        "Kundennummer: «K-99120», danke",
        "employee ID «E10442» left",
        "sort code «12-34-56» ok",
        "BIC «DEUTDEFF500»",
        "expires 04/27, cvv «123»",
        "cryptogramme «305», refusé",
    )
    negatives = ("on account of 2023 rules", "account number please", "customer number one", "the swift pushback came")
