"""Who asked for whose erasure, under seal, and who decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dataweir.catalog.models import Json, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure_requests",
        sa.Column("id", sa.String(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("subject", "reference", "state", "requested_by")),
        sa.Column("requested", UtcDateTime(), nullable=False),
        sa.Column("report", Json, nullable=False),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("sealed", "decided_by", "reason", "erasure")),
        sa.Column("decided", UtcDateTime(), nullable=True),
    )
    op.create_index("erasure_requests_state", "erasure_requests", ["state"])
