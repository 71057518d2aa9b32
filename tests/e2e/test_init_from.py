"""`weir init --from`: what it writes passes `weir check`, and reads what it was given."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dataweir.errors import ConfigError
from dataweir.flow.recognise import recognise
from dataweir.flow.scaffold import scaffold

Weir = Callable[..., Any]
LINE = '192.0.2.{n} - - [02/Mar/2026:10:00:0{n} +0000] "GET /item/{n} HTTP/1.1" 200 12 "-" "Firefox/140.0"\n'


def fill(folder: Path) -> None:
    """A folder as a company has it: rotated logs, a dump, a table, an archive, and what is nobody's."""
    (folder / "logs").mkdir(parents=True)
    for n, name in enumerate(("access.log", "access.log.1", "access.log.2.gz")):
        data = "".join(LINE.format(n=i) for i in range(n, 9)).encode()
        (folder / "logs" / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    comments = [
        {"id": f"c{n}", "author": "a", "body": "tea", "created_utc": 1772445600 + n, "link_id": "t3_x",
         "parent_id": "t3_x", "subreddit": "tea", "score": n}
        for n in range(5)
    ]  # fmt: skip
    for name in ("RC_2026-01.ndjson", "RC_2026-02.ndjson"):
        (folder / name).write_text("".join(json.dumps(c) + "\n" for c in comments))
    (folder / "orders.csv").write_text("id,price\n1,2.5\n2,3.5\n")
    with zipfile.ZipFile(folder / "old.zip", "w") as archive:
        archive.writestr("old/access.log", LINE.format(n=7))
    (folder / "photo.jpg").write_bytes(bytes(range(256)) * 20)
    (folder / ".hidden.csv").write_text("id\n1\n")


def test_a_folder_becomes_a_project_that_runs(tmp_path: Path, call_weir: Weir) -> None:
    fill(tmp_path / "given")
    ended = call_weir("init", "shop", "--from", "given", cwd=tmp_path)
    assert ended.code == 0, ended.err
    text = (tmp_path / "shop" / "weir.yaml").read_text()
    sources = yaml.safe_load(text)["sources"]
    kinds = {(s["type"], Path(s["path"]).name) for s in sources.values()}
    assert kinds == {
        ("weblog", "access.log*"), ("reddit", "RC_2026-0*.ndjson"), ("files", "orders.csv"), ("weblog", "old.zip"),
    }  # fmt: skip
    assert "5 read as reddit" in text
    checked = call_weir("check", cwd=tmp_path / "shop")
    assert checked.code == 0, checked.err


def test_files_of_one_kind_in_a_folder_are_one_source(tmp_path: Path) -> None:
    for name in ("north.log", "south.log", "east.txt"):
        (tmp_path / name).write_text("".join(LINE.format(n=i) for i in range(9)))
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_text("name\nx\n")
    guesses = recognise(str(tmp_path))
    assert [g.settings["type"] for g in guesses] == ["files", "files", "weblog"]
    assert [Path(p).name for p in guesses[2].settings["path"]] == ["east.txt", "north.log", "south.log"]


def test_paths_inside_the_project_are_relative(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    scaffold(str(tmp_path), [str(tmp_path / "data" / "logs"), str(tmp_path / "data" / "orders.csv")])
    sources = yaml.safe_load((tmp_path / "weir.yaml").read_text())["sources"]
    assert [s["path"] for s in sources.values()] == ["data/logs/access.log*", "data/orders.csv"]


def test_a_bucket_is_looked_at_like_a_folder_is(s3: dict[str, str]) -> None:
    from dataweir.storage import filesystem

    with filesystem("s3://data/x/a.log")[0].open_output_stream("data/x/a.log") as out:
        out.write("".join(LINE.format(n=i) for i in range(9)).encode())
    guess = recognise("s3://data/x/*.log")[0]
    assert (guess.settings["type"], guess.settings["path"], guess.records) == ("weblog", "s3://data/x/*.log", 9)


def test_a_database_becomes_a_source_a_table(tmp_path: Path) -> None:
    made = sqlite3.connect(tmp_path / "shop.db")
    made.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, price REAL, updated_at TIMESTAMP)")
    made.execute("CREATE TABLE notes (body TEXT)")
    made.close()
    guesses = {g.settings["table"]: g for g in recognise(f"sqlite:///{tmp_path}/shop.db")}
    assert guesses["orders"].settings["cursor"] == "updated_at"
    assert "cursor" not in guesses["notes"].settings


def test_a_password_on_the_command_line_is_not_written_down(postgres_database: str, tmp_path: Path) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(postgres_database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (id SERIAL PRIMARY KEY)"))
    engine.dispose()
    scaffold(str(tmp_path), [postgres_database])
    written = (tmp_path / "weir.yaml").read_text()
    assert "Canary-Password" not in written
    assert ":${WEIR_DB_PASSWORD}@" in written
    assert "cursor: id" in written


@pytest.mark.parametrize("what", ["nothing.log", "photo.jpg"])
def test_what_no_connector_reads_is_said(tmp_path: Path, what: str) -> None:
    fill(tmp_path / "given")
    with pytest.raises(ConfigError, match="no connector|there is no file"):
        scaffold(str(tmp_path / "p"), [str(tmp_path / "given" / what)])
    assert not (tmp_path / "p" / "weir.yaml").exists()


def test_a_table_of_ones_own_is_not_taken_for_a_platforms(tmp_path: Path) -> None:
    rows = "".join(f"{n},2026-03-02T10:00:0{n}Z,Ada,the parcel has not come\n" for n in range(9))
    (tmp_path / "tickets.csv").write_text(f"id,created_at,customer,body\n{rows}")
    (guess,) = recognise(str(tmp_path / "tickets.csv"))
    assert guess.settings["type"] == "files"
