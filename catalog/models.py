"""The catalogue's tables. What they mean stands in records.py, how they came about in migrations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Count = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with microseconds in UTC; SQLite, which knows no time zones, stores it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC, refusing times without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every time its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of all tables: strings without a limit, 64-bit counts, UTC times, portable JSON."""

    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it as a plain class attribute
        dict[str, Any]: Json,
        list[dict[str, Any]]: Json,
        datetime: UtcDateTime,
        int: Count,
        float: Double(),
        str: String(),
    }


class RunRow(Base):
    """One pass over the sources."""

    __tablename__ = "runs"
    id: Mapped[str] = mapped_column(primary_key=True)
    project: Mapped[str]
    state: Mapped[str]
    started: Mapped[datetime]
    finished: Mapped[datetime | None]
    config_hash: Mapped[str]
    versions: Mapped[dict[str, Any]]
    plan: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]
    error: Mapped[dict[str, Any] | None]


class SplitRow(Base):
    """One piece of a source's input, and what became of it."""

    __tablename__ = "splits"
    source: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    file: Mapped[str]
    state: Mapped[str]
    first_line: Mapped[int]
    records: Mapped[int]
    rows: Mapped[int]
    rejected: Mapped[dict[str, Any]]
    bytes: Mapped[int]
    seconds: Mapped[float]
    rows_path: Mapped[str | None]
    rejects_path: Mapped[str | None]
    run_pulled: Mapped[str | None] = mapped_column(ForeignKey("runs.id"))
    run_refined: Mapped[str | None] = mapped_column(ForeignKey("runs.id"))
    kept: Mapped[int]
    duplicates: Mapped[int]
    removed: Mapped[int] = mapped_column(server_default=text("0"))
    clean_rejected: Mapped[dict[str, Any]]
    __table_args__ = (Index("splits_state", "state"),)


class CursorRow(Base):
    """What a source remembers between runs."""

    __tablename__ = "cursors"
    source: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[dict[str, Any]]
    run: Mapped[str] = mapped_column(ForeignKey("runs.id"))


class CommitRow(Base):
    """The intent to change several tables together; `done` when all of them have changed."""

    __tablename__ = "commits"
    id: Mapped[str] = mapped_column(primary_key=True)
    run: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    stage: Mapped[str]
    state: Mapped[str]
    payload: Mapped[dict[str, Any]]
    snapshots: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    __table_args__ = (Index("commits_state", "state"),)


class EventRow(Base):
    """What a run did or said, by the clock; number 0 is the run itself, until it was last heard of."""

    __tablename__ = "run_events"
    run: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer(), primary_key=True, autoincrement=False)
    kind: Mapped[str]
    text: Mapped[str] = mapped_column(Text())
    began: Mapped[datetime]
    until: Mapped[datetime]
    done: Mapped[int] = mapped_column(Integer())
    total: Mapped[int] = mapped_column(Integer())
    link: Mapped[str | None]


class StepRow(Base):
    """What one step of a run did to one subject (a source or a table)."""

    __tablename__ = "steps"
    run: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    records_in: Mapped[int]
    kept: Mapped[int]
    rejected: Mapped[int]
    changed: Mapped[int]
    seconds: Mapped[float]
    facts: Mapped[dict[str, Any]]


class SnapshotRow(Base):
    """An Iceberg snapshot that a run committed."""

    __tablename__ = "snapshots"
    table: Mapped[str] = mapped_column("table_name", primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(BigInteger(), primary_key=True)
    run: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    rows_added: Mapped[int]
    files: Mapped[int]
    __table_args__ = (Index("snapshots_run", "run"),)


class QualityRow(Base):
    """The result of one suite on one table."""

    __tablename__ = "quality_results"
    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    table: Mapped[str] = mapped_column("table_name")
    suite_hash: Mapped[str]
    success: Mapped[bool]
    result: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    __table_args__ = (Index("quality_results_table", "table_name", "id"),)


class CandidateRow(Base):
    """An export that waits for, or went through, review."""

    __tablename__ = "candidates"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    table: Mapped[str] = mapped_column("table_name")
    state: Mapped[str]
    policy_hash: Mapped[str]
    candidate_hash: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    path: Mapped[str]
    requested_by: Mapped[str]
    created: Mapped[datetime]
    published_path: Mapped[str | None]
    published_at: Mapped[datetime | None]
    __table_args__ = (Index("candidates_name", "name", "created"),)


class ReviewRow(Base):
    """One decision on one candidate."""

    __tablename__ = "reviews"
    id: Mapped[int] = mapped_column(primary_key=True)
    candidate: Mapped[str] = mapped_column(ForeignKey("candidates.id"))
    decision: Mapped[str]
    reviewer: Mapped[str]
    reason: Mapped[str]
    candidate_hash: Mapped[str]
    at: Mapped[datetime]
    through: Mapped[str] = mapped_column(server_default=text("''"))
    signature: Mapped[str] = mapped_column(server_default=text("''"))
    __table_args__ = (Index("reviews_candidate", "candidate"),)


class SpendRow(Base):
    """What one release with differential privacy took of a table's budget."""

    __tablename__ = "privacy_spends"
    id: Mapped[int] = mapped_column(primary_key=True)
    table: Mapped[str] = mapped_column("table_name")
    release: Mapped[str]
    epsilon: Mapped[float] = mapped_column(Double)
    actor: Mapped[str]
    at: Mapped[datetime]
    __table_args__ = (Index("privacy_spends_table", "table_name"),)


class MetricRow(Base):
    """One metric of one run in one scope; null where it could not be measured."""

    __tablename__ = "metrics"
    run: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float | None]
    unit: Mapped[str]
    at: Mapped[datetime]
    __table_args__ = (Index("metrics_history", "scope", "name", "at"),)


class ScoreRow(Base):
    """One score of one scope after one run, or one export, with everything needed to explain it later."""

    __tablename__ = "scores"
    run: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    version: Mapped[str]
    value: Mapped[float | None]
    low: Mapped[float]
    high: Mapped[float]
    pillars: Mapped[dict[str, Any]]
    contributions: Mapped[list[dict[str, Any]]]
    facts: Mapped[dict[str, Any]]
    __table_args__ = (Index("scores_history", "scope", "kind", "at"),)


class MachineRow(Base):
    """What a machine was measured to be capable of."""

    __tablename__ = "machines"
    id: Mapped[str] = mapped_column(primary_key=True)
    facts: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class AuditRow(Base):
    """Who did what when. Rows can be added, never changed or removed: triggers in the database refuse it.

    `hash` binds each to the one before (chain.py).
    """

    __tablename__ = "audit"
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]
    hash: Mapped[str] = mapped_column(server_default=text("''"))
    __table_args__ = (Index("audit_subject", "subject"), {"sqlite_autoincrement": True})


class UserRow(Base):
    """Somebody who may sign in to the web page."""

    __tablename__ = "users"
    name: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    password_hash: Mapped[str]
    created: Mapped[datetime]


class SignInRow(Base):
    """A session of a browser or a token of a program, by the hash of its secret."""

    __tablename__ = "sign_ins"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column("user_name", ForeignKey("users.name", ondelete="CASCADE"))
    kind: Mapped[str]
    label: Mapped[str]
    role: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime]
    __table_args__ = (Index("sign_ins_user", "user_name"),)


class ErasureRow(Base):
    """One erasure of a person or of rows past their time: what it looks for, how far it is, what came of it."""

    __tablename__ = "erasures"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    state: Mapped[str]
    requested_by: Mapped[str]
    requested: Mapped[datetime]
    finished: Mapped[datetime | None]
    search: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]
    certificate: Mapped[dict[str, Any] | None]


class ErasureRequestRow(Base):
    """Somebody's request that a person be erased: who it is under seal until that is done, and who decided."""

    __tablename__ = "erasure_requests"
    id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    sealed: Mapped[str | None]
    reference: Mapped[str]
    state: Mapped[str]
    requested_by: Mapped[str]
    requested: Mapped[datetime]
    report: Mapped[dict[str, Any]]
    decided_by: Mapped[str | None]
    decided: Mapped[datetime | None]
    reason: Mapped[str | None]
    erasure: Mapped[str | None]
    __table_args__ = (Index("erasure_requests_state", "state"),)


class ColumnTagRow(Base):
    """What a column of a table is, as the last scan of the table told."""

    __tablename__ = "column_tags"
    table: Mapped[str] = mapped_column("table_name", primary_key=True)
    path: Mapped[str] = mapped_column("column_path", primary_key=True)
    at: Mapped[datetime]
    type: Mapped[str]
    role: Mapped[str]
    entity: Mapped[str | None]
    confidence: Mapped[float]
    count: Mapped[int] = mapped_column("values_seen")
    found: Mapped[dict[str, Any]]


class DescriptionRow(Base):
    """What was known of one thing under one topic for a time; `text` is what it can be found by."""

    __tablename__ = "descriptions"
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    until: Mapped[datetime | None]
    facts: Mapped[dict[str, Any]]
    text: Mapped[str] = mapped_column(Text())
