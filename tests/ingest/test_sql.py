"""The sql source on SQLite and on a real PostgreSQL server: incremental, typed, silent about values and passwords."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import create_engine, text

from dataweir import Project
from dataweir.config import validate
from dataweir.errors import ConfigError, SourceError
from dataweir.ingest import database
from dataweir.ingest.sources.sql import Sql

URL_KEY = "WEIR_TEST_SQL_URL"


@pytest.fixture(params=["sqlite", "postgresql", "adbc"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database; the source gets it from the environment."""
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path}/data.db"
    else:
        made = request.getfixturevalue("postgres_database")
        if request.param == "adbc":
            pytest.importorskip("adbc_driver_postgresql", reason="pip install 'dataweir[adbc]'")
        else:
            monkeypatch.setattr(database, "_ADBC", {})
    monkeypatch.setenv(URL_KEY, made)
    return made


def run(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def source(folder: Path, **options: Any) -> Sql:
    return Sql("shop", validate(Sql.Config, {"type": "sql", "url": f"${{{URL_KEY}}}", **options}, "shop"), str(folder))


def read(made: Sql, cursor: dict | None = None) -> tuple[list[dict], dict, list[dict]]:
    plan = made.plan(cursor or {})
    pulled = [part for split in plan.splits for part in made.read(split)]
    rejects = [row for part in pulled for row in part.rejects.to_pylist()]
    return [row for part in pulled for row in part.rows.to_pylist()], plan.cursor, rejects


def orders(url: str, *ids: int) -> None:
    values = ", ".join(f"({i}, 'customer {i}', {i}.5, '2024-05-{i % 27 + 1:02d} 10:00:00')" for i in ids)
    run(
        url,
        "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, name VARCHAR(40), price REAL, at TIMESTAMP)",
        *([f"INSERT INTO orders VALUES {values}"] if ids else []),
    )


def test_each_run_reads_what_is_new(tmp_path: Path, url: str) -> None:
    orders(url, 1, 2, 3)
    rows, cursor, _ = read(source(tmp_path, table="orders", cursor="id"))
    assert [(r["id"], r["name"], r["price"]) for r in rows] == [(i, f"customer {i}", i + 0.5) for i in (1, 2, 3)]
    assert read(source(tmp_path, table="orders", cursor="id"), cursor)[0] == []
    orders(url, 7, 5)
    rows, cursor, _ = read(source(tmp_path, table="orders", cursor="id"), cursor)
    assert [r["id"] for r in rows] == [5, 7]
    assert {r["file"].partition("#")[0] for r in rows} == {f"{database.shown(database.parse(url, ''))}/orders"}


def test_a_large_table_is_read_in_stretches_that_overlap_nowhere(tmp_path: Path, url: str) -> None:
    orders(url, *range(1, 301), 5000)
    made = source(tmp_path, table="orders", cursor="id", rows_per_split=50)
    splits = made.plan({}).splits
    assert len(splits) > 3
    assert len({split.key for split in splits}) == len(splits)
    assert sorted(r["id"] for r in read(made)[0]) == [*range(1, 301), 5000]
    assert [
        split.key for split in source(tmp_path, table="orders", cursor="id", rows_per_split=50).plan({}).splits
    ] == [split.key for split in splits]


def test_a_query_with_a_time_cursor_and_a_lag(tmp_path: Path, url: str) -> None:
    orders(url, *range(1, 6))
    options = {"query": "SELECT id, at FROM orders WHERE id <> 3;", "cursor": "at", "schema": {"at": "timestamp"}}
    rows, cursor, _ = read(source(tmp_path, **options))
    assert [r["id"] for r in rows] == [1, 2, 4, 5]
    assert rows[0]["at"] == dt.datetime(2024, 5, 2, 10, tzinfo=dt.UTC)
    orders(url, 8)
    assert [r["id"] for r in read(source(tmp_path, **options), cursor)[0]] == [8]
    if not url.startswith("sqlite"):  # SQLite's times are text
        late = source(tmp_path, **options, lag=36 * 3600, rows_per_split=2)
        assert [r["id"] for r in read(late)[0]] == [1, 2, 4, 5]


def test_without_a_cursor_a_table_is_read_once(tmp_path: Path, url: str) -> None:
    orders(url, 2, 1)
    rows, cursor, _ = read(source(tmp_path, table="orders"))
    assert sorted(r["id"] for r in rows) == [1, 2]
    plan = source(tmp_path, table="orders").plan(cursor)
    assert (plan.splits, plan.skipped[0][1]) == ([], "read once")


def test_rows_map_into_an_integrated_table(tmp_path: Path, url: str) -> None:
    orders(url, 1)
    made = source(
        tmp_path, table="orders", cursor="id", into="social_posts",
        columns={"post_id": "id", "text": "name", "ts": "at"}, constants={"platform": "shop", "kind": "post"},
    )  # fmt: skip
    pulled = [part for split in made.plan({}).splits for part in made.read(split)]
    row = made.integrate(pa.concat_tables([part.rows for part in pulled])).to_pylist()[0]
    assert (row["post_id"], row["text"], row["platform"], row["source"]) == ("1", "customer 1", "shop", "shop")
    assert row["ts"] == dt.datetime(2024, 5, 2, 10, tzinfo=dt.UTC)


def test_values_that_do_not_fit_and_rows_without_a_cursor_are_told(tmp_path: Path, url: str) -> None:
    run(url, "CREATE TABLE t (id INTEGER, v VARCHAR(9))", "INSERT INTO t VALUES (1, '7'), (2, 'x'), (NULL, '9')")
    made = source(tmp_path, table="t", cursor="id", schema={"v": "int"})
    rows, _, rejects = read(made)
    assert [r["v"] for r in rows] == [7]
    assert [(r["line"], r["reason"]) for r in rejects] == [(2, "type:v")]
    assert '"x"' in rejects[0]["raw"].decode()
    assert made.plan({}).skipped[0][1] == "1 rows have no value in the cursor column"


def test_every_type_of_postgresql_comes_as_a_plain_one(
    tmp_path: Path, postgres_database: str, monkeypatch: Any
) -> None:
    monkeypatch.setenv(URL_KEY, postgres_database)
    run(
        postgres_database,
        """CREATE TABLE kinds AS SELECT 1::bigint AS a, 2::smallint AS b, 1.25::numeric(10,4) AS c, 1.5::float4 AS d,
        true AS e, 'x'::text AS f, '{"k": [1]}'::jsonb AS g, DATE '2024-05-01' AS h,
        TIMESTAMPTZ '2024-05-01 10:00+02' AS i,
        TIMESTAMP '2024-05-01 10:00' AS j, ARRAY[1,2] AS k, 'ab'::bytea AS l, NULL::text AS m,
        '7c9e6679-7425-40de-944b-e07fc1f90ae7'::uuid AS n, 'é漢'::varchar AS o""",
    )
    found = []
    for drivers in ({}, {"postgresql": "adbc_driver_postgresql.dbapi"}):
        monkeypatch.setattr(database, "_ADBC", drivers)
        rows, _, rejects = read(source(tmp_path, table="public.kinds"))
        assert not rejects
        found.append({k: v for k, v in rows[0].items() if k not in ("file", "line")})
    for row in found:
        assert (row["a"], row["b"], row["d"], row["e"], row["f"], row["o"]) == (1, 2, 1.5, True, "x", "é漢")
        assert row["i"] == dt.datetime(2024, 5, 1, 8, tzinfo=dt.UTC)
        assert row["j"] == dt.datetime(2024, 5, 1, 10, tzinfo=dt.UTC)
        assert row["h"] == dt.date(2024, 5, 1)
        assert (row["m"], row["l"], float(row["c"])) == (None, "ab", 1.25)
    assert found[0].keys() == found[1].keys()


def failures(url: str) -> list[tuple[dict[str, Any], type[Exception], str]]:
    return [
        ({"table": "nothing"}, SourceError, "refused"),
        ({"table": "orders", "cursor": "canary"}, SourceError, "refused"),
        ({"query": "SELECT canary FROM"}, SourceError, "refused"),
        ({"table": "orders", "cursor": "name", "lag": 5}, ConfigError, "lag needs"),
    ]


@pytest.mark.parametrize("case", range(4))
def test_what_goes_wrong_is_told_without_values(tmp_path: Path, url: str, case: int) -> None:
    orders(url, 1)
    options, kind, word = failures(url)[case]
    with pytest.raises(kind) as caught:
        read(source(tmp_path, **options))
    assert word in caught.value.message
    for secret in ("Canary-Password", "canary", "customer"):
        assert secret not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("not a url", "no URL of a database"),
        ("nosuch://u:Canary@h/d", "no URL of a database"),
        ("mysql+nosuchdriver://u:Canary@h/d", "no URL of a database"),
        ("sqlite:///none.db", "there is no none.db"),
        ("postgresql+psycopg://u:Canary@127.0.0.1:9/d", "postgresql+psycopg://127.0.0.1:9/d refused"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(tmp_path: Path, monkeypatch: Any, url: str, cause: str) -> None:
    monkeypatch.setenv(URL_KEY, url)
    with pytest.raises((ConfigError, SourceError)) as caught:
        source(tmp_path, table="t", cursor="id").plan({})
    assert cause in caught.value.message
    assert "Canary" not in str(caught.value.as_dict())
    assert not list(tmp_path.iterdir())


def test_nothing_is_written(tmp_path: Path, postgres_database: str, monkeypatch: Any) -> None:
    monkeypatch.setenv(URL_KEY, postgres_database)
    monkeypatch.setattr(database, "_ADBC", {})
    orders(postgres_database, 1)
    with pytest.raises(SourceError, match="refused"):
        read(source(tmp_path, query="WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone"))
    assert len(read(source(tmp_path, table="orders"))[0]) == 1


def test_one_needs_a_table_or_a_query(tmp_path: Path) -> None:
    for options in ({}, {"table": "t", "query": "SELECT 1"}):
        with pytest.raises(ConfigError, match="needs one of"):
            source(tmp_path, **options)


def test_columns_of_mixed_values_become_text() -> None:
    assert database.column([1, "x", None]).to_pylist() == ["1", "x", None]
    assert database.column([2**70, 1]).type == pa.string()


def test_a_project_over_a_database_runs_twice(
    tmp_path: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders(postgres_database, 1, 2, 3)
    (tmp_path / "weir.yaml").write_text(
        f"project: p\nengine: {{workers: 1}}\n"
        f"sources:\n  orders: {{type: sql, url: '${{{URL_KEY}}}', table: orders, cursor: id}}\n"
    )
    monkeypatch.setenv(URL_KEY, postgres_database)
    assert Project.open(tmp_path).run().account["records"] == 3
    orders(postgres_database, 9)
    assert Project.open(tmp_path).run().account["records"] == 1
    assert max(Project.open(tmp_path).table("orders")["id"].to_pylist()) == 9
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"Canary-Password" not in path.read_bytes(), path
