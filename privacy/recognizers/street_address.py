"""Street addresses: a core of street and house number, and the unit, town, region, postcode and country behind it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, ClassVar

from ..contract import Match, Pattern, Recognizer, recognizer
from ..gazetteers import places

_EN = (
    r"(?i:street|str?|road|rd|avenue|aven?|lane|ln|drive|drv?|boulevard|blvd|court|crt?|ct|way|place|plc?|terrace|terr?"
    r"|square|sq|close|crescent|cres|highway|hwy|parkway|pkwy|circle|circ?|trail|trl|alley|grove|grv|mews|gardens|loop"
    r"|run|ridge|hill|park|row|walk|wharf|quay|heights|green|rise|view|esplanade|parade|plaza|pike|turnpike|bypass|path)"
)
_WORD = r"(?:\p{Lu}[\p{L}'’.-]*|\d{1,3}(?:st|nd|rd|th))"
_ENDING = (
    r"(?:stra(?:ß|ss)e|str\.?|weg|platz|allee|gasse|damm|ufer|steig|straat|laan|plein|gracht|kade|dreef|singel"
    r"|gata|gatan|gaten|vägen|veien|vegen|vej|gade|katu|kuja|polku|utca|stíg|götu|gránd?|stien|allé|bakken|toft|parken"
    r"|gate|terrasse|vænget|stræti|tänav|põik|puiestee|u\.|útja?|tér|körút|krt\.?|rkp\.?|sétány|ulica|ulice|cesta|trg"
    r"|sokağı?|sk\.|caddesi|cad\.|bulvarı)"
)
_BEGIN = (
    r"(?i:rue|avenue|av\.?|avda\.?|boulevard|bd\.?|impasse|chemin|quai|allées?|route|cours|passage|faubourg|calle|c/|avenida"
    r"|paseo|plaza|pza\.?|camino|carrera|cra\.?|calzada|carretera|via|viale|piazza|piazzale|corso|vicolo|largo|strada"
    r"|lungomare|rua|travessa|praça|estrada|rodovia|alameda|ulica|ul\.|ulice|aleja|al\.|os\.|strada|bulevardul|calea|aleea"
    r"|λεωφόρος|λ\.|οδός|πλατεία|ул\.|улица|проспект|пр-т|переулок|пер\.|набережная|бульвар|площадь)"
)
_JOINT = r"(?:(?:d[eoa]s?|du|del|della|delle|dei|degli|la|le|les|los|las|l['’]|d['’]|e|y|an|in|am|der|den|zur|zum)\s?)"
_LITTLE = r"(?:Die|Der|Das|Dem|Den|Des|Eine?r?|In|Im|Am|An|Auf|Aus|Bei|Zur|Von|Wir|Ich|Er|Sie|De|Het|Een|Op|Aan|Bij|Naar|Ik|Zij|Hij|Und|En)"
_NAME = rf"(?:{_JOINT}{{0,3}}[\p{{Lu}}\d][\p{{L}}\d'’.-]*)(?:\s{_JOINT}{{0,3}}\p{{Lu}}[\p{{L}}'’.-]*){{0,4}}"
_HOUSE = r"\d{1,5}(?:[a-zA-Z](?!\w)|\s[a-zA-Z](?=[,.\n]|$)|\s?(?:bis|ter)\b)?(?:\s?[-/]\s?(?:\d{1,4}[a-z]?|[A-Za-z])(?!\w))?(?!\d)"
_UNIT = (
    r"(?:(?i:apt|apartment|suite|ste|unit|flat|floor|room|rm|étage|appt?|apto|piso|puerta|pta|esc|interno|int|scala|sala|bloco|lote"
    r"|andar|bus|bte|boîte|wohnung|whg)(?!\p{L})\.?\s?#?\s?\w{1,6}"
    r"|\d{1,2}\.?[ºª°]\s?(?:(?i:izq|dcha|drcha|dto|esq|frente|andar|piso)[\p{L}]*\.?|[A-Z](?!\w))?"
    r"|\d{1,2}\.\s?(?:OG|Stock|Etage)(?!\w))"
)
_TOWN = r"\p{Lu}[\p{L}'’.-]*(?:[ -](?:(?:am|an|der|im|in|ob|sur|sous|en|lès|les|la|le|de|del|di|do|da|den|aan|op|l')[ -]){0,2}\p{Lu}[\p{L}'’-]+){0,2}"
_TOWN_CODE = r"(?:(?:[A-Z]{1,2}-)?\d{5}|\d{4}-\d{3}|\d{4}\s?[A-Z]{2}|[A-Z]{1,2}-\d{4})"
"""Postcodes that stand before their town, in Europe and Portugal."""
_FREE = r"(?!the\b|a\b|an\b|of\b|on\b|in\b|down\b|up\b|to\b|at\b|and\b|along\b|my\b|this\b|that\b|from\b|miles?\b|years?\b|minutes?\b|blocks?\b|people\b)[a-z]+"

_QUOTED = r"\n[^\w\n]{1,5}(?=\w)"
"""A line that begins with the marks of a quoted mail or a list."""
_AMID = r"(?:nad|pod|am|an\sder|ob|sur|sous|lès|aan|op|upon|de|del|di|da|do|dos|du|la|le)"
"""Words inside the names of towns."""
_TAIL = (
    rf"(?:[\s,]{{1,5}}|\s[-–]\s|,?\s?{_QUOTED})(?:(?P<close>{_UNIT}|(?:APO|FPO|DPO),?\sA[AEP]\s\d{{5}}(?:-\d{{4}})?|{_TOWN_CODE}\s{_TOWN}|#\s?\w{{1,5}}\b|\p{{Lu}}{{2,3}}(?=[\s,]+\d{{4,6}}\b)|(?:[A-Z]{{1,2}}-)?\d{{4,6}}(?:-\d{{3,4}})?(?:\s[A-Z]{{2}}\b)?(?![\w.])"
    r"|[A-Z]{1,2}\d[\dA-Z]?\s\d[A-Z]{2}\b|[A-Z]\d[A-Z]\s\d[A-Z]\d\b)|(?P<word>"
    rf"(?:{_AMID}\s)?\p{{Lu}}[\p{{L}}'’.-]*))"
)
_PARTS, _WORDS = 12, 4


@recognizer("street_address")
class StreetAddress(Recognizer):
    """Street addresses: street and house number in eight languages, with unit, town, region, postcode and country."""

    entity = "STREET_ADDRESS"
    case_sensitive = True
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(
            rf"(?<![\w.,$€£#])(?:(?i:flat|apt|apartment|unit|suite|room)\.?\s\w{{1,4}},\s)?\d{{1,5}}[A-Za-z]?\s(?:[NSEW]{{1,2}}\.?\s)?(?:{_WORD}\s){{1,4}}{_EN}\b\.?(?!\s?\d+\s?%)",
            0.7,
        ),
        Pattern(
            rf"(?<![\w.,$€£#])\d{{1,5}}\s(?:{_FREE}\s){{1,3}}(?:street|st|road|rd|avenue|ave|lane|boulevard|blvd|drive|terrace|parkway|highway)\b\.?",
            0.5,
        ),
        Pattern(
            rf"(?<!\w)(?:\d{{1,5}}\s)?(?:(?:(?!{_LITTLE}\s)\p{{Lu}}[\p{{L}}.'’-]+\s){{0,2}}\p{{Lu}}[\p{{L}}.-]*(?i:{_ENDING})|\p{{Lu}}[\p{{L}}-]+\s(?:(?:an|in|am|im|den|der|dem|von|zur?|zum|\p{{Lu}}[\p{{L}}-]+)\s){{0,3}}(?i:{_ENDING}))\s{_HOUSE}(?:\.(?=[,\n]))?",
            0.7,
        ),
        Pattern(
            rf"(?<!\w)(?:Am|Im|Zum|Zur|Beim|(?:An|In|Auf|Hinter|Vor|Unter)\s(?:der|dem|den))\s(?:\p{{Lu}}[\p{{L}}-]+\s){{1,2}}{_HOUSE}(?=[,\s]{{1,3}}\d{{5}}\s\p{{Lu}})",
            0.7,
        ),
        Pattern(rf"(?<![\w.,$€£#])\d{{1,5}}(?:\s?(?:bis|ter))?,?\s{_BEGIN}\s{_NAME}(?:,?\s{_HOUSE})?", 0.7),
        Pattern(rf"(?<!\w){_BEGIN}\s{_NAME},?\s(?:n[.º°]?\s?)?{_HOUSE}", 0.7),
        Pattern(
            r"(?<![\w.,$€£#])\d{1,5}\s(?:[\p{Lu}\d][\p{L}\d'’.-]*\s?){1,4}\d{0,4}(?=[\s,]{1,3}(?i:apt|suite|unit|flat)\.?\s\d)",
            0.6,
        ),
        Pattern(
            r"(?<!\w)(?i:P\.?\s?O\.?\s?Box|Postfach|Apartado|Casella\spostale|Postbus|Boîte\spostale|BP)\s\d{2,8}(?!\d)",
            0.7,
        ),
        Pattern(
            rf"(?i:\bcorner\sof\s)(?P<value>{_WORD}(?:\s{_WORD}|\s\d{{1,4}}\.?){{0,4}}\s(?i:and|&)\s{_WORD}(?:\s{_WORD}){{0,3}})",
            0.6,
        ),
        Pattern(r"(?<!\w)(?i:PSC|CMR|Unit)\s\d{1,5},?\s(?i:Box)\s\d{1,5}", 0.8),
        Pattern(
            r"(?<!\w)(?:USS|USNS|USNV|USCGC)\s\p{Lu}[\p{L}'’-]+(?:\s\p{Lu}[\p{L}'’-]+)?(?=[\s,]{1,3}[AFD]PO\s)", 0.8
        ),
        Pattern(
            r"(?<!\w)(?:\d{1,5}[A-Za-z]?\s)(?:\p{Lu}[\p{L}'’-]+\s){1,3}\d{0,4}\s?[\n,](?=[^\n]{0,40}\n?[^\n]{0,20}(?:[A-Z]{2}\s\d{5}|\d{5}\s?$))",
            0.5,
        ),
        Pattern(
            r"(?:[\u4e00-\u9fff]{2,9}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,7}?市)?(?:[\u4e00-\u9fff]{1,7}?(?:区|县|市|镇))?(?<=[省区市县镇])[\u4e00-\u9fff]{1,12}(?:路|街|巷|道|弄|村|胡同)[\u4e00-\u9fff]{0,4}\d{1,5}号(?:[\u4e00-\u9fff\d-]{1,12}(?:室|楼|单元|栋))?",
            0.8,
        ),
    )
    positives = (
        "to «Flat 3, 18 Kelvin Grove», please",
        "I live at «221B Baker Street», upstairs",
        "ship to «1600 Pennsylvania Ave» today",
        "send it to «742 Evergreen Terrace, Apt 3», please",
        "it is «12 Oak Lane, Springfield, IL 62704»",
        "ich wohne in der «Hauptstraße 12a», oben",
        "Büro: «Unter den Linden Str. 7», hinten",
        "an «Lindenstraße 5, 10969 Berlin», bitte",
        "au «12 rue de la Paix, 75002 Paris», merci",
        "vive en «Calle Mayor 15» desde mayo",
        "in «Via Giuseppe Garibaldi 7» a Roma",
        "op de «Prinsengracht 263» woont ze",
        "write to «P.O. Box 4471» only",
        "an «Prins Hendrikkade 33-2, 1012 TM Amsterdam» bezorgen",
        "«Am Alten Markt 3, 59065 Hamm»",
        "en «calle Doctor Fleming, 18, 3.º B, 06011 Badajoz», gracias",
        "na «Avenida Paulista, 1578, apto 42, São Paulo - SP, 01310-200», obrigado",
        "soldier at «PSC 1234, Box 5678»",
        "on board «USS Wasp, FPO AE 09556» until May",
        "itt: «Petőfi u. 12., 6000 Kecskemét», kérem",
        "> «12 Oak Lane\n> Suite 4\n> Springfield, IL 62704»\n",
        "地址：«北京市海淀区中关村大街27号»，欢迎",
    )
    negatives = (
        "I walked 5 miles down the street",
        "we took 2 Big Steps",
        "chapter 3 Verse 7",
        "in 2023 Apple won",
    )

    @classmethod
    def search(cls, text: str, language: str) -> Iterator[Match]:
        """Yield each core with what belongs to the address behind it."""
        for match in super().search(text, language):
            yield match._replace(end=_extended(text, match.end))


def _extended(text: str, end: int) -> int:
    """Return where the address ends: after the last unit, postcode, region or known place among its next parts."""
    position, since, start = end, 0, end
    for _ in range(_PARTS):
        part = _tail().match(text, position)
        if part is None:
            break
        position = part.end()
        if part["close"]:
            end, since, start = position, 0, position
            continue
        since += 1
        if since > _WORDS:
            break
        names = text[start:position].replace(",", " ").casefold().split()
        if any(" ".join(names[first:]) in places() for first in range(len(names))):
            end, since, start = position, 0, position
    return len(text[:end].rstrip(" ,\n"))


@functools.cache
def _tail() -> Any:
    import regex

    return regex.compile(_TAIL)
