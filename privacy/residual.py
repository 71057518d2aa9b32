"""The residual scan: what was written is read again and searched by a second, independent configuration.

The masking uses Presidio and our recognisers; this scan uses `leaks` and planted canaries alone. It sees the
distinct values of every column once, through Arrow's RE2, and proves in Python only what the sieve lets
through. The result counts; it holds no value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import ConfigError
from ..storage import filesystem
from .leaks import LEAKS, Leak

_BATCH = 65_536
_ANY = "|".join(f"(?:{leak.sieve})" for leak in LEAKS)
_INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
_NUMBERS = tuple(leak for leak in LEAKS if leak.name == "card")


@dataclass(frozen=True)
class Residual:
    """What was still found: `findings[column][kind]` occurrences, in `rows` rows, `total` of them.

    Nested columns are named by path (`tags[]`, `author.name`).
    """

    findings: dict[str, dict[str, int]] = field(default_factory=dict)
    rows: int = 0
    total: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as a JSON object."""
        return asdict(self)


def scan(
    data: pa.Table | Sequence[str], canaries: Sequence[str] = (), produced: Mapping[str, str] | None = None
) -> Residual:
    """Search every column of a table, or of Parquet files by location, for leaks and planted canaries.

    `produced` says, by column, what the policy's operator writes there, as an RE2 expression: values that
    match it in whole are passed over, except where they hold a canary. Truncated addresses (a last IPv4
    octet or a lower IPv6 half of zero) and placeholders such as <EMAIL_ADDRESS> are no findings anyway.
    Canaries are compared without regard to case, width of characters and URL encoding. Text, binary and
    integer columns are searched (integers for cards and canaries), nested ones too; other types hold neither.
    Raises ConfigError for a blank canary.
    """
    watched = _canary_expressions(canaries)
    counts: dict[str, Counter[str]] = {}
    rows = 0
    for batch in _batches(data):
        rows += batch.num_rows
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            for path, leaf in leaves(name, values):
                if not (_is_text(leaf.type) or pa.types.is_integer(leaf.type)):
                    continue
                found = _search(leaf, watched, (produced or {}).get(path))
                counts.setdefault(path, Counter()).update(found)
    return _residual(counts, rows)


def merge(parts: Iterable[Residual]) -> Residual:
    """Add up the results of several files."""
    counts: dict[str, Counter[str]] = {}
    rows = 0
    for part in parts:
        rows += part.rows
        for column, kinds in part.findings.items():
            counts.setdefault(column, Counter()).update(kinds)
    return _residual(counts, rows)


def _residual(counts: Mapping[str, Counter[str]], rows: int) -> Residual:
    findings = {
        column: {kind: kinds[kind] for kind in sorted(kinds) if kinds[kind]}
        for column, kinds in sorted(counts.items())
        if kinds.total()
    }
    return Residual(findings, rows, sum(sum(kinds.values()) for kinds in findings.values()))


def _batches(data: pa.Table | Sequence[str]) -> Iterator[pa.RecordBatch]:
    if isinstance(data, pa.Table):
        yield from data.to_batches(max_chunksize=_BATCH)
        return
    for location in data:
        fs, inner = filesystem(location)
        with fs.open_input_file(inner) as handle:
            yield from pq.ParquetFile(handle).iter_batches(batch_size=_BATCH)


def leaves(path: str, values: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    """Yield the plain columns inside a column, by path."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        yield from leaves(path, values.dictionary_decode())
    elif pa.types.is_map(kind):
        pairs = values.cast(pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))).flatten()
        yield from leaves(f"{path}[key]", pairs.field(0))
        yield from leaves(f"{path}[]", pairs.field(1))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from leaves(f"{path}[]", values.flatten())
    elif pa.types.is_struct(kind):
        for index, part in enumerate(kind):
            yield from leaves(f"{path}.{part.name}", values.field(index))
    else:
        yield path, values


def _search(values: pa.Array, canaries: Sequence[str], produced: str | None) -> Counter[str]:
    found: Counter[str] = Counter()
    textual = _is_text(values.type)
    distinct = values.drop_null().value_counts()
    texts, weights = _text(distinct.field("values")), distinct.field("counts")
    for expression in canaries:
        hit = pc.match_substring_regex(texts, expression, ignore_case=True)
        found["canary"] += pc.sum(weights.filter(hit)).as_py() or 0
    if produced is not None:
        real = pc.invert(pc.match_substring_regex(texts, rf"\A(?:{produced})\z"))
        texts, weights = texts.filter(real), weights.filter(real)
    suspect = pc.match_substring_regex(texts, _ANY)
    texts, weights = texts.filter(suspect), weights.filter(suspect)
    for leak in LEAKS if textual else _NUMBERS:
        found[leak.name] += _prove(leak, texts, weights)
    return found


def _prove(leak: Leak, texts: pa.Array, weights: pa.Array) -> int:
    suspect = pc.match_substring_regex(texts, leak.sieve)
    pairs = zip(texts.filter(suspect).to_pylist(), weights.filter(suspect).to_pylist(), strict=True)
    return sum(leak.count(text) * weight for text, weight in pairs)


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    strings = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return strings or types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)


def _text(values: pa.Array) -> pa.Array:
    """Return values as valid strings in compatibility form, without invisible characters."""
    if pa.types.is_integer(values.type):
        return values.cast(pa.string())
    raw = values.cast(pa.binary())
    try:
        texts = raw.cast(pa.string())
    except pa.ArrowInvalid:
        texts = pa.array([value.decode("utf-8", "replace") for value in raw.to_pylist()], pa.string())
    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return texts
    return pc.replace_substring_regex(pc.utf8_normalize(texts, form="NFKC"), _INVISIBLE, "")


def _canary_expressions(canaries: Sequence[str]) -> list[str]:
    """Return expressions, a hundred canaries each, that match a canary as it is or URL-encoded."""
    forms: set[str] = set()
    for canary in canaries:
        if not canary.strip():
            raise ConfigError("a canary is blank: it would be found everywhere", "name a text that stands nowhere else")
        folded = _text(pa.array([canary]))[0].as_py()
        forms |= {folded, quote(folded), quote(folded, safe="")}
    escaped = [re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", form) for form in sorted(forms)]
    return ["|".join(escaped[at : at + 100]) for at in range(0, len(escaped), 100)]
