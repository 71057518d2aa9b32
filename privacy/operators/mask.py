"""Mask free text and addresses of pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import unquote_plus

import numpy as np
import pyarrow as pa
from pydantic import Field

from ...config import Strict
from ..analyzer import Finding
from ..contract import Context, Operator, operator, texts_of
from ..detect import find_distinct, settle

_QUERY_COLUMNS = frozenset({"query"})
_URL_COLUMNS = frozenset({"url", "referer", "path"})
_VALUE = re.compile(r"=[^&;]*")
_USER = re.compile(r"//[^/?#@]*@")
_TELLING = re.compile(
    r"[^/]*(?:@|%40)[^/]*"  # an e-mail address or a handle
    r"|(?=[^/]*\d)[\w%.-]{20,}"  # a token
    r"|[\d().+-]{6,}"  # a telephone number, a customer number
    r"|(?:[0-9a-f]{4,}-){2,}[0-9a-f]+",
    re.IGNORECASE,
)


class MaskOptions(Strict):
    """How the column is read."""

    kind: str | None = Field(None, pattern="^(text|url|query)$", description="text, url or query; by name if not given")


@operator("mask")
class Mask(Operator):
    """Find personal data inside texts and treat each finding as the policy's `entities` say.

    Of page addresses the values in the query string, user names, fragments and segments that are addresses, numbers
    or tokens become `*`; the rest is searched as text. People whom the table names in its own columns are found too.
    """

    Options = MaskOptions
    example: ClassVar[dict[str, Any]] = {"kind": "text"}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the masked texts, each distinct one worked on once."""
        encoded = texts_of(values, context).dictionary_encode()
        times = np.bincount(encoded.indices.drop_null().to_numpy(), minlength=len(encoded.dictionary)).tolist()
        kind = options.kind or _kind_of(context.column)
        texts = encoded.dictionary
        if kind == "query":
            texts = _each(texts, _query, "QUERY_VALUE", times, context)
        elif kind == "url":
            texts = _each(texts, _url, "URL_PART", times, context)
        masked = self._texts(texts, context, kind, times)
        return masked.take(encoded.indices)

    def _texts(self, texts: pa.Array, context: Context, kind: str, times: list[int]) -> pa.Array:
        found = find_distinct(texts, context.language, context.ner)
        made = []
        for index, text in enumerate(texts.to_pylist()):
            findings = [f for f in found.get(index, []) if kind == "text" or f.entity != "URL"]
            if kind == "text" and context.identities:
                findings = settle([*findings, *context.identities.find(text)])
            made.append(_treated(text, findings, context) if findings else text)
            for finding in findings:
                context.counts[finding.entity] += times[index]
        return pa.array(made, pa.string())


def _kind_of(column: str) -> str:
    return "query" if column in _QUERY_COLUMNS else "url" if column in _URL_COLUMNS else "text"


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


def _each(texts: pa.Array, change: Callable[[str], str], what: str, times: list[int], context: Context) -> pa.Array:
    before = texts.to_pylist()
    after = [change(text) for text in before]
    changed = sum(n for n, old, new in zip(times, before, after, strict=True) if old != new)
    if changed:
        context.counts[what] += changed
    return pa.array(after, pa.string())


def _query(text: str) -> str:
    return _VALUE.sub("=*", text) if "=" in text else "*" if text else text


def _url(text: str) -> str:
    address, _, query = text.partition("#")[0].partition("?")
    address = _USER.sub("//", address)
    scheme, slashes, rest = address.rpartition("//") if "://" in address else ("", "", address)
    host, slash, path = rest.partition("/") if slashes else ("", "", rest)
    path = "/".join("*" if _TELLING.fullmatch(unquote_plus(part)) else part for part in path.split("/"))
    return f"{scheme}{slashes}{host}{slash}{path}" + (f"?{_query(query)}" if query else "")
