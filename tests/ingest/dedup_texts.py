"""What the tests of near duplicates share: a plain reference in Python, made-up texts, and texts of real people."""

from __future__ import annotations

import csv
import gzip
import unicodedata
from pathlib import Path

import pyarrow.parquet as pq

from dataweir.ingest.dedup import characters as c


def words(text: str) -> list[str]:
    """Cut a text into folded words, character by character."""
    table = c.characters().table
    made: list[str] = []
    kind = c.GAP
    for character in text:
        here = int(table[ord(character)]) >> c.CLASS_SHIFT if ord(character) < c.SIZE else c.GAP
        if here == c.IGNORED:
            continue
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
        if here == c.GAP:
            kind = c.GAP
        elif kind == c.GAP or here == c.ALONE or (here == c.LETTER and kind == c.ALONE):
            made.append(folded)
            kind = c.ALONE if here == c.ALONE else c.LETTER
        else:
            made[-1] += folded
    return made


def shingle_set(text: str, size: int) -> frozenset[tuple[str, ...]]:
    """Return the set of word shingles; a shorter text is one."""
    found = words(text)
    return frozenset(tuple(found[i : i + size]) for i in range(max(1, len(found) - size + 1)) if found)


def jaccard(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0


def alike(texts: list[str], size: int, threshold: float) -> dict[tuple[int, int], float]:
    """Return every pair of texts whose similarity reaches the threshold, by brute force over shared shingles."""
    sets = [shingle_set(text, size) for text in texts]
    holders: dict[tuple[str, ...], list[int]] = {}
    for row, found in enumerate(sets):
        for shingle in found:
            holders.setdefault(shingle, []).append(row)
    candidates = {(a, b) for rows in holders.values() for i, a in enumerate(rows) for b in rows[i + 1 :]}
    similar = {(a, b): jaccard(sets[a], sets[b]) for a, b in candidates}
    return {pair: s for pair, s in similar.items() if s >= threshold}


def components(count: int, pairs: list[tuple[int, int]]) -> list[int]:
    """Return the first member of each row's connected component."""
    parent = list(range(count))

    def find(row: int) -> int:
        while parent[row] != row:
            row = parent[row]
        return row

    for a, b in pairs:
        a, b = sorted((find(a), find(b)))
        parent[b] = a
    return [find(row) for row in range(count)]


def social_texts(shared: Path, most: int = 6000) -> list[str]:
    """Return posts of real people from several sets of ../shared/data/social."""
    texts: list[str] = []
    for path in sorted((shared / "social" / "youtube_comments").glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="") as lines:
            texts += [row["CONTENT"] or "" for row in csv.DictReader(lines)]
    posts = pq.read_table(shared / "social" / "bluesky_posts" / "posts.parquet")
    texts += [text or "" for text in posts["text"].to_pylist()]
    for path in sorted((shared / "social" / "tweets_multilingual_xlmt").rglob("*text*.txt")):
        texts += path.read_text(encoding="utf-8").splitlines()[:300]
    step = max(1, len(texts) // most)
    return texts[::step] if len(texts) > most else texts
