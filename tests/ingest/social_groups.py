"""What each group of real social files comes to: run it to print the table of docs/guide/social.md.

python tests/ingest/social_groups.py [FOLDER]
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dataweir.config import validate
from dataweir.ingest.contract import source
from dataweir.ingest.documents import Found, dumps
from dataweir.ingest.integrate import conform
from dataweir.ingest.schemas import SOCIAL_POSTS

HN = ["time", "points", "domain", "title"]
OMEGA = ["row", "text", "id", "subreddit", "meta", "time", "author", "ups", "downs", "linkkarma", "karma", "gold"]
FILES: dict[str, tuple[str, dict[str, Any]]] = {
    "youtube_comments/*": ("youtube", {}),
    "reddit_submissions/*": ("reddit", {}),
    "reddit_comments/*.csv.gz": ("reddit", {"columns": OMEGA}),
    "bluesky_posts/*": ("bluesky", {}),
    "bluesky_jetstream/expected_v1.jsonl": ("bluesky", {}),
    "hackernews/*.js": ("hackernews", {}),
    "hackernews/*.csv.gz": ("hackernews", {"columns": HN}),
    "twitter_v1_python-twitter/*": ("twitter", {}),
    "twitter_v2_twarc/*": ("twitter", {}),
    "twitter_graphql_twscrape/*": ("twitter", {}),
    "twitter_stream/*": ("twitter", {}),
    "tweets_tweeteval/*": ("twitter", {"format": "text"}),
    "tweets_multilingual_xlmt/**/*_text.txt": ("twitter", {"format": "text"}),
    "stackexchange/*": ("stackexchange", {"site": "one.stackexchange.com"}),
    "feeds_feedjira/*": ("feed", {}),
    "feeds_feedparser_malformed/*": ("feed", {}),
}
CASSETTES = {
    "mastodon_cassettes/*": "mastodon",
    "reddit_praw_cassettes/*": "reddit",
    "twitter_tweepy_cassettes/*": "twitter",
}
REASONS = {
    "bluesky_jetstream/README.md": "about the files beside it",
    "bluesky_jetstream/manifest.json": "about the files beside it",
    "bluesky_jetstream/did_docs.json.zst": "documents of identities, no posts",
    "bluesky_jetstream/frames.bin.zst": "the relay's binary frames of the events that expected_v1.jsonl holds as JSON",
    "bluesky_jetstream/golden_corpus_segment.jss": "a storage format inside the Jetstream server",
    "reddit_comments/README.md": "about the files beside it",
    "reddit_comments/headers.txt": "names the columns: the connector's `columns`",
    "tweets_multilingual_xlmt/**/*_labels.txt": "labels of the lines beside it, no posts",
    "chat/nps_chat.zip": "a linguists' corpus in XML of its own: words with tags, no times, no ids",
}


@dataclass
class Group:
    """What came of a group: records, rows kept, deletions among them, rejects by reason."""

    files: int = 0
    rows: int = 0
    deletions: int = 0
    rejects: Counter[str] = field(default_factory=Counter)

    def add(self, made: Any, batch: Any) -> None:
        posts = conform(made.integrate(batch.rows), SOCIAL_POSTS)
        assert posts.num_rows == batch.rows.num_rows
        self.deletions += posts["kind"].to_pylist().count("deleted")
        self.rows += batch.rows.num_rows
        self.rejects.update(batch.rejects["reason"].to_pylist())


def connector(name: str, root: Path, config: dict[str, Any]) -> Any:
    kind = source.get(name)
    return kind("tea", validate(kind.Config, {"type": name, **config}, "tea"), str(root))


def read(root: Path, pattern: str) -> Group:
    """Read a group of files by their connector; `line` must number the records of each file from 1 on."""
    name, config = FILES[pattern]
    made = connector(name, root, {"path": pattern, **config})
    group = Group()
    lines: dict[str, list[int]] = {}
    for split in made.plan({}).splits:
        group.files += 1
        for batch in made.read(split):
            group.add(made, batch)
            lines.setdefault(split.file, []).extend(batch.rows["line"].to_pylist() + batch.rejects["line"].to_pylist())
    for numbers in lines.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    return group


def recorded(path: Path) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """Yield the recorded answers of a cassette: what was asked, headers, body."""
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    stored = json.loads(data) if data.lstrip()[:1] == b"{" else yaml.load(data, Loader=yaml.CSafeLoader)
    for each in stored["interactions"]:
        answer = each["response"]
        headers = {k.lower(): v if isinstance(v, str) else v[0] for k, v in answer["headers"].items() if v}
        body = answer["body"] if isinstance(answer["body"], dict) else {"string": answer["body"]}
        text = body.get("string") or b""
        packed = base64.b64decode(body["base64_string"]) if "base64_string" in body else text
        raw = packed.encode() if isinstance(packed, str) else packed
        yield each["request"]["uri"], headers, gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw


def replayed(root: Path, pattern: str) -> Group:
    """Give every recorded JSON answer to the connector's reader."""
    made = connector(CASSETTES[pattern], root, {})
    group = Group()
    for path in sorted(root.glob(pattern)):
        group.files += 1
        for _, _, body in recorded(path):
            try:
                value = json.loads(body)
            except ValueError:
                continue  # an empty answer, a page for a browser
            members = list(things(value)) if made.name == "reddit" else list(type(made).members(value))
            batch = made.rows([Found(n, dumps(m), m) for n, m in enumerate(members, 1)], path.name)
            assert batch.rows.num_rows + batch.rejects.num_rows == len(members)
            group.add(made, batch)
    return group


def things(value: Any) -> Iterator[Any]:
    """Yield the comments and submissions in an answer of Reddit's."""
    for each in value if isinstance(value, list) else [value]:
        listing = each.get("data") if isinstance(each, dict) and each.get("kind") == "Listing" else None
        for child in (listing or {}).get("children", []):
            if child["kind"] in ("t1", "t3"):
                yield child["data"]


def table(root: Path) -> str:
    """Return the table as Markdown."""
    lines = [
        "| files | connector | files read | rows kept | of these deletions | rejects by reason |",
        "|---|---|--:|--:|--:|---|",
    ]
    groups = [(pattern, FILES[pattern][0], read(root, pattern)) for pattern in FILES]
    groups += [(pattern, f"{name} (recorded answers)", replayed(root, pattern)) for pattern, name in CASSETTES.items()]
    for pattern, name, group in groups:
        refused = ", ".join(f"{reason} {count:,}" for reason, count in sorted(group.rejects.items())) or "none"
        lines.append(f"| `{pattern}` | {name} | {group.files} | {group.rows:,} | {group.deletions or ''} | {refused} |")
    lines += ["", "| files not read | why |", "|---|---|", *(f"| `{name}` | {why} |" for name, why in REASONS.items())]
    return "\n".join(lines)


if __name__ == "__main__":
    here = Path(__file__).parents[2].parent / "shared" / "data" / "social"
    print(table(Path(sys.argv[1]) if len(sys.argv) > 1 else here))
