"""A tiny hand-written shop with every source type, a canary in every place where a value can leak, and known counts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

CANARY = "canary7531"
MAIL = f"{CANARY}@example.org"

ACCESS = [
    f'192.0.2.10 - - [02/Mar/2026:10:00:0{i} +0100] "GET /item/{i}?email={MAIL}&q=tea HTTP/1.1" 200 512 '
    f'"https://shop.example/?u={CANARY}" "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"'
    for i in range(8)
]
BROKEN = [f"{CANARY} this is no log line", ""]
REPLAYED = ACCESS[4:]
BOT = [
    '198.51.100.7 - - [02/Mar/2026:11:00:00 +0100] "GET /robots.txt HTTP/1.1" 200 20 "-" '
    '"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"'
]

POLICIES = {
    "research": {
        "name": "research",
        "columns": {
            "platform": "keep",
            "kind": "keep",
            "text": "mask",
            "author_id": "hash",
            "author_name": "hash",
        },
        "entities": {"default": "replace"},
        "k": 2,
        "quasi_identifiers": ["platform"],
        "suppress": 0.5,
        "residual": 0,
        "linkage": 1,
        "accept": {"linkage": "a test on a dozen rows"},
    },
    "traffic": {
        "name": "traffic",
        "columns": {
            "ts": {"generalise": {"to": "day"}},
            "client_ip": {"truncate": {"ipv4": 24, "ipv6": 48}},
            "method": "keep",
            "status": "keep",
            "path": "mask",
            "query": "mask",
            "referer": "mask",
        },
        "entities": {"default": "replace"},
        "k": 2,
        "quasi_identifiers": ["ts", "method"],
        "suppress": 0.5,
        "residual": 0,
        "linkage": 1,
        "accept": {"linkage": "a test on a dozen rows"},
    },
}


def comment(number: int, body: str) -> str:
    return json.dumps(
        {
            "id": f"c{number}",
            "author": f"user_{CANARY}" if number == 0 else f"user_{number}",
            "author_fullname": f"t2_{number}",
            "body": body,
            "created_utc": 1_772_445_600 + number,
            "link_id": "t3_post1",
            "parent_id": "t3_post1",
            "subreddit": "tea",
            "score": number,
            "permalink": f"/r/tea/comments/post1/x/c{number}/",
        }
    )


def build(folder: Path) -> Path:
    """Write the shop; return its folder. Records in: 11 + 5 web lines, 6 comments, 4 tickets = 26."""
    (folder / "logs").mkdir(parents=True)
    (folder / "reddit").mkdir()
    (folder / "tickets").mkdir()
    (folder / "policies").mkdir()
    (folder / "logs" / "access.log.1.gz").write_bytes(
        gzip.compress("\n".join([*ACCESS, *BROKEN, *BOT, ""]).encode(), mtime=0)
    )
    (folder / "logs" / "access.log").write_text("\n".join([*REPLAYED, ACCESS[0].replace("10:00:00", "12:00:00"), ""]))
    comments = [comment(i, f"Comment number {i} about green tea, write to {MAIL} please") for i in range(4)]
    (folder / "reddit" / "RC_2026-03.ndjson").write_text(
        "\n".join([*comments, comments[1], '{"id": "broken ' + CANARY, ""])
    )
    (folder / "tickets" / "monday.csv").write_text(
        "id,at,customer,body\n"
        f'1,2026-03-02T09:00:00Z,Jane {CANARY},"Hello,\nmy mail is {MAIL}"\n'
        '2,2026-03-02T09:05:00Z,Bob,"My <b>order</b> is late &amp; cold"\n'
        "3,2026-03-02T09:06:00Z,Ann,Where is it?\n"
        f"4,too,many,fields,{CANARY}\n"
    )
    for name, policy in POLICIES.items():
        (folder / "policies" / f"{name}.yaml").write_text(json.dumps(policy))
    (folder / "weir.yaml").write_text(
        """\
project: shop
engine: {workers: 1}
sources:
  shop_access: {type: weblog, path: "logs/access.log*", format: combined}
  reddit: {type: reddit, path: "reddit/RC_*"}
  tickets:
    type: files
    path: "tickets/*.csv"
    into: social_posts
    columns: {post_id: id, ts: at, author_name: customer, text: body}
    constants: {platform: support, kind: post}
review: {through: any}
exports:
  research: {table: social_posts, policy: policies/research.yaml, purpose: tests}
  traffic: {table: web_events, policy: policies/traffic.yaml, purpose: tests}
"""
    )
    return folder
