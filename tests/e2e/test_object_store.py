"""The whole job with its warehouse in an object store: a real S3 server, and no folder of this machine."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.fs as pafs
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "privacy"))
sys.path.insert(0, str(Path(__file__).parent))
import forget_house as house
import shop

pytestmark = pytest.mark.slow
Weir = Callable[..., object]


def test_run_export_publish_verify_and_forget_on_s3(
    tmp_path: Path, call_weir: Weir, s3: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop.build(tmp_path / "shop")
    settings = (folder / "weir.yaml").read_text()
    (folder / "weir.yaml").write_text(
        settings.replace("project: shop\n", "project: shop\nwarehouse: s3://house/tables\n")
    )

    def weir(*arguments: str) -> object:
        ended = call_weir(*arguments, "--json", cwd=folder)
        assert ended.code == 0, ended.err
        return ended.json

    assert weir("run")["account"]["records"] == 26
    assert weir("run")["work"] is False
    assert weir("sql", "select count(*) as n from web_events") == [{"n": 10}]
    candidate = weir("export", "research", "--as", "alice")["id"]
    weir("review", "approve", candidate, "--as", "bob", "--reason", "looked at it")
    published = weir("publish", "research")
    assert Path(published["path"]).is_relative_to(folder / "shared")
    weir("verify", published["path"])
    assert not (folder / "warehouse").exists()
    assert shop.CANARY not in json.dumps(published)

    monkeypatch.setattr(house, "LEFT", re.compile(re.escape(shop.MAIL)))
    assert house.left(mirrored(s3, tmp_path / "before"))
    erased = weir("forget", "--subject", shop.MAIL, "--apply")
    assert erased["rows"]["refined.social_posts"]
    assert house.left(mirrored(s3, tmp_path / "after")) == []
    weir("verify", erased["certificate"])


def mirrored(s3: dict[str, str], folder: Path) -> Path:
    """Every object of the bucket as a file, to be searched byte by byte."""
    store = pafs.S3FileSystem(endpoint_override=s3["AWS_ENDPOINT_URL"])
    pafs.copy_files("house", str(folder), source_filesystem=store, destination_filesystem=pafs.LocalFileSystem())
    return folder
