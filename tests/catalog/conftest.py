"""The catalogue's tests run on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dataweir.catalog.store import Store
from dataweir.catalog.tables import Tables


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a catalogue that is not there yet, on either database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/warehouse/catalog.db"
    return request.getfixturevalue("postgres_database")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def tables(url: str, store: Store, tmp_path: Path) -> Iterator[Tables]:
    opened = Tables(url, str(tmp_path / "warehouse"))
    yield opened
    opened.close()
