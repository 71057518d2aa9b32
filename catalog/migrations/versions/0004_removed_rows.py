"""Rows that were taken back (posts deleted, or there in a later version) apart from duplicates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("splits", sa.Column("removed", COUNT, nullable=False, server_default=sa.text("0")))
