"""Detection: what in a text tells who somebody is."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from .analyzer import Finding, analyzer, gate

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

    Findings do not overlap: of two that do the surer stays, then the longer. `ner` names a spaCy model for names.
    Raises ConfigError for an unknown language or model.
    """
    values = texts if isinstance(texts, (pa.Array, pa.ChunkedArray)) else pa.array(texts, pa.string())
    encoded = pa.chunked_array([values] if isinstance(values, pa.Array) else values.chunks, pa.string())
    whole = encoded.combine_chunks().dictionary_encode()
    found = find_distinct(whole.dictionary, language, ner)
    columns: list[list[int | float | str]] = [[] for _ in FINDINGS]
    for row, index in enumerate(whole.indices.to_pylist()):
        for finding in found.get(index, ()) if index is not None else ():
            for column, value in zip(columns, (row, *finding), strict=True):
                column.append(value)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, FINDINGS, strict=True)], schema=FINDINGS)


def find_distinct(texts: pa.Array, language: str, ner: str | None = None) -> dict[int, list[Finding]]:
    """Return the findings of distinct texts by their index; texts in which nothing can match are passed over."""
    engine = analyzer(language, ner)
    suspect = pa.array([True] * len(texts)) if ner else pc.match_substring_regex(texts, gate(language))
    found = {}
    for index in pc.indices_nonzero(suspect).to_pylist():
        if findings := settle(engine.find(texts[index].as_py())):
            found[index] = findings
    return found


def settle(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings that do not overlap, in order: of two that do the surer stays, then the longer."""
    chosen: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (-f.score, f.start - f.end, f.start, f.entity)):
        if all(finding.end <= other.start or other.end <= finding.start for other in chosen):
            chosen.append(finding)
    return sorted(chosen)
