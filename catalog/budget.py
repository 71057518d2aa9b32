"""The privacy budget in the store: what was spent on which table, and that never more is spent than there is."""

from __future__ import annotations

from sqlalchemy import func, select, text

from ..errors import PrivacyGateFailed
from .database import Database, now
from .models import SpendRow
from .records import Spend, record

_BUDGET_LOCK = 7_305_523_149
_ROUNDING = 1e-9


class BudgetRecords(Database):
    """The part of the store that keeps the privacy budget of every table (sequential composition: ε adds up)."""

    def spend(self, table: str, release: str, epsilon: float, budget: float, actor: str) -> Spend:
        """Record that a release takes `epsilon` of a table's `budget`, before any of it is computed.

        Spenders at the same time wait for each other. Raises PrivacyGateFailed, and records nothing, where what was
        spent before leaves less.
        """
        with self.writing() as session:
            if session.get_bind().dialect.name == "postgresql":  # SQLite's writers wait for each other anyway
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _BUDGET_LOCK})
            spent = session.scalar(select(func.sum(SpendRow.epsilon)).where(SpendRow.table == table)) or 0.0
            if spent + epsilon > budget + _ROUNDING:
                raise PrivacyGateFailed(
                    f"the privacy budget of {table} does not suffice: {release} takes {epsilon:g}, of {budget:g} "
                    f"{max(0.0, budget - spent):g} is left",
                    "release less, or with a smaller epsilon; what was spent cannot be taken back",
                    spent=spent,
                    budget=budget,
                )
            row = SpendRow(table=table, release=release, epsilon=epsilon, actor=actor, at=now())
            session.add(row)
            session.flush()
            return record(Spend, row)

    def spends(self, table: str | None = None) -> list[Spend]:
        """Return what was spent, on one table or on all, newest first."""
        query = select(SpendRow).order_by(SpendRow.id.desc())
        if table is not None:
            query = query.where(SpendRow.table == table)
        with self.reading() as session:
            return [record(Spend, row) for row in session.scalars(query)]
