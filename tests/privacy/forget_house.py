"""A small house in which Jane stands in every place there is, in many spellings, beside people who are called alike."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fastavro
import pyarrow.parquet as pq
import zstandard

from dataweir.engine import Cost, Engine
from dataweir.privacy.subjects import Subjects, decoded, flat, forms

MAIL, HANDLE, NAME = "jane.doe@example.org", "jdoe_77", "Jané Doe"
LEFT = re.compile(r"(?<!mary-)jane[\W_]*doe(?!ring)|jdoe_77")
"""What must not be found afterwards; Jane Doering and Mary-Jane Doe are other people."""

LONG = "The kettle from the spring sale whistles at night and nobody in the house has touched it since Sunday"


class Here(Engine):
    """The engine with its work done in this process: the same functions, without the seconds that a cluster costs."""

    @property
    def client(self) -> Any:
        return None

    def map(self, function: Callable[..., Any], items: Sequence[Any], *arguments: Any, **_: Any) -> list[Any]:
        self.costs.setdefault(function.__name__.lstrip("_"), Cost())
        return [function(item, *arguments) for item in items]


def comment(number: int, author: str, body: str) -> str:
    return json.dumps(
        {
            "id": f"c{number}",
            "author": author,
            "author_fullname": f"t2_x{author}",
            "body": body,
            "created_utc": 1_772_445_600 + number * 60,
            "link_id": "t3_post1",
            "parent_id": "t3_post1",
            "subreddit": "tea",
            "score": number,
            "permalink": f"/r/tea/comments/post1/x/c{number}/",
        }
    )


COMMENTS = [
    comment(1, "jdoe_77", LONG),
    comment(2, "bob_the_2nd", LONG + " evening"),  # nearly the same, so that it hangs on Jane's
    comment(3, "bob_the_2nd", "Thanks @JDoe_77, that helped me a lot with my kettle"),
    comment(4, "carla_b", "I met JANE DOE's sister; write to Jane.Doe@Example.org or jane.doe(at) nowhere"),
    comment(5, "carla_b", "Jane Doering <jane.doering@example.org> is somebody else, and so is Mary-Jane Doe"),
    comment(6, "dora_c", "A kettle is a kettle, is it not, whatever they say in the shop about it"),
    comment(7, "jdoe_77", "A kettle is a kettle, is it not, whatever they say in the shop about it\nI say so too"),
]
LOG = [
    '192.0.2.10 - jane.doe [02/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "UA"',
    '192.0.2.11 - - [02/Mar/2026:10:00:01 +0000] "GET /r?mail=jane.doe%40example.org HTTP/1.1" 200 5 "-" "UA"',
    '192.0.2.12 - jane.doering [02/Mar/2026:10:00:02 +0000] "GET /b HTTP/1.1" 200 5 "-" "UA"',
    '192.0.2.13 - - [02/Mar/2026:10:00:03 +0000] "GET /c HTTP/1.1" 200 5 "https://x.example/?u=Jane+Doe" "UA"',
    '192.0.2.14 - - [02/Mar/2025:10:00:03 +0000] "GET /old HTTP/1.1" 200 5 "-" "UA"',
    "no log line at all, but jane.doe@example.org is in it",
    "no log line either",
]
LOG = [line.replace("UA", "Mozilla/5.0 Firefox/140.0") for line in LOG]
TICKETS = [
    "id,at,mail,customer,body",
    f'1,2026-03-02T09:00:00Z,{MAIL},{NAME},"Where is my kettle? I ordered it on Sunday"',
    '2,2026-03-02T09:05:00Z,jane.doering@example.org,Jane Doering,"Where is my teapot? I ordered it on Sunday"',
    f'3,2026-03-02T09:06:00Z,Jane.Doe+shop@Example.org,{NAME},"And where is my second kettle, please"',
]
CONFIG = """\
project: house
sources:
  access: {type: weblog, path: "logs/*.log", format: combined}
  reddit: {type: reddit, path: "reddit/RC_*"}
  tickets:
    type: files
    path: "tickets/*.csv"
    into: social_posts
    columns: {post_id: id, ts: at, author_id: mail, author_name: customer, text: body}
    constants: {platform: support, kind: post}
dedup:
  social_posts: {threshold: 0.8, recall: 0.7, repeats: {least: 2}}
identity:
  columns: {social_posts: {author_id: email, author_name: handle}}
  mapping: people.csv
quality: {social_posts: false, web_events: false, user_events: false}
labels:
  anger:
    labels: [calm, angry]
    functions: [{use: keyword, label: angry, words: [kettle]}]
review: {through: any}
exports:
  research: {table: social_posts, policy: policies/research.yaml, purpose: tests}
"""
POLICY = {
    "name": "research",
    "columns": {"platform": "keep", "kind": "keep", "text": "mask", "author_id": "hash", "author_name": "hash"},
    "entities": {"default": "replace"},
    "k": 2,
    "quasi_identifiers": ["platform"],
    "suppress": 0.5,
    "residual": 100,
    "linkage": 1,
    "accept": {"linkage": "a test on a dozen rows"},
}


def build(folder: Path) -> Path:
    """Write the house; nothing has run yet."""
    for name in ("logs", "reddit", "tickets", "policies"):
        (folder / name).mkdir(parents=True)
    (folder / "logs" / "a.log").write_text("\n".join([*LOG, ""]))
    (folder / "reddit" / "RC_2026-03.ndjson").write_text("\n".join([*COMMENTS, ""]))
    (folder / "tickets" / "a.csv").write_text("\n".join([*TICKETS, ""]))
    (folder / "people.csv").write_text(f"email,handle\n{MAIL},{HANDLE}\n")
    (folder / "policies" / "research.yaml").write_text(json.dumps(POLICY))
    (folder / "weir.yaml").write_text(CONFIG)
    return folder


def contents(project: Any) -> dict[str, list[str]]:
    """Every row of every table, sorted, as text."""
    tables = project.tables()
    return {name: sorted(map(repr, tables.read(name).to_pylist())) for name in tables.names()}


def left(folder: Path) -> list[str]:
    """The files below a folder in which Jane stands: as they are, unpacked, or decoded."""
    return [str(p.relative_to(folder)) for p in sorted(folder.rglob("*")) if p.is_file() and LEFT.search(_text(p))]


def _text(file: Path) -> str:
    raw = file.read_bytes()
    parts = [raw]
    if raw[:4] == b"PAR1":
        table = pq.read_table(io.BytesIO(raw))
        parts += [json.dumps(table.to_pylist(), default=_plain, ensure_ascii=False).encode()]
        parts += [str(pq.read_metadata(io.BytesIO(raw)).to_dict()).encode()]
    elif raw[:3] == b"Obj":
        parts += [str(list(fastavro.reader(io.BytesIO(raw)))).encode()]
    elif raw[:2] == b"\x1f\x8b":
        parts += [gzip.decompress(raw)]
    elif raw[:4] == b"\x28\xb5\x2f\xfd":
        parts += [zstandard.decompress(raw)]
    text = flat(b"\n".join(parts).decode("utf-8", "replace")).casefold()
    return text + decoded(text)


def _plain(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class Kept:
    """A folder that is put back as it was: its paths stand in the tables' metadata, so that a copy will not do."""

    def __init__(self, folder: Path, copy: Path) -> None:
        self.folder, self.copy = folder, copy
        shutil.copytree(folder, copy)

    def restore(self) -> Path:
        shutil.rmtree(self.folder)
        shutil.copytree(self.copy, self.folder)
        return self.folder


def subjects() -> Subjects:
    """Jane, by keyed hash."""
    return Subjects.of({form for name in (MAIL, NAME, HANDLE) for form in forms(name)}, b"k" * 32)
