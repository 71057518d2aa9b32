"""How Alembic reaches the catalogue: over the connection that database.py opened, inside its transaction."""

from __future__ import annotations

from alembic import context

from dataweir.catalog.database import VERSION_TABLE
from dataweir.catalog.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
