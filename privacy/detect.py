"""Detection: what in a text tells who somebody is."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from .analyzer import Finding, analyzer
from .gazetteers import common_words

_NAME = re.compile(r"(?<!\w)[^\W\d_]{4,}(?!\w)")

FINDINGS = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("start", pa.int64()),
        pa.field("end", pa.int64()),
        pa.field("entity", pa.string()),
        pa.field("score", pa.float64()),
    ]
)


def detect(
    texts: Sequence[str | None] | pa.Array | pa.ChunkedArray, language: str = "en", ner: str | None = None
) -> pa.Table:
    """Return the findings in texts: row, start, end (offsets in characters), entity, score; nulls have none.

    Findings do not overlap: of those that do the union stays, under the name of the longest. `ner` names a
    spaCy model for names. Raises ConfigError for an unknown language or model.
    """
    values = texts if isinstance(texts, (pa.Array, pa.ChunkedArray)) else pa.array(texts, pa.string())
    encoded = pa.chunked_array([values] if isinstance(values, pa.Array) else values.chunks, pa.string())
    whole = encoded.combine_chunks().dictionary_encode()
    found = find_distinct(whole.dictionary, language, ner)
    columns: list[list[object]] = [[] for _ in FINDINGS]
    for row, index in enumerate(whole.indices.to_pylist()):
        for finding in found.get(index, ()) if index is not None else ():
            for column, value in zip(columns, (row, *finding), strict=True):
                column.append(value)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, FINDINGS, strict=True)], schema=FINDINGS)


def find_distinct(texts: pa.Array, language: str, ner: str | None = None) -> dict[int, list[Finding]]:
    """Return the findings of distinct texts by their index; texts in which nothing can match are passed over."""
    engine = analyzer(language, ner)
    found = {}
    for index, parts in enumerate(engine.sieve.suspects(texts)):
        if parts and (findings := engine.find(text := texts[index].as_py(), parts)):
            found[index] = settle([*findings, *_again(text, findings, language)])
    return found


def _again(text: str, findings: Sequence[Finding], language: str) -> list[Finding]:
    """Return where parts of people's names stand once more: who is named in full is then called by one name."""
    names: dict[str, float] = {}
    for finding in findings:
        if finding.entity == "PERSON":
            parts = _NAME.findall(text[finding.start : finding.end])
            names |= {part: finding.score for part in parts if part.casefold() not in common_words(language)}
    if not names:
        return []
    return [Finding(*m.span(), "PERSON", names[m[0]]) for m in _NAME.finditer(text) if m[0] in names]


def settle(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings that do not overlap, in order: of those that do their union stays, named as the longest.

    A remnant of a key beside a masked number would still be a remnant, so nothing that was found is left standing.
    """
    chosen: list[Finding] = []
    for finding in sorted(findings):
        if not chosen or finding.start >= chosen[-1].end:
            chosen.append(finding)
            continue
        last = chosen[-1]
        name = max(last, finding, key=lambda f: (f.end - f.start, f.score))
        chosen[-1] = name._replace(start=last.start, end=max(last.end, finding.end))
    return chosen
