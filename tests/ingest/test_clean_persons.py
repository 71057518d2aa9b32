"""Who is who across sources: spellings, the mapping, and that no name leaves as itself."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import dataweir
from dataweir.config import IdentityConfig
from dataweir.engine import Secret
from dataweir.errors import ConfigError
from dataweir.ingest.integrate import user_events
from dataweir.ingest.persons import Identify, normalise
from dataweir.ingest.schemas import SOCIAL_POSTS, WEB_EVENTS

KEY = Secret(b"k" * 32)


@pytest.mark.parametrize(
    ("kind", "value", "name"),
    [
        ("email", " Jane.Doe+shop@Example.ORG. ", "email:jane.doe@example.org"),
        ("email", "j.a.n.e@googlemail.com", "email:jane@gmail.com"),
        ("email", "jane@bücher.example", "email:jane@xn--bcher-kva.example"),
        ("email", "no address", None),
        ("handle", "@Jane", "handle:jane"),
        ("handle", "[deleted]", None),
        ("key", " C-17 ", "key:C-17"),
        ("key", "-", None),
    ],
)
def test_names_have_one_spelling(kind: str, value: str, name: str | None) -> None:
    assert normalise(kind, value) == name


def identify(folder: Path, mapping: str = "", key: bytes = KEY) -> Identify:
    columns = {"web_events": {"user": "email"}, "social_posts": {"author_id": "key", "author_name": "handle"}}
    data: dict[str, Any] = {"columns": columns}
    if mapping:
        (folder / "people.csv").write_text(mapping)
        data["mapping"] = "people.csv"
    return Identify.of(IdentityConfig(**data), key, folder)


WEB = [{"user": u, "method": "GET", "client_ip": "192.0.2.1"} for u in ("Jane@example.org", "bob@example.org", None)]
POSTS = [{"author_name": n, "kind": "post", "post_id": n} for n in ("@jane_d", "JANE_D", "bobby")]


def persons(who: Identify) -> tuple[list[Any], list[Any]]:
    made = user_events(
        web=pa.Table.from_pylist(WEB, schema=WEB_EVENTS),
        social=pa.Table.from_pylist(POSTS, schema=SOCIAL_POSTS),
        identify=who,
    )
    found = made["person"].to_pylist()
    return found[:3], found[3:]


def test_a_mapping_joins_the_names_of_a_person(tmp_path: Path) -> None:
    web, social = persons(identify(tmp_path))
    assert web[0] != web[1]
    assert web[2] is None
    assert social[0] == social[1] != social[2]
    assert not {*web} & {*social}
    joined = "email,handle,handle2\nJANE@example.org,jane_x,\n,jane_x,Jane_D\nbob@example.org,bobby,\n"
    web, social = persons(identify(tmp_path, joined))
    assert [web[0], web[0], web[1]] == social
    lines = joined.splitlines()
    assert persons(identify(tmp_path, "\n".join([lines[0], *reversed(lines[1:])]))) == (web, social)


def test_the_key_makes_the_code_and_no_name_travels(tmp_path: Path) -> None:
    who = identify(tmp_path, "email,handle\njane@example.org,jane_d\n")
    assert persons(who) != persons(identify(tmp_path, key=Secret(b"other" * 7)))
    shown = repr(who) + pickle.dumps(dict(who.known)).decode("latin-1")
    assert "jane" not in shown
    assert "kkkk" not in repr(who)
    assert all(len(code) == 32 for code in persons(who)[1])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"columns": {"tickets": {"a": "key"}}}, "'tickets' has no user events"),
        ({"columns": {"web_events": {"usr": "key"}}}, "did you mean 'user'"),
        ({"columns": {"web_events": {"user": "key"}}, "mapping": "nowhere.csv"}, "cannot read"),
    ],
)
def test_a_wrong_configuration_is_named(tmp_path: Path, data: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Identify.of(IdentityConfig(**data), KEY, tmp_path)


def test_a_mapping_without_kinds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="names no kind"):
        identify(tmp_path, "mail,nick\na@example.org,a\n")


def test_people_meet_in_user_events(tmp_path: Path) -> None:
    """A login of the web log and an author of posts, joined by the mapping."""
    agent = "Mozilla/5.0 (X11) Firefox/140.0"
    (tmp_path / "a.log").write_text(
        f'192.0.2.1 - jane@example.org [02/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "{agent}"\n'
    )
    (tmp_path / "posts.csv").write_text("id,who,body\n1,Jane_D,A post about the green tea of the shop\n")
    (tmp_path / "people.csv").write_text("email,handle\njane@example.org,jane_d\n")
    config = {
        "project": "people",
        "engine": {"workers": 1},
        "sources": {
            "log": {"type": "weblog", "path": "a.log"},
            "posts": {
                "type": "files",
                "path": "posts*.csv",
                "into": "social_posts",
                "columns": {"post_id": "id", "author_name": "who", "text": "body"},
                "constants": {"platform": "forum", "kind": "post"},
            },
        },
        "identity": {
            "columns": {"web_events": {"user": "email"}, "social_posts": {"author_name": "handle"}},
            "mapping": "people.csv",
        },
    }
    (tmp_path / "weir.yaml").write_text(json.dumps(config))
    project = dataweir.open(tmp_path)
    project.run()
    rows = project.sql("select person, verb from user_events order by verb").to_pylist()
    assert [row["verb"] for row in rows] == ["get", "post"]
    assert rows[0]["person"] == rows[1]["person"]
    assert len(rows[0]["person"]) == 32
