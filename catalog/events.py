"""What a run does while it is under way: its steps by the clock, what it said, and that it is still alive."""

from __future__ import annotations

from sqlalchemy import func, select, update

from .database import Database, now
from .models import EventRow
from .records import Event, EventKind, record

SILENCE_SECONDS = 30.0
"""A run that was not heard of for so long was killed: it tells every few seconds that it is alive."""


class EventRecords(Database):
    """The part of the store that follows runs under way."""

    def add_event(self, run: str, kind: EventKind, text: str = "", total: int = 0, link: str | None = None) -> int:
        """Write down that something begins or was said; return its number in the run."""
        at = now()
        with self.writing() as session:
            last = session.scalar(select(func.max(EventRow.number)).where(EventRow.run == run))
            number = 0 if last is None else int(last) + 1
            row = EventRow(
                run=run, number=number, kind=kind, text=text, began=at, until=at, done=0, total=total, link=link
            )
            session.add(row)
        return number

    def advance_event(self, run: str, number: int, done: int = 0, link: str | None = None) -> None:
        """Say how much of a step is done by now, and that the run is alive."""
        one = update(EventRow).where(EventRow.run == run)
        with self.writing() as session:
            session.execute(one.where(EventRow.number == number).values(until=now(), done=done, link=link))
            if number:
                session.execute(one.where(EventRow.number == 0).values(until=now()))

    def events(self, run: str) -> list[Event]:
        """Return the events of a run in their order; the first is the run itself, until it was last heard of."""
        query = select(EventRow).where(EventRow.run == run).order_by(EventRow.number)
        with self.reading() as session:
            return [record(Event, row) for row in session.scalars(query)]
