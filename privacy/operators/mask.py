"""Mask free text and addresses of pages."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from urllib.parse import unquote_plus

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
        kind = options.kind or _kind_of(context.column)
        texts = encoded.dictionary
        if kind == "query":
            texts = pa.array([_query(text, context) for text in texts.to_pylist()], pa.string())
        elif kind == "url":
            texts = pa.array([_url(text, context) for text in texts.to_pylist()], pa.string())
        masked = self._texts(texts, context, kind)
        return masked.take(encoded.indices)

    def _texts(self, texts: pa.Array, context: Context, kind: str) -> pa.Array:
        found = find_distinct(texts, context.language, context.ner)
        made = []
        for index, text in enumerate(texts.to_pylist()):
            findings = [f for f in found.get(index, []) if kind == "text" or f.entity != "URL"]
            if kind == "text" and context.identities:
                findings = settle([*findings, *context.identities.find(text)])
            made.append(_treated(text, findings, context) if findings else text)
        return pa.array(made, pa.string())


def _kind_of(column: str) -> str:
    return "query" if column in _QUERY_COLUMNS else "url" if column in _URL_COLUMNS else "text"


def _treated(text: str, findings: list[Finding], context: Context) -> str:
    assert context.span_operator is not None  # noqa: S101 (a policy always gives one)
    parts, at = [], 0
    for finding in findings:
        built, options = context.span_operator(finding.entity)
        parts += [text[at : finding.start], built.span(text[finding.start : finding.end], finding.entity, options, context)]
        at = finding.end
        context.counts[finding.entity] += 1
    return "".join([*parts, text[at:]])


def _query(text: str, context: Context) -> str:
    masked = _VALUE.sub("=*", text)
    if "=" not in text and text:
        masked = "*"
    context.counts["QUERY_VALUE"] += masked != text
    return masked


def _url(text: str, context: Context) -> str:
    address, _, query = text.partition("#")[0].partition("?")
    address = _USER.sub("//", address)
    scheme, slashes, rest = address.rpartition("//") if "://" in address else ("", "", address)
    host, slash, path = rest.partition("/") if slashes else ("", "", rest)
    path = "/".join("*" if _TELLING.fullmatch(unquote_plus(part)) else part for part in path.split("/"))
    masked = f"{scheme}{slashes}{host}{slash}{path}" + (f"?{_VALUE.sub('=*', query) if '=' in query else '*'}" if query else "")
    context.counts["URL_PART"] += masked != text
    return masked
