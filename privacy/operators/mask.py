"""Mask free text and texts that have parts."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from ...config import Strict
from ..analyzer import Finding
from ..contract import Context, Operator, operator, texts_of
from ..detect import find_distinct, settle
from ..nested import leaf_name
from ..sample import EACH
from ..structure import HIDDEN, KINDS, Kind, Part, parts_of

_KIND_OF: dict[str, Kind] = {
    "query": "query",
    "url": "url",
    "referer": "url",
    "path": "url",
    "user_agent": "user_agent",
}


class MaskOptions(Strict):
    """How the column is read."""

    kind: Kind | None = Field(None, description=f"{', '.join(KINDS)}; by the column's name if not given")


@operator("mask")
class Mask(Operator):
    """Find personal data inside texts and treat each finding as the policy's `entities` say.

    Addresses of pages, query strings, user agents and JSON are taken apart first, and every value is searched decoded
    and on its own. What stands where somebody's name, number or token stands (most parameters, user names, fragments,
    segments after /users/, serial numbers) becomes `*` where it is no finding as a whole. People whom the table names
    in its own columns are found too.
    """

    Options = MaskOptions
    example: ClassVar[dict[str, Any]] = {"kind": "text"}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the masked texts, each distinct text and each distinct value in them worked on once."""
        encoded = texts_of(values, context).dictionary_encode()
        times = np.bincount(encoded.indices.drop_null().to_numpy(), minlength=len(encoded.dictionary)).tolist()
        kind: Kind = options.kind or _KIND_OF.get(leaf_name(context.column), "text")
        taken = [parts_of(text, kind) for text in encoded.dictionary.to_pylist()]
        found = _findings(taken, kind, context)
        masked: list[str] = []
        texts: dict[str, list[int]] = {}
        for number, (parts, weight) in enumerate(zip(taken, times, strict=True)):
            told: Counter[str] = Counter()
            masked.append("".join(_masked(part, found, told, context) for part in parts))
            for name, count in told.items():
                context.counts[name] += count * weight
                if len(seen := texts.setdefault(name, [])) < EACH:
                    seen.append(number)
        if texts:
            indices = encoded.indices.fill_null(-1).to_numpy()
            first = np.zeros(len(masked) + 1, dtype=np.int64)  # nulls have the last place, which nobody asks for
            first[indices[::-1]] = np.arange(len(indices))[::-1]
            context.places = {name: first[numbers].tolist() for name, numbers in texts.items()}
        return pa.array(masked, pa.string()).take(encoded.indices)


def _findings(taken: list[list[Part]], kind: Kind, context: Context) -> dict[str, list[Finding]]:
    """Return the findings of each distinct value that has some."""
    values = list(dict.fromkeys(part.value for parts in taken for part in parts if part.value))
    known = find_distinct(pa.array(values, pa.string()), context.language, context.ner)
    found = {}
    for index, value in enumerate(values):
        findings = [f for f in known.get(index, ()) if kind == "text" or f.entity != "URL"]
        if context.identities:
            findings = settle([*findings, *context.identities.find(value)])
        if findings:
            found[value] = findings
    return found


def _masked(part: Part, found: dict[str, list[Finding]], told: Counter[str], context: Context) -> str:
    if part.value is None:
        return part.otherwise or part.raw
    findings = found.get(part.value, [])
    hidden = part.otherwise == part.encode(HIDDEN) and part.raw != part.otherwise
    if hidden and not (len(findings) == 1 and findings[0].end - findings[0].start == len(part.value)):
        told["hidden part"] += 1
        return part.otherwise
    if not findings:
        return part.otherwise
    for finding in findings:
        told[finding.entity] += 1
    return part.encode(_treated(part.value, findings, context))


def _treated(text: str, findings: list[Finding], context: Context) -> str:
    assert context.span_operator is not None
    parts, at = [], 0
    for finding in findings:
        built, options = context.span_operator(finding.entity)
        parts += [
            text[at : finding.start],
            built.span(text[finding.start : finding.end], finding.entity, options, context),
        ]
        at = finding.end
    return "".join([*parts, text[at:]])
