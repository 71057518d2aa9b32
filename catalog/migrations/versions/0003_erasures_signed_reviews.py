"""Erasures with what they look for, and reviews that are signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("kind", "subject", "state", "requested_by")),
        sa.Column("requested", TIME, nullable=False),
        sa.Column("finished", TIME, nullable=True),
        *(sa.Column(name, JSON, nullable=False) for name in ("search", "counts")),
        sa.Column("certificate", JSON, nullable=True),
    )
    for name in ("through", "signature"):
        op.add_column("reviews", sa.Column(name, sa.String(), nullable=False, server_default=sa.text("''")))
