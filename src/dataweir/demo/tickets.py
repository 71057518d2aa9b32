"""The shop's support posts of the week: one CSV file a day, as a help desk exports them overnight."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from .dice import Dice, Weighted
from .files import write
from .people import Person
from .pii import Planter
from .records import DAY, WEEK, moment, scaled, scatter
from .texts import Texts
from .truth import Truth
from .words import DETAILS, PROBLEMS, SUBJECTS, fill

COLUMNS = ("ticket_id", "case_id", "created_at", "customer", "email", "channel", "subject", "body", "agent")

_CHANNELS = Weighted((("email", 40), ("web form", 30), ("chat", 18), ("phone note", 12)))
_GREETINGS = ("Hello,", "Good morning,", "Dear support team,", "Hi there,", "To whom it may concern,")
_CLOSINGS = (
    "Kind regards,",
    "Thank you,",
    "Best wishes,",
    "Yours,",
    "Mit freundlichen Grüßen",
    "Cordialement,",
)
_AGENTS = ("Mia", "Tomasz", "Ines", "Ravi", "Lotte")
_HTML = (
    "<p>{}</p>",
    '<div class="reply">{}</div><br/>',
    "<p>{}</p>\n<p>Sent from my <b>phone</b> &amp; in a hurry</p>",
    '{}<br><br><span style="color:red">please hurry!</span>',
)
_TEXT = "social_posts.text"


def _body(dice: Dice, texts: Texts, person: Person, planter: Planter) -> str:
    core = texts.unique(lambda: " ".join(texts.sentences(PROBLEMS, 1) + texts.sentences(DETAILS, dice.between(1, 3))))
    if dice.chance(300):
        core += ' It says "{}" on the box, nothing else.'.format(fill(dice, "{item}, {adj}"))
    lines = [dice.pick(_GREETINGS), "", core]
    for _ in range(dice.pick((0, 0, 0, 1, 1, 2))):
        lines.append(texts.confidence())
    if dice.chance(100):
        lines.append(f"My account is {planter.note('EMAIL', person.email, _TEXT)} as always.")
    if dice.chance(600):
        lines += ["", dice.pick(_CLOSINGS), planter.note("PERSON", person.name, _TEXT)]
    text = "\n".join(lines)
    if dice.chance(150):
        texts.decorated["html"] += 1
        text = dice.pick(_HTML).format(text.replace("\n", "<br>\n"))
    return texts.dirty(text) if dice.chance(40) else text


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def write_tickets(folder: Path, scale: float, folk: Sequence[Person], planter: Planter, truth: Truth) -> None:
    """Write seven files, about 2,900 posts at scale 1; each begins with the last posts of the day before."""
    dice = Dice(truth.seed, "support")
    customers = Weighted.long_tail(folk, head=200)
    cases: dict[Person, str] = {}
    days: list[list[list[str]]] = [[] for _ in range(7)]
    decorated: list[dict[str, int]] = []
    texts = Texts(Dice(truth.seed, "support texts"), planter, _TEXT)
    seconds = sorted(moment(dice) for _ in range(scaled(2850, scale, 70)))
    for day in range(7):
        before = dict(texts.decorated)
        for second in (s for s in seconds if s // DAY == day):
            person, ticket = dice.weighted(customers), f"T-{20_000 + sum(map(len, days))}"
            case = cases[person] if person in cases and dice.chance(400) else ticket
            cases[person] = case
            planter.note("PERSON", person.name, "social_posts.author_name")
            planter.note("EMAIL", person.email, "social_posts.author_id")
            created = (WEEK + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")
            body = _body(dice, texts, person, planter)
            subject = fill(dice, dice.pick(SUBJECTS))
            row = [ticket, case, created, person.name, person.email, dice.weighted(_CHANNELS), subject, body]
            days[day].append([*row, dice.pick(_AGENTS)])
        decorated.append({kind: n - before.get(kind, 0) for kind, n in sorted(texts.decorated.items())})
    repeat, repeated = scaled(8, scale), 0
    tail: list[Any] = []
    for day, own in enumerate(days):
        plain = [row for row in own if "\n" not in row[7]] or own
        malformed = {
            "too_few_columns": [dice.pick(plain)[:6] for _ in range(scaled(1, scale))],
            "too_many_columns": [[*dice.pick(plain)[:7], "first half", "second half", "Mia"]],
        }
        strays = [row for kind in malformed.values() for row in kind]
        rows = scatter(dice, [*tail, *own], strays, margin=repeat)
        name = f"support/{(WEEK + timedelta(days=day)).date()}.csv"
        facts = write(folder, name, _csv([COLUMNS, *rows]), truth)
        facts.records = len(rows)
        facts.malformed = {kind: len(bad) for kind, bad in malformed.items()}
        facts.decorated = {kind: n for kind, n in decorated[day].items() if n}
        repeated += len(tail)
        tail = own[-repeat:]
    truth.duplicates["tickets"] = repeated
