"""A mapping from a column that no file has is a mistake in the configuration, found before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataweir.config import validate
from dataweir.errors import ConfigError
from dataweir.ingest.contract import source


def planned(folder: Path, columns: dict[str, str]) -> None:
    kind = source.get("files")
    data = {"type": "files", "path": "*.csv", "into": "social_posts", "columns": columns}
    kind("posts", validate(kind.Config, data, "sources.posts"), str(folder)).plan({})


def test_a_column_that_no_file_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("ID,Published\n1,2026-01-01\n")
    (tmp_path / "b.csv").write_text("ID,Body\n1,hello\n")
    planned(tmp_path, {"post_id": "ID", "ts": "published", "text": "Body"})
    with pytest.raises(ConfigError, match=r"no file has a column 'publishd' \(did you mean 'published'") as caught:
        planned(tmp_path, {"post_id": "ID", "ts": "publishd"})
    assert "id, published, body" in caught.value.cure
