"""The first catalogue."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def key(name: str, kind: sa.types.TypeEngine[Any] = sa.String()) -> sa.Column[Any]:  # noqa: B008
    return sa.Column(name, kind, primary_key=True)


def text(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=nullable)


def run(name: str = "run", nullable: bool = False, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), sa.ForeignKey("runs.id"), nullable=nullable, primary_key=primary_key)


def count(name: str) -> sa.Column[Any]:
    return sa.Column(name, COUNT, nullable=False)


def number(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Double(), nullable=nullable)


def time(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, TIME, nullable=nullable)


def json(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, JSON, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "runs",
        *(key("id"), text("project"), text("state"), time("started"), time("finished", nullable=True)),
        *(text("config_hash"), json("versions"), json("plan"), json("counts"), json("error", nullable=True)),
    )
    op.create_table(
        "splits",
        *(key("source"), key("key"), text("file"), text("state"), count("first_line")),
        *(count("records"), count("rows"), json("rejected"), count("bytes"), number("seconds")),
        *(text("rows_path", nullable=True), text("rejects_path", nullable=True)),
        *(run("run_pulled", nullable=True), run("run_refined", nullable=True)),
        *(count("kept"), count("duplicates"), json("clean_rejected")),
    )
    op.create_index("splits_state", "splits", ["state"])
    op.create_table("cursors", key("source"), json("cursor"), run())
    op.create_table(
        "commits",
        *(key("id"), run(), text("stage"), text("state"), json("payload"), json("snapshots"), time("at")),
    )
    op.create_index("commits_state", "commits", ["state"])
    op.create_table(
        "steps",
        *(run(primary_key=True), key("name"), key("subject"), count("records_in"), count("kept")),
        *(count("rejected"), count("changed"), number("seconds"), json("facts")),
    )
    op.create_table(
        "snapshots",
        *(key("table_name"), key("snapshot_id", sa.BigInteger()), run(), count("rows_added"), count("files")),
    )
    op.create_index("snapshots_run", "snapshots", ["run"])
    op.create_table(
        "quality_results",
        *(key("id", COUNT), run(), text("table_name"), text("suite_hash")),
        *(sa.Column("success", sa.Boolean(), nullable=False), json("result"), time("at")),
    )
    op.create_index("quality_results_table", "quality_results", ["table_name", "id"])
    op.create_table(
        "candidates",
        *(key("id"), text("name"), text("table_name"), text("state"), text("policy_hash")),
        *(text("candidate_hash"), json("evidence"), text("path"), text("requested_by"), time("created")),
        *(text("published_path", nullable=True), time("published_at", nullable=True)),
    )
    op.create_index("candidates_name", "candidates", ["name", "created"])
    op.create_table(
        "reviews",
        key("id", COUNT),
        sa.Column("candidate", sa.String(), sa.ForeignKey("candidates.id"), nullable=False),
        *(text("decision"), text("reviewer"), text("reason"), text("candidate_hash"), time("at")),
    )
    op.create_index("reviews_candidate", "reviews", ["candidate"])
    op.create_table(
        "metrics",
        *(run(primary_key=True), key("scope"), key("name"), number("value", nullable=True), text("unit")),
        time("at"),
    )
    op.create_index("metrics_history", "metrics", ["scope", "name", "at"])
    op.create_table(
        "scores",
        *(run(primary_key=True), key("kind"), text("version"), number("value", nullable=True)),
        *(number("low"), number("high"), json("pillars"), json("contributions"), json("facts"), time("at")),
    )
    op.create_index("scores_history", "scores", ["kind", "at"])
    op.create_table("machines", key("id"), json("facts"), time("at"))
    op.create_table(
        "audit",
        *(key("seq", COUNT), time("at"), text("actor"), text("action"), text("subject"), json("detail")),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_subject", "audit", ["subject"])
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


_REFUSAL = "the audit trail is append-only"
_RAISE = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
_SQLITE = [
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {_RAISE}",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit {_RAISE}",
    # REPLACE INTO deletes the old row without firing the trigger above
    "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit"  # noqa: S608
    f" WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) {_RAISE}",
]
_POSTGRESQL = [
    "CREATE FUNCTION weir_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION weir_audit_refuse()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION weir_audit_refuse()",
]
