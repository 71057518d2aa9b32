"""A sweep takes what a table's current metadata does not lead to; commits after it go on in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import EVENTS, events, land

from dataweir.catalog.commit import Commit, commit
from dataweir.catalog.erasure import expire, sweep
from dataweir.catalog.store import Store
from dataweir.catalog.tables import Tables


def test_commits_after_a_sweep_miss_no_metadata(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"sqlite:///{tmp_path}/catalog.db"
    with Store.open(url) as store:
        tables = Tables(url, str(tmp_path / "warehouse"))
        tables.ensure("raw.shop", EVENTS)
        run = store.start_run("shop", "abc", {"dataweir": "0.1"}, {}).id
        for number in range(4):
            file = land(tables, "raw.shop", f"f{number}", events(number + 1, 5))
            commit(store, tables, run, Commit(f"pull {number}", {"raw.shop": [file]}, {}, [], {}))
        expire(tables, "raw.shop", [s.snapshot_id for s in tables.iceberg("raw.shop").snapshots()])
        assert sweep(tables, "raw.shop") > 4
        metadata = tmp_path / "warehouse" / "raw" / "shop" / "metadata"
        assert len(list(metadata.glob("*.metadata.json"))) == 1
        for number in range(25):
            with tables.iceberg("raw.shop").transaction() as change:
                change.set_properties({"tested": str(number)})
        assert len(list(metadata.glob("*.metadata.json"))) == 21  # the present one and twenty before it
        assert tables.row_count("raw.shop") == 20
        tables.close()
    assert "Failed to delete" not in caplog.text
