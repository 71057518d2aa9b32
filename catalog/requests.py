"""Requests for erasure in the store: the person under seal, what would go, who decided."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ..errors import ConfigError
from .database import Database
from .models import ErasureRequestRow
from .records import ErasureRequest, RequestState, record


class RequestRecords(Database):
    """The part of the store that knows who asked for whose erasure."""

    def add_erasure_request(self, request: ErasureRequest) -> None:
        """Write a request down."""
        with self.writing() as session:
            session.add(ErasureRequestRow(**vars(request)))

    def change_erasure_request(self, id: str, expected: RequestState, **values: Any) -> ErasureRequest:
        """Set columns of a request that stands as `expected`. Raises ConfigError where it does not."""
        with self.writing() as session:
            row = session.get(ErasureRequestRow, id, with_for_update=True)
            if row is None or row.state != expected:
                raise ConfigError(f"request {id} is not {expected} any more", "look again")
            for name, value in values.items():
                setattr(row, name, value)
            session.flush()
            return record(ErasureRequest, row)

    def erasure_request(self, id: str) -> ErasureRequest:
        """Return one request. Raises ConfigError where there is none of that id."""
        with self.reading() as session:
            row = session.get(ErasureRequestRow, id)
            if row is None:
                raise ConfigError(f"there is no request '{id}'", "list them with 'weir erasures'")
            return record(ErasureRequest, row)

    def erasure_requests(self, state: RequestState | None = None, limit: int = 200) -> list[ErasureRequest]:
        """Return the requests, newest first."""
        query = select(ErasureRequestRow).order_by(ErasureRequestRow.id.desc()).limit(limit)
        if state is not None:
            query = query.where(ErasureRequestRow.state == state)
        with self.reading() as session:
            return [record(ErasureRequest, row) for row in session.scalars(query)]
