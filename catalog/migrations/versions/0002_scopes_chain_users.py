"""Scores by scope with their history, the audit trail as a chain of hashes, people who sign in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from dataweir.catalog.chain import link
from dataweir.catalog.models import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _scores()
    _chain()
    op.create_table(
        "users",
        sa.Column("name", sa.String(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("role", "password_hash")),
        sa.Column("created", TIME, nullable=False),
    )
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.String(), primary_key=True),
        sa.Column("user_name", sa.String(), sa.ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("kind", "label", "role")),
        *(sa.Column(name, TIME, nullable=False) for name in ("created", "expires")),
    )
    op.create_index("sign_ins_user", "sign_ins", ["user_name"])


def _scores() -> None:
    """Make the table anew, for SQLite cannot change a primary key; what was recorded is the whole project's."""
    op.drop_index("scores_history", "scores")
    op.rename_table("scores", "scores_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX scores_pkey RENAME TO scores_before_pkey")
    op.create_table(
        "scores",
        sa.Column("run", sa.String(), sa.ForeignKey("runs.id"), primary_key=True),
        *(sa.Column(name, sa.String(), primary_key=True) for name in ("scope", "kind")),
        sa.Column("at", TIME, primary_key=True),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("low", "high")),
        *(sa.Column(name, JSON, nullable=False) for name in ("pillars", "contributions", "facts")),
    )
    names = "run, kind, at, version, value, low, high, pillars, contributions, facts"
    op.execute(f"INSERT INTO scores (scope, {names}) SELECT 'project', {names} FROM scores_before")  # noqa: S608
    op.drop_table("scores_before")
    op.create_index("scores_history", "scores", ["scope", "kind", "at"])


def _chain() -> None:
    """Give every entry the hash that binds it to the one before."""
    op.add_column("audit", sa.Column("hash", sa.String(), nullable=False, server_default=sa.text("''")))
    audit = sa.table(
        "audit",
        *(sa.column(name) for name in ("seq", "actor", "action", "subject", "hash")),
        *(sa.column("at", UtcDateTime()), sa.column("detail", Json)),
    )
    connection = op.get_bind()
    entries = list(connection.execute(sa.select(audit).order_by(audit.c.seq)))
    if not entries:
        return
    postgresql = connection.dialect.name == "postgresql"
    trigger = None
    if postgresql:
        op.execute("ALTER TABLE audit DISABLE TRIGGER audit_no_change")
    else:
        trigger = connection.execute(sa.text("SELECT sql FROM sqlite_master WHERE name = 'audit_no_update'")).scalar()
        op.execute("DROP TRIGGER audit_no_update")
    before = ""
    for entry in entries:
        before = link(before, entry.at, entry.actor, entry.action, entry.subject, entry.detail)
        connection.execute(audit.update().where(audit.c.seq == entry.seq).values(hash=before))
    op.execute("ALTER TABLE audit ENABLE TRIGGER audit_no_change" if postgresql else str(trigger))
