"""Every cleaning rule beside a peer that does the same to one text at a time, and all of them: rows and MB a second.

    pip install courlan crawlerdetect datatrove html2text py3langid spacy
    taskset -c 0 python -m benchmarks.clean.rules ../shared/data [ROWS]

Posts are those of YouTube and Reddit, events those of Apache and nginx logs, repeated up to ROWS. One process, one
thread, processor seconds, peers and rules in turn, the best of several rounds. A peer that is not installed is left
out; what a peer does differently stands in its line.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from dataweir.ingest.cleaning import Cleaner
from dataweir.ingest.contract import source
from dataweir.ingest.integrate import conform
from dataweir.ingest.schemas import TABLES

ROUNDS = 3
PEER_ROWS = 5_000
"""Rows that a peer is measured on: it works row by row, so its rate does not depend on how many there are."""


class Peer(NamedTuple):
    """What it is, what it does otherwise, the columns it reads, and how it is made ready."""

    name: str
    note: str
    columns: str
    make: Callable[[], Callable[[str], Any]]

    def texts(self, table: pa.Table) -> pa.ChunkedArray:
        """Return what it works on of a table."""
        name = next((name for name in self.columns.split() if name in table.column_names), None)
        return pa.chunked_array([], pa.string()) if name is None else table[name].drop_null()


def _ftfy() -> Callable[[str], Any]:
    return importlib.import_module("ftfy").fix_encoding


def _unicode() -> Callable[[str], Any]:
    text = importlib.import_module("ftfy").fix_text
    config = importlib.import_module("ftfy").TextFixerConfig(
        fix_encoding=False, unescape_html=False, fix_latin_ligatures=False, uncurl_quotes=False
    )
    return lambda value: text(value, config)


def _html() -> Callable[[str], Any]:
    reader = importlib.import_module("html2text").HTML2Text(bodywidth=0)
    reader.ignore_links = reader.ignore_emphasis = True
    return reader.handle


def _urls() -> Callable[[str], Any]:
    return importlib.import_module("courlan").clean_url


def _bots() -> Callable[[str], Any]:
    return importlib.import_module("crawlerdetect").CrawlerDetect().isCrawler


def _language() -> Callable[[str], Any]:
    module = importlib.import_module("py3langid.langid")
    return module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True).classify


def _quality() -> Callable[[str], Any]:
    filters = "datatrove.pipeline.filters"
    document = importlib.import_module("datatrove.data").Document
    gopher = importlib.import_module(f"{filters}.gopher_quality_filter").GopherQualityFilter(min_doc_words=1)
    repeats = importlib.import_module(f"{filters}.gopher_repetition_filter").GopherRepetitionFilter(top_n_grams=())

    def both(text: str) -> None:
        made = document(text=text, id="")
        gopher.filter(made)
        repeats.filter(made)

    return both


def _repetition() -> Callable[[str], Any]:
    document = importlib.import_module("datatrove.data").Document
    filters = importlib.import_module("datatrove.pipeline.filters.gopher_repetition_filter")
    repeats = filters.GopherRepetitionFilter()
    return lambda text: repeats.filter(document(text=text, id=""))


PEERS = {
    "mojibake": Peer("ftfy.fix_encoding", "the same judgement", "text", _ftfy),
    "unicode": Peer("ftfy.fix_text", "without its repairs of encodings, entities, ligatures", "text", _unicode),
    "html": Peer("html2text", "writes Markdown", "text", _html),
    "urls": Peer("courlan.clean_url", "validates too", "url referer", _urls),
    "bots": Peer("crawlerdetect", "its own list; remembers every agent it saw", "user_agent", _bots),
    "language": Peer("py3langid", "the same model", "text", _language),
    "text_quality": Peer("datatrove Gopher filters", "cuts words with spaCy, ends at the first sign", "text", _quality),
    "repetition": Peer(
        "datatrove Gopher repetition", "cuts words with spaCy, ends at the first sign", "text", _repetition
    ),
}


def posts(folder: Path, rows: int) -> pa.Table:
    """Return real posts in the columns of social_posts."""
    columns = {"post_id": "id", "ts": "published", "author_name": "author_name", "text": "content"}
    youtube = {"into": "social_posts", "columns": columns, "constants": {"platform": "youtube", "kind": "comment"}}
    found = _read("files", folder / "social" / "youtube_comments", youtube)
    return _repeated([*found, *_read("reddit", folder / "social" / "reddit_submissions", {})], rows)


def events(folder: Path, rows: int) -> pa.Table:
    """Return real requests in the columns of web_events."""
    logs = folder / "weblogs"
    found = [each for where in ("apache_combined", "nginx_combined") for each in _read("weblog", logs / where, {})]
    return _repeated(found, rows)


def _read(kind: str, where: Path, options: dict[str, Any]) -> list[pa.Table]:
    plug = source.get(kind)
    made = plug(kind, plug.Config(type=kind, path=str(where / "*"), **options), str(where))
    batches = [batch for split in made.plan({}).splits for batch in made.read(split)]
    return [conform(_origin(made.integrate(b.rows), b.rows, kind), TABLES[made.target].schema) for b in batches]


def _origin(table: pa.Table, rows: pa.Table, label: str) -> pa.Table:
    given = {"source": pa.repeat(pa.scalar(label), len(rows)), "file": rows["file"], "line": rows["line"]}
    for name, values in given.items():
        table = table.drop_columns([name]) if name in table.column_names else table
        table = table.append_column(name, values)
    return table


def _repeated(tables: list[pa.Table], rows: int) -> pa.Table:
    whole = pa.concat_tables(tables)
    return pa.concat_tables([whole] * -(-rows // len(whole))).slice(0, rows).combine_chunks()


def _seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return max(1e-9, time.process_time() - began)


def measure(name: str, table: pa.Table) -> None:
    """Print a line for every rule of a table, and one for all of them."""
    cleaner = Cleaner({}, name)
    size = table.nbytes / 1e6
    spent = dict.fromkeys([rule.name for rule in cleaner.rules], float("inf"))
    peer_spent: dict[str, float] = {}
    whole = float("inf")
    texts = {rule: peer.texts(table) for rule, peer in PEERS.items() if rule in spent}
    peers = {rule: _ready(PEERS[rule]) for rule, values in texts.items() if len(values)}
    cleaner.run(table.slice(0, 1000))  # compiles, loads models
    for _ in range(ROUNDS):
        whole = min(whole, _seconds(lambda: cleaner.run(table)))
        kept = table
        for rule in cleaner.rules:
            seconds = _seconds(lambda rule=rule, kept=kept: rule.apply(kept))
            spent[rule.name] = min(spent[rule.name], seconds)
            kept = rule.apply(kept).kept
        for rule, call in peers.items():
            if call is None:
                continue
            some = texts[rule].slice(0, PEER_ROWS).to_pylist()
            seconds = _seconds(lambda call=call, some=some: [call(text) for text in some])
            peer_spent[rule] = min(peer_spent.get(rule, float("inf")), seconds / len(some))
    print(f"\n{name}: {len(table):,} rows, {size:,.0f} MB in Arrow\n")
    print("| rule | rows/s | MB/s | share of the pipeline | peer | peer rows/s | times as fast |")
    print("|---|---|---|---|---|---|---|")
    for rule, seconds in spent.items():
        rate = (len(texts[rule]) if rule in peer_spent else len(table)) / seconds
        peer = f"{PEERS[rule].name} ({PEERS[rule].note})" if rule in peer_spent else ""
        theirs = 1 / peer_spent[rule] if rule in peer_spent else 0
        ratio = f"{theirs:,.0f} | {rate / theirs:,.1f}" if theirs else " | "
        share = seconds / sum(spent.values())
        print(f"| {rule} | {rate:,.0f} | {size / seconds:,.0f} | {share:.0%} | {peer} | {ratio} |")
    print(f"| all | {len(table) / whole:,.0f} | {size / whole:,.0f} | | | | |", flush=True)


def _ready(peer: Peer) -> Callable[[str], Any] | None:
    try:
        return peer.make()
    except ImportError as error:
        print(f"{peer.name} is left out: {error}", file=sys.stderr)
        return None


if __name__ == "__main__":
    data, amount = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 50_000
    measure("social_posts", posts(data, amount))
    measure("web_events", events(data, amount))
