"""What the suites that come with Weir demand of the integrated tables."""

from __future__ import annotations

import json
from importlib.resources import files

import pyarrow as pa

import dataweir
from dataweir.ingest.schemas import SOCIAL_POSTS


def posts(*keys: tuple[str, str]) -> pa.Table:
    made = [{"post_id": i, "platform": p, "kind": "post", "text": "Tea", "source": "s", "file": "f"} for p, i in keys]
    return pa.Table.from_pylist(made, schema=SOCIAL_POSTS)


def test_a_post_is_told_by_its_platform_and_its_id() -> None:
    suite = json.loads(files("dataweir.quality").joinpath("suites", "social_posts.json").read_text())
    suite["expectations"] = [each for each in suite["expectations"] if "unique" in each["type"]]
    assert suite["expectations"]
    assert dataweir.validate(posts(("reddit", "1"), ("twitter", "1")), suite).success
    assert not dataweir.validate(posts(("reddit", "1"), ("reddit", "1")), suite).success
