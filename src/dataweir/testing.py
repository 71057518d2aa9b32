"""The conformance suite of connectors: what the Source contract promises, tried on a connector's own sample.

    from dataweir.testing import check_source

    def test_it_conforms():
        check_source("mysource")           # by name, or the class itself

Weir runs the same function over every connector that is registered.
"""

from __future__ import annotations

import inspect
import io
import json
import pickle
import random
import shutil
import signal
import tempfile
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from .config import SourceConfig, validate
from .errors import WeirError
from .ingest.contract import REJECTS, Pulled, Split, source
from .ingest.integrate import conform
from .ingest.schemas import TABLES

_CANARY = b"canary7531"


@dataclass(frozen=True)
class Conformance:
    """What a conforming connector made of its sample, and how many hostile inputs it stood."""

    name: str
    rows: int
    rejects: int
    hostile: int


def check_source(kind: str | type[Any], *, seconds: float = 20.0, seed: int = 0) -> Conformance:
    """Check a connector (its registered name, or its class) against the contract, on its own sample.

    The sample lies in `samples/` beside the connector's module, or beside the module itself. `seconds` is how long
    one hostile input may take, `seed` picks the mutations. Raises AssertionError that names the promise which is not
    kept.
    """
    made = source.get(kind) if isinstance(kind, str) else kind
    sample = _describes_itself(made)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        for folder in (one, two):
            shutil.copy(sample, Path(folder, sample.name))
        reader, splits = _plans(made, one, two)
        rows, rejects = _reads(reader, splits)
        _integrates(reader, rows)
        hostile = _stands_hostile_bytes(made, sample, one, seconds, random.Random(seed))  # noqa: S311 - no secret
    return Conformance(made.name, rows.num_rows, rejects.num_rows, hostile)


def build(kind: Any, root: str) -> Any:
    """Return the connector over its own sample, which stands in the folder `root`."""
    return kind("sample", validate(kind.Config, dict(kind.sample_config), "sample_config"), root)


def _demand(holds: Any, promise: str) -> None:
    if not holds:
        raise AssertionError(promise)


def _describes_itself(kind: Any) -> Path:
    _demand(len((inspect.getdoc(kind) or "").partition("\n")[0]) > 10, "the docstring's first line says what it reads")
    _demand(source.all().get(kind.name) is kind, f"it is registered by @source({kind.name!r})")
    _demand(issubclass(kind.Config, SourceConfig), "Config is a SourceConfig")
    for key, field in kind.Config.model_fields.items():
        _demand(field.description, f"the configuration key '{key}' has a description")
    _demand(kind.sample_config.get("type") == kind.name, "sample_config names the connector as its type")
    home = Path(inspect.getfile(kind)).parent
    places: list[Path] = [home / "samples" / kind.sample, home / kind.sample]
    found = [path for path in places if path.is_file()]
    _demand(found, f"the sample '{kind.sample}' stands in {home.name}/samples")
    return found[0]


def _plans(kind: Any, root: str, elsewhere: str) -> tuple[Any, list[Split]]:
    reader = build(kind, root)
    plan = reader.plan({})
    _demand(plan.splits, "the sample is planned as at least one split")
    keys = [split.key for split in plan.splits]
    _demand(len(set(keys)) == len(keys), "every split has a key of its own")
    _demand(keys == [split.key for split in build(kind, root).plan({}).splits], "the same content has the same keys")
    moved = [split.key for split in build(kind, elsewhere).plan({}).splits]
    _demand(keys == moved, "a split's key does not depend on where the project stands")
    _demand(json.loads(json.dumps(plan.cursor)) == plan.cursor, "the cursor is a JSON object")
    again = {split.key for split in build(kind, root).plan(plan.cursor).splits}
    _demand(not again & set(keys), "what the cursor knows is not planned again")
    _demand(pickle.loads(pickle.dumps(plan.splits)) == plan.splits, "splits are picklable")  # noqa: S301 - our own
    return reader, plan.splits


def _reads(reader: Any, splits: list[Split]) -> tuple[pa.Table, pa.Table]:
    rows, rejects = _whole(reader, splits)
    _demand(rows.num_rows, "at least one record of the sample is kept")
    _accounts_for_every_record(rows, rejects, "the sample")
    _demand(_bytes(rows, rejects) == _bytes(*_whole(reader, splits)), "reading twice gives the same bytes")
    shipped = pickle.loads(pickle.dumps(reader))  # noqa: S301 - our own
    _demand(_bytes(rows, rejects) == _bytes(*_whole(shipped, splits)), "a pickled source reads the same")
    return rows, rejects


def _accounts_for_every_record(rows: pa.Table, rejects: pa.Table, what: str) -> None:
    numbers: dict[str, list[int]] = {}
    for table in (rows, rejects):
        for file, line in zip(table["file"].to_pylist(), table["line"].to_pylist(), strict=True):
            numbers.setdefault(file, []).append(line)
    for found in numbers.values():
        promise = f"in == kept + rejected: every record is in one of the two, under its number from 1 on ({what})"
        _demand(sorted(found) == list(range(1, len(found) + 1)), promise)


def _whole(reader: Any, splits: Iterable[Split]) -> tuple[pa.Table, pa.Table]:
    batches = [batch for split in splits for batch in _batches(reader, split)]
    return (
        pa.concat_tables([reader.schema.empty_table(), *(b.rows for b in batches)]),
        pa.concat_tables([REJECTS.empty_table(), *(b.rejects for b in batches)]),
    )


def _batches(reader: Any, split: Split) -> Iterator[Pulled]:
    kinds = {"file": pa.string(), "line": pa.int64()}
    for name, kind in kinds.items():
        _demand(name in reader.schema.names and reader.schema.field(name).type == kind, f"the schema has '{name}'")
    for batch in reader.read(split):
        _demand(batch.rows.schema.equals(reader.schema), "every batch has the source's schema")
        _demand(batch.rejects.schema.equals(REJECTS), "every batch's rejects have the schema REJECTS")
        _demand(not batch.rejects["reason"].null_count, "every reject has a reason")
        yield batch


def _bytes(*tables: pa.Table) -> bytes:
    sink = io.BytesIO()
    for table in tables:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
    return sink.getvalue()


def _integrates(reader: Any, rows: pa.Table) -> None:
    before = _bytes(rows)
    for table in (rows, rows.slice(0, 0)):
        made = reader.integrate(table)
        _demand(made.num_rows == table.num_rows, "integrate loses no row and adds none")
        _demand(_bytes(made) == _bytes(reader.integrate(table)), "integrate is a pure function")
        if reader.target in TABLES:
            conform(made, TABLES[reader.target].schema)
    _demand(_bytes(rows) == before, "integrate leaves its input as it is")


def _stands_hostile_bytes(kind: Any, sample: Path, root: str, seconds: float, dice: random.Random) -> int:
    inputs = hostile(sample.read_bytes(), dice)
    for what, data in inputs.items():
        Path(root, sample.name).write_bytes(data)
        try:
            with _limit(seconds, f"hostile bytes never hang: {what}"):
                reader = build(kind, root)
                plan = reader.plan({})
                rows, rejects = _whole(reader, plan.splits)
                reader.integrate(rows)
        except WeirError as error:
            _demand(_CANARY.decode() not in str(error.as_dict()), f"no error quotes the data: {what}")
            continue
        except AssertionError:
            raise
        except Exception as error:
            raise AssertionError(f"hostile bytes never crash it: {what}: {type(error).__name__}") from error
        _accounts_for_every_record(rows, rejects, what)
    return len(inputs)


def hostile(sample: bytes, dice: random.Random) -> dict[str, bytes]:
    """Return hostile variants of a sample by what was done to it: damage, extremes, things that are no data."""
    made = {
        "an empty file": b"",
        "one line end": b"\n",
        "zero bytes": bytes(4096),
        "bytes that are no UTF-8": b"\xff\xfe\xfd" * 500,
        "deep nesting": b"[" * 50_000,
        "deep objects": b'{"a":' * 20_000 + b"\n",
        "one long line": b"a" * 200_000,
        "open quotes": b'"' + sample,
        "the sample twice": sample + sample,
        "no last line end": sample.rstrip(b"\n"),
        "CR line ends": sample.replace(b"\n", b"\r"),
        "CRLF line ends": sample.replace(b"\n", b"\r\n"),
        "a planted value": sample + _CANARY + b"\n" + _CANARY,
        "a byte order mark": b"\xef\xbb\xbf" + sample,
        "lone surrogates": sample.replace(b":", b':"\\ud800"', 3),
        "huge numbers": sample.replace(b"1", b"9" * 400),
        "a gzip header and no more": b"\x1f\x8b\x08" + sample,
        "a zstd header and no more": b"\x28\xb5\x2f\xfd" + sample,
        "a Parquet mark and no more": b"PAR1" + sample,
    }
    for number in range(12):
        made[f"cut short, {number}"] = sample[: dice.randrange(len(sample))]
        damaged = bytearray(sample)
        for _ in range(1 + number):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        made[f"flipped bytes, {number}"] = bytes(damaged)
        at, size = dice.randrange(len(sample)), dice.randrange(1, 64)
        made[f"a piece left out, {number}"] = sample[:at] + sample[at + size :]
    return made


@contextmanager
def _limit(seconds: float, promise: str) -> Iterator[None]:
    """Raise AssertionError in the block once `seconds` have passed; outside the main thread there is no limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(_signal: int, _frame: types.FrameType | None) -> None:
        raise AssertionError(promise)

    before: Callable[..., Any] | int | None = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
