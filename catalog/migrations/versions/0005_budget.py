"""The privacy budget: what aggregates with differential privacy spent of each table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "privacy_spends",
        sa.Column("id", ID, primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("table_name", "release", "actor")),
        sa.Column("epsilon", sa.Double(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("privacy_spends_table", "privacy_spends", ["table_name"])
