"""The cleaning loop: configuration, the law, and what rules may do to tables they were not written for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from dataweir.errors import ConfigError, DataError
from dataweir.ingest.cleaning import Cleaner, NoOptions, as_json, reject
from dataweir.ingest.contract import REJECTS, StepResult, no_rejects, rule
from dataweir.ingest.schemas import SOCIAL_POSTS

SOCIAL = (
    "html", "markdown", "mojibake", "unicode", "whitespace", "urls", "empty_posts", "sane_time", "language",
    "text_quality", "repetition", "outliers",
)  # fmt: skip


def posts(*texts: str | None) -> pa.Table:
    rows = [{"text": t, "source": "s", "file": "f", "line": i + 1} for i, t in enumerate(texts)]
    return pa.Table.from_pylist(rows, schema=SOCIAL_POSTS)


@pytest.fixture
def careless() -> Iterator[type]:
    """A stranger's rule that forgets a row."""

    @rule("careless")
    class Careless:
        """Forgets."""

        order = 99
        tables = ("social_posts",)
        columns: ClassVar[dict[str, tuple[str, ...]]] = {}
        Options = NoOptions
        outcome = "lost"

        def __init__(self, table: str, options: Any) -> None:
            self.table = table

        def apply(self, table: pa.Table) -> StepResult:
            if self.outcome == "lost":
                return StepResult(table.slice(1), no_rejects())
            return StepResult(table.drop_columns(["lang"]), no_rejects())

    yield Careless
    del rule._plugs["careless"]


def test_rules_run_in_their_order_and_count() -> None:
    done = Cleaner({}, "social_posts").run(posts("<b>x</b>&#8203; ", "plain", None, "&#8203;"))
    assert list(done.rules) == list(SOCIAL)
    assert done.kept["text"].to_pylist() == ["x", "plain"]
    changed = {name: count.changed for name, count in done.rules.items() if count.changed}
    assert changed == {"html": 2, "unicode": 2, "whitespace": 1, "text_quality": 1}
    assert done.rejected["line"].to_pylist() == [3, 4]
    assert done.rejected.schema.equals(REJECTS)
    assert all(c.seconds > 0 for c in done.rules.values())


def test_a_rejected_row_is_kept_as_json() -> None:
    done = Cleaner({}, "social_posts").run(posts(None))
    assert json.loads(done.rejected["raw"][0].as_py()) == {"source": "s", "file": "f", "line": 1}
    row = pa.table({"t": pa.array([0], pa.timestamp("us", tz="UTC")), "b": [b"\xff"], "u": ["\u00e9"]})
    assert as_json(row) == ['{"t": "1970-01-01T00:00:00+00:00", "b": "\\\\xff", "u": "\u00e9"}'.encode()]


def test_a_rule_can_be_switched_off_and_on() -> None:
    done = Cleaner({"html": False, "unicode": None}, "social_posts").run(posts("x"))
    assert list(done.rules) == [name for name in SOCIAL if name != "html"]


def test_columns_can_be_chosen_for_any_table() -> None:
    table = pa.table({"body": ["<p>x</p>"], "title": ["<p>y</p>"], "n": [1]})
    done = Cleaner({"html": {"columns": {"support": ["body", "n_is_not_there"]}}}, "support").run(table)
    assert done.kept.to_pylist() == [{"body": "x", "title": "<p>y</p>", "n": 1}]
    done = Cleaner({"whitespace": {"columns": {"social_posts": []}}}, "social_posts").run(posts(" x "))
    assert done.kept["text"].to_pylist() == [" x "]


def test_a_table_of_its_own_gets_its_unicode_right_but_not_its_origin() -> None:
    table = pa.table({"body": ["a\u200b"], "file": ["f\u200b"], "n": [1]})
    done = Cleaner({}, "support").run(table)
    assert list(done.rules) == ["unicode"]
    assert done.kept.to_pylist() == [{"body": "a", "file": "f\u200b", "n": 1}]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"botz": False}, "did you mean 'bots'"),
        ({"html": 3}, "neither true, false nor options"),
        ({"html": {"colums": {}}}, "did you mean 'columns'"),
        ({"empty_posts": {"x": 1}}, "clean.empty_posts"),
        ({"sane_time": {"earliest": "soon"}}, "clean.sane_time: earliest"),
    ],
)
def test_a_wrong_configuration_is_named_for_every_table(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Cleaner(config, "web_events")


def test_chunks_change_nothing() -> None:
    whole = posts("<b>x</b>", None, "a  b", "plain", "\ufeffc")
    cut = pa.concat_tables([whole.slice(0, 2), whole.slice(2, 0), whole.slice(2)])
    cleaner = Cleaner({}, "social_posts")
    assert cleaner.run(cut).kept.equals(cleaner.run(whole).kept)
    assert cleaner.run(whole.slice(0, 0)).kept.num_rows == 0


@pytest.mark.parametrize(
    ("outcome", "message"), [("lost", "lost rows: 2 in, 1 kept, 0 rejected"), ("columns", "changed the")]
)
def test_the_law_is_held_against_every_rule(careless: Any, outcome: str, message: str) -> None:
    careless.outcome = outcome
    with pytest.raises(DataError, match=message):
        Cleaner({}, "social_posts").run(posts("one", "two"))
    assert Cleaner({"careless": False}, "social_posts").run(posts("one")).kept.num_rows == 1


def test_a_mask_splits_without_loss() -> None:
    table = posts("a", "b", "c")
    done = reject(table, pa.array([True, None, False]), "why")
    assert done.kept["text"].to_pylist() == ["b", "c"]
    assert done.rejected["reason"].to_pylist() == ["why"]
    assert reject(table, pa.array([False] * 3), "why").kept is table
