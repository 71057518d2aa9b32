"""What is known about sources, tables and metrics in the store, with its history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from .database import Database, now
from .models import DescriptionRow
from .plainjson import plain
from .records import Description, record


class DescriptionRecords(Database):
    """The part of the store that knows what things are, since when, and what they were before."""

    def describe(self, kind: str, topic: str, facts: Mapping[str, Mapping[str, Any]], whole: bool = False) -> None:
        """Write down what is known of things of a kind under a topic: {name: {fact: value}}.

        What has changed gets a new version; what it said before stays, with the time it ended. With `whole` the
        things that are not named are no longer there.
        """
        with self.writing() as session:
            for name, own in facts.items():
                change_description(session, kind, name, topic, own)
            if whole:
                current = select(DescriptionRow).where(DescriptionRow.kind == kind, DescriptionRow.topic == topic)
                for row in session.scalars(current.where(DescriptionRow.until.is_(None))):
                    if row.name not in facts:
                        row.until = now()

    def descriptions(
        self, kind: str, name: str | None = None, topic: str | None = None, history: bool = False
    ) -> list[Description]:
        """Return what is known, by name and topic; with `history` also what was, oldest first."""
        query = select(DescriptionRow).where(DescriptionRow.kind == kind)
        if name is not None:
            query = query.where(DescriptionRow.name == name)
        if topic is not None:
            query = query.where(DescriptionRow.topic == topic)
        if not history:
            query = query.where(DescriptionRow.until.is_(None))
        with self.reading() as session:
            rows = session.scalars(query.order_by(DescriptionRow.name, DescriptionRow.topic, DescriptionRow.since))
            return [record(Description, row) for row in rows]


def change_description(session: Session, kind: str, name: str, topic: str, facts: Mapping[str, Any]) -> None:
    """Write a new version of what is known of one thing, where it differs from the newest."""
    said: dict[str, Any] = plain({fact: value for fact, value in facts.items() if value not in (None, "", [], {})})
    row = session.scalar(
        select(DescriptionRow).where(
            DescriptionRow.kind == kind,
            DescriptionRow.name == name,
            DescriptionRow.topic == topic,
            DescriptionRow.until.is_(None),
        )
    )
    if row is not None and row.facts == said:
        return
    at = now()
    if row is not None:
        row.until = at
    session.add(_row(kind, name, topic, at, said))


def _row(kind: str, name: str, topic: str, at: datetime, facts: dict[str, Any]) -> DescriptionRow:
    words = "; ".join(f"{fact} {', '.join(_words(value))}" for fact, value in facts.items())
    return DescriptionRow(kind=kind, name=name, topic=topic, since=at, until=None, facts=facts, text=words)


def _words(value: Any) -> list[str]:
    """Return the words of a fact: those of a mapping are its keys with their values."""
    if isinstance(value, Mapping):
        return [" ".join([str(key), *_words(inner)]) for key, inner in value.items()]
    if isinstance(value, list):
        return [" ".join(_words(inner)) for inner in value]
    return [str(value)]
