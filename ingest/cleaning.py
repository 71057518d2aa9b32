"""The cleaning loop: every rule in its order, each held to the law; and what a rule is written with.

A rule is a class registered by `@rule(name)` of contract.py, one file each in ingest/clean or in a stranger's
package. Most are a `TextRule`: a pattern that finds the rows in question, and a function on one text.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ..config import Strict, validate
from ..errors import ConfigError, DataError
from ..usage import compiling
from .contract import REJECTS, StepResult, no_rejects, rule

ANY = "*"
"""As a table's name in `columns`: every table that is not named itself, there every text column."""

ORIGIN = ("source", "file", "line")


class ColumnOptions(Strict):
    """Which columns a text rule works on, where not the usual ones."""

    columns: dict[str, list[str]] = Field(
        default_factory=dict,
        description="table: columns, in place of the rule's own; an empty list leaves it out",
    )


class NoOptions(Strict):
    """A rule that has nothing to set."""


class Rule(Protocol):
    """What a cleaning rule is. The first line of its docstring is what `weir list` shows.

    One that has an attribute `read_at` is told by it, before `apply`, when the rows were read from their source
    (UTC; None where nobody knows).
    """

    name: ClassVar[str]
    order: ClassVar[int]
    """Rules run from the lowest order to the highest."""
    tables: ClassVar[tuple[str, ...]]
    """The tables it works on; `ANY` stands for all that are not named."""
    columns: ClassVar[Mapping[str, tuple[str, ...]]]
    """The columns it reads or changes, by table."""
    Options: ClassVar[type[Strict]]

    def __init__(self, table: str, options: Any) -> None:
        """`table` is the table's name, `options` an `Options`."""

    def apply(self, table: pa.Table) -> StepResult:
        """Return the table cleaned: same columns, kept and rejected rows, and how many values changed."""
        ...


class TextRule:
    """The base of rules that rewrite texts: it shows `fix` each distinct text that matches `pattern`, once.

    `pattern` is an RE2 expression that must match every text that `fix` would change (it may match more). A rule that
    can do its work on a whole column of texts, without Python's loop, does so in `fix_all` instead.
    """

    pattern: ClassVar[str]
    columns: ClassVar[Mapping[str, tuple[str, ...]]]
    Options: ClassVar[type[Strict]] = ColumnOptions

    def __init__(self, table: str, options: Any) -> None:
        self.table = table
        self.chosen: Mapping[str, list[str]] = options.columns

    def fix(self, text: str) -> str:
        """Return the text as it should be."""
        return str(self.fix_all(pa.array([text], pa.string()))[0])

    def fix_all(self, texts: pa.Array) -> pa.Array:
        """Return the texts as they should be; none of them is null."""
        return pa.array([self.fix(text) for text in texts.to_pylist()], pa.string())

    def apply(self, table: pa.Table) -> StepResult:
        """Rewrite the rule's columns; no row is rejected."""
        changed = 0
        for name in self._names(table):
            at = table.schema.get_field_index(name)
            if at < 0:
                continue
            chunks = [self._rewrite(chunk) for chunk in table.column(at).chunks]
            if here := sum(count for _, count in chunks):
                column = pa.chunked_array([array for array, _ in chunks], table.schema.field(at).type)
                table = table.set_column(at, table.schema.field(at), column)
                changed += here
        return StepResult(table, no_rejects(), changed)

    def _names(self, table: pa.Table) -> list[str]:
        if self.table in self.chosen:
            return self.chosen[self.table]
        if self.table in self.columns:
            return list(self.columns[self.table])
        if ANY in self.columns:
            return [f.name for f in table.schema if pa.types.is_string(f.type) and f.name not in ORIGIN]
        return []

    def _rewrite(self, values: pa.Array) -> tuple[pa.Array, int]:
        suspect = pc.fill_null(pc.match_substring_regex(values, self.pattern), False)
        if not pc.any(suspect).as_py():
            return values, 0
        encoded = pc.dictionary_encode(values.filter(suspect))
        old = encoded.dictionary
        new = self.fix_all(old)
        differs = pc.not_equal(old, new)
        changed = pc.sum(differs.take(encoded.indices)).as_py() or 0
        if not changed:
            return values, 0
        return pc.replace_with_mask(values, suspect, new.take(encoded.indices)), int(changed)


class RuleCount(NamedTuple):
    """What one rule did: values changed, rows rejected, seconds taken (compiling kernels aside)."""

    changed: int = 0
    rejected: int = 0
    seconds: float = 0.0

    def plus(self, other: RuleCount) -> RuleCount:
        """Add up two counts."""
        return RuleCount(self.changed + other.changed, self.rejected + other.rejected, self.seconds + other.seconds)


class Cleaned(NamedTuple):
    """A cleaned table, its rejects (REJECTS, stage 'clean'), and the count of each rule in their order."""

    kept: pa.Table
    rejected: pa.Table
    rules: dict[str, RuleCount]


class Cleaner:
    """The rules that hold for one table, set up from the `clean:` part of weir.yaml.

    `config` maps a rule to `false` (off), to `true` or nothing (on), or to its options. Raises ConfigError
    for an unknown rule (with the nearest name) and for wrong options, whichever table they concern. `read_at` is
    when the rows were read from their source.
    """

    def __init__(self, config: Mapping[str, Any], table: str, read_at: datetime.datetime | None = None) -> None:
        self.table = table
        self.rules: list[Any] = []
        for name in config:
            rule.get(name)
        for name, kind in sorted(rule.all().items(), key=lambda item: (item[1].order, item[0])):
            setting = config.get(name, True)
            options = validate(kind.Options, _options(setting, name), f"clean.{name}")
            chosen = table in getattr(options, "columns", {})
            if setting is not False and (table in kind.tables or ANY in kind.tables or chosen):
                made = kind(table, options)
                if hasattr(made, "read_at"):
                    made.read_at = read_at
                self.rules.append(made)

    @property
    def across(self) -> dict[str, Any]:
        """The rules that need all rows of a visitor together, by name; ingest/visits applies them."""
        return {each.name: each for each in self.rules if getattr(each, "across", False)}

    def rule(self, name: str) -> Any:
        """Return the rule of that name as it is set up here; None where it is off."""
        return next((each for each in self.rules if each.name == name), None)

    def run(self, table: pa.Table) -> Cleaned:
        """Apply every rule. Raises DataError where a rule loses rows or changes the columns."""
        rejects: list[pa.Table] = []
        counts: dict[str, RuleCount] = {}
        for each in self.rules:
            started = time.perf_counter()
            with compiling() as compiled:
                result = each.apply(table)
            _check(each.name, table, result)
            seconds = time.perf_counter() - started - sum(compiled)
            counts[each.name] = RuleCount(result.changed, result.rejected.num_rows, seconds)
            if result.rejected.num_rows:
                rejects.append(result.rejected)
            table = result.kept
        return Cleaned(table, pa.concat_tables(rejects) if rejects else no_rejects(), counts)


def reject(table: pa.Table, bad: pa.Array | pa.ChunkedArray, reason: str) -> StepResult:
    """Split a table by a mask: rows where `bad` is true go to the rejects, each as JSON in `raw`.

    A null in the mask counts as false.
    """
    bad = pc.fill_null(bad, False)
    count = pc.sum(bad).as_py() or 0
    if not count:
        return StepResult(table, no_rejects())
    rows = table.filter(bad)
    constant = {"stage": pa.scalar("clean"), "reason": pa.scalar(reason)}
    columns = []
    for field in REJECTS:
        if field.name in constant:
            columns.append(pa.repeat(constant[field.name], count))
        elif field.name == "raw":
            columns.append(pa.array(as_json(rows), pa.binary()))
        elif field.name in rows.column_names:
            columns.append(rows[field.name].cast(field.type))
        else:
            columns.append(pa.nulls(count, field.type))
    return StepResult(table.filter(pc.invert(bad)), pa.table(columns, schema=REJECTS))


def flag(table: pa.Table, mask: pa.Array | pa.ChunkedArray, word: str) -> tuple[pa.Table, int]:
    """Add a word to `flags` (words joined by commas) where `mask` is true; return the rows it marked too."""
    mask = pc.fill_null(mask, False)
    count = pc.sum(mask).as_py() or 0
    if not count:
        return table, 0
    at = table.schema.get_field_index("flags")
    flags = table.column(at)
    marked = pc.binary_join_element_wise(flags, pa.scalar(word), ",", null_handling="skip")
    return table.set_column(at, table.schema.field(at), pc.if_else(mask, marked, flags)), int(count)


def judge(table: pa.Table, signs: Mapping[str, Any], refused: Sequence[str]) -> StepResult:
    """Flag rows with the words of `signs` (word: mask) and reject those of `refused` words, as `quality:WORD`.

    A null in a mask counts as false; a row that several words refuse is rejected for the first of `refused`.
    """
    signs = {sign: pc.fill_null(mask, False) for sign, mask in signs.items()}
    changed = 0
    for sign, mask in signs.items():
        table, marked = flag(table, mask, sign)
        changed += marked
    rejects = []
    for sign in refused:
        done = reject(table, signs[sign], f"quality:{sign}")
        if done.rejected.num_rows:
            kept = pc.invert(signs[sign])
            signs = {name: mask.filter(kept) for name, mask in signs.items()}
            rejects.append(done.rejected)
            table = done.kept
    return StepResult(table, pa.concat_tables(rejects) if rejects else no_rejects(), changed)


def as_json(rows: pa.Table) -> list[bytes]:
    """Return each row as a JSON object in UTF-8: nulls left out, times in ISO 8601."""
    return [
        json.dumps({k: v for k, v in row.items() if v is not None}, default=_plain, ensure_ascii=False).encode()
        for row in rows.to_pylist()
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _options(setting: Any, name: str) -> dict[str, Any]:
    if setting is None or isinstance(setting, bool):
        return {}
    if isinstance(setting, Mapping):
        return dict(setting)
    raise ConfigError(f"clean.{name} is neither true, false nor options", f"write 'clean: {{{name}: false}}'")


def _check(name: str, table: pa.Table, result: StepResult) -> None:
    kept, rejected = result.kept.num_rows, result.rejected.num_rows
    if kept + rejected != table.num_rows:
        raise DataError(
            f"the rule '{name}' lost rows: {table.num_rows} in, {kept} kept, {rejected} rejected",
            f"switch it off with 'clean: {{{name}: false}}' and tell its author",
            rule=name,
        )
    if not result.kept.schema.equals(table.schema) or not result.rejected.schema.equals(REJECTS):
        raise DataError(
            f"the rule '{name}' changed the columns of its table or of the rejects",
            f"switch it off with 'clean: {{{name}: false}}' and tell its author",
            rule=name,
        )
