"""E-mail addresses, also under reserved or internal domains and spelled out against harvesters."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_LOCAL = r"[\w!#$%&'*+/=?^`{|}~-](?:[\w.!#$%&'*+/=?^`{|}~-]{0,63})"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"


@recognizer("email")
class Email(Recognizer):
    """E-mail addresses: any domain of two labels or more, IP literals, and `name (at) host (dot) tld`."""

    entity = "EMAIL_ADDRESS"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?<![\w.+-]){_LOCAL}(?:@|%40)(?:{_LABEL}\.)+[^\W\d_][\w-]{{0,61}}[^\W_](?![\w@])", 0.95),
        Pattern(rf"(?<![\w.+-]){_LOCAL}@\[?(?:\d{{1,3}}\.){{3}}\d{{1,3}}\]?", 0.9),
        Pattern(
            r"(?<![\w.+-])[\w.+-]{1,64}\s*(?:[\[({]\s*at\s*[\])}]|@)\s*"
            r"[\w-]{1,63}(?:\s*(?:[\[({]\s*dot\s*[\])}]|\.)\s*[\w-]{1,63}){0,3}?"
            r"\s*(?:[\[({]\s*dot\s*[\])}]|(?<=[\])}]\s*[\w-]{1,63})\.)\s*[a-z]{2,24}\b",
            0.8,
        ),
        Pattern(
            r"(?<![\w.+-])[\w.+-]{1,64}\sat\s[\w-]{1,63}(?:\sdot\s[\w-]{1,63}){0,2}\sdot\s(?:com|org|net|edu|gov|info|io|me|[a-z]{2})\b",
            0.6,
        ),
        Pattern(r"(?<![\w.+-])[\w.+-]{1,64}@[a-z][\w-]{0,62}(?![\w@.-]|\.\w)", 0.3),
    )
    context = ("mail", "contact", "write", "reach", "inbox", "address")
    positives = (
        "Write to «jane.doe+news@mail.example.com», please.",
        "My address is «o'brien_77@intranet.corp».",
        "reach me: «jane.doe (at) example (dot) org»",
        "«jane [at] example.org» works too",
        "it is «jane at example dot com» as ever",
        "Postmaster «root@[192.0.2.7]» answers",
        "Ответ на «анна@пример.рф» сегодня",
    )
    negatives = ("Meet me at noon @ the old bridge", "We won 3@5 and lost 2.", "look at that dot over there")
