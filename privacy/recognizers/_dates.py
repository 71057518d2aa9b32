"""How people write a calendar date, in the languages that detection serves."""

from __future__ import annotations

_MONTHS = (
    "jan(?:uary|uar|vier)?|jänner|janv|enero|gennaio|janeiro|januari"
    "|feb(?:ruary|ruar|braio)?|févr?(?:ier)?|febrero|fevereiro|februari"
    "|mar(?:ch|s|zo|ço)?|märz|maart"
    "|apr(?:il|ile)?|avr(?:il)?|abr(?:il)?"
    "|may|mai|mayo|maggio|maio|mei"
    "|june?|juni?|juin|junio|giugno|junho"
    "|july?|juli?|juil(?:let)?|julio|luglio|julho"
    "|aug(?:ust|ustus)?|août|agosto"
    "|sept?(?:ember|embre|tembre)?|septiembre|settembre|setembro"
    "|o[ck]t(?:ober|obre|ubre)?|ottobre|outubro"
    "|nov(?:ember|embre|iembre|embro)?"
    "|de[cz](?:ember|embre|iembre|embro)?|déc(?:embre)?|dicembre|diciembre"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|er|\.)?"
_YEAR = r"(?:(?:19|20)\d{2}|['’]\d{2})"

WRITTEN = (
    rf"(?:{_DAY}\s?(?:of\s|de\s)?(?:{_MONTHS})\.?,?\s?(?:de\s|of\s)?{_YEAR}"
    rf"|(?:{_MONTHS})\.?\s{_DAY},?\s{_YEAR}|{_YEAR}[,\s]{{1,2}}(?:{_MONTHS})\.?\s{_DAY})"
)
"""A date with the month in letters, day and year."""

NUMERIC = r"(?:(?:19|20)\d{2}(?P<between>[./\-\u2011])[01]?\d(?P=between)[0-3]?\d|[0-3]?\d(?P<among>[./\-\u2011 ])[0-3]?\d(?P=among)(?:(?:19|20)\d{2}|\d{2}))|(?:19|20)\d{2}年\d{1,2}月\d{1,2}日"
"""A date in digits: year first, or day and month in either order."""

BARE = rf"(?:{_DAY}\s?(?:of\s|de\s)?(?:{_MONTHS})\b|(?:{_MONTHS})\.?\s{_DAY})(?!\w)"
"""A day and a month, without a year."""
