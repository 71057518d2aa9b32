"""Making a candidate's files: each part masked, then, with the groups of all parts known, generalised or suppressed.

`name_people`, `mask_part`, `measure_bucket`, `release_bucket` and `seal_part` run on workers. While a candidate is made
its folder also holds `staging/`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import ConfigError
from ..storage import join, write_parquet
from .files import plain, read_rows, read_tables, row_count, schema_in, sha256_file
from .identities import Identities, names_in, naming
from .labels import Labels, labelled
from .nested import gather, of_row, spread
from .risk import groups
from .risk.figures import Figures, measure
from .risk.linkage import FREQUENCY, KEPT, SUBJECT, numbers, people_of
from .risk.mondrian import Demand, Loss, anonymise
from .sample import Shown, show

if TYPE_CHECKING:
    from .policy import Policy

DATA = "data"
STAGING = "staging"
SUBJECTS = ("author_id", "actor", "customer", "client_ip")
"""Columns that say whose row it is, where the policy does not."""

_PLACE = "__place__"


class Part(NamedTuple):
    """One piece of the table to export: its number, its rows (or the Parquet files that hold them).

    `columns` None: all; `where` is an SQL condition over the columns that picks rows. `share` (i, n) takes the i-th of
    n equal stretches of the rows, so that several workers mask one file. `labels` become columns of the rows.
    """

    index: int  # type: ignore[assignment]
    source: pa.Table | tuple[str, ...]
    columns: tuple[str, ...] | None = None
    where: str | None = None
    share: tuple[int, int] = (0, 1)
    labels: Labels | None = None


class Counted(NamedTuple):
    """Where the groups of a part stand: with their sensitive values, the values of each sensitive column, and those of
    the population, where it is larger than what is exported."""

    groups: str
    spread: tuple[str, ...] = ()
    population: str | None = None


@dataclass(frozen=True)
class MaskedPart:
    """A masked part in staging: its file, its groups, rows, and what was masked by leaf.

    Of nested columns the file has a column for every leaf, by path; `schema` says what is made of them.
    """

    index: int
    path: str
    counted: Counted
    rows: int
    counts: dict[str, dict[str, int]]
    schema: pa.Schema
    places: dict[str, list[int]]


@dataclass(frozen=True)
class SealedPart:
    """A final file: its path in the candidate, location, rows written and held back, size and SHA-256.

    `links` is what the linkage attack reads of it, in staging; `shown` are rows for the reviewer to look at.
    """

    file: str
    location: str
    counted: Counted
    links: str
    rows: int
    suppressed: int
    bytes: int
    sha256: str
    shown: tuple[Shown, ...] = ()


def name_people(part: Part, folder: str) -> str:
    """Write down whom one part names in its identity columns, picked rows or not; return the location."""
    location = join(folder, STAGING, f"people-{part.index:05d}.parquet")
    table = part.source if isinstance(part.source, pa.Table) else _naming(part.source)
    write_parquet(pa.table({"name": names_in(table)}), location)
    return location


def mask_part(
    part: Part, policy: Policy, key: bytes, folder: str, people: tuple[str, ...] = (), buckets: int = 1
) -> MaskedPart:
    """Mask one part into the candidate's staging and count its groups. Nothing of it is final yet.

    `people` are what `name_people` wrote of all parts, for who wrote one of them may be spoken of in another; without
    them a part's own are looked for.
    """
    from .mask import mask_counted

    table, chosen = _rows(part)
    masked = mask_counted(chosen, policy, key, _people(people) if people else None)
    flat = spread(masked.table)
    path = join(folder, STAGING, f"masked-{part.index:05d}.parquet")
    persons = people_of(_column(chosen, subject_of(policy, chosen.column_names)), chosen.num_rows, part.index << 40)
    write_parquet(plain(flat.append_column(SUBJECT, persons)), path)
    counted = _count(flat, policy, folder, f"{part.index:05d}", buckets)
    if part.where and policy.quasi_identifiers:
        population = spread(mask_counted(table, policy, key, Identities([]), policy.quasi_identifiers).table)
        location = join(folder, STAGING, f"population-{part.index:05d}.parquet")
        groups.write_buckets(
            groups.group_sizes(population, policy.quasi_identifiers), policy.quasi_identifiers, buckets, location
        )
        counted = counted._replace(population=location)
    return MaskedPart(
        part.index, path, counted, masked.table.num_rows, masked.counts, masked.table.schema, masked.places
    )


def measure_bucket(bucket: int, counted: Sequence[Counted], policy: Policy) -> Figures:
    """Return what one bucket of the groups of all parts says about the risk."""
    quasi = policy.quasi_identifiers
    own = [c for c in counted if c.groups]
    spread = {column: _spread([c.spread[at] for c in own]) for at, column in enumerate(policy.sensitive)}
    known = [c.population for c in counted if c.population is not None]
    population = groups.read_bucket(known, bucket) if known else None
    return measure(groups.read_bucket([c.groups for c in own], bucket), quasi, spread, population)


def release_bucket(bucket: int, counted: Sequence[Counted], policy: Policy, folder: str) -> str:
    """Write which groups of one bucket may be released, those of k rows or more; return the location."""
    sizes = groups.read_bucket([c.groups for c in counted], bucket)
    alike = groups.merge([sizes.select([*policy.quasi_identifiers, groups.ROWS])])
    return _write_released(groups.at_least(alike, policy.k), bucket, policy, folder)


def generalise(counted: Sequence[Counted], policy: Policy, folder: str, buckets: int) -> tuple[list[str], Loss]:
    """Find the generalisation of least loss over the groups of all parts; return what `release_bucket` would.

    This is the one place that holds all groups at once (not all rows).
    """
    files = [c.groups for c in counted]
    whole = groups.merge([groups.read_bucket(files, bucket) for bucket in range(buckets)])
    demand = Demand(policy.k, policy.l, policy.t)
    quasi = policy.quasi_identifiers
    found = anonymise(whole, quasi, policy.sensitive, demand, policy.suppress, policy.dimensions())
    at = groups.bucket_of(found.groups, quasi, buckets)
    cut = [found.groups.filter(pa.array(at == bucket)) for bucket in range(buckets)]
    return [_write_released(part, bucket, policy, folder) for bucket, part in enumerate(cut)], found.loss


def _write_released(found: pa.Table, bucket: int, policy: Policy, folder: str) -> str:
    location = join(folder, STAGING, f"released-{bucket:05d}.parquet")
    quasi = policy.quasi_identifiers
    write_parquet(groups.numbered(found, quasi) if quasi else found, location)
    return location


def seal_part(
    numbered: tuple[int, Sequence[MaskedPart]], released: Sequence[str], policy: Policy, folder: str
) -> SealedPart:
    """Hold back the rows of groups that may not be released and write the final file of some masked parts.

    `released` comes from `release_bucket` or `generalise`, a file a bucket. The same rows, policy and key give the
    same bytes, however they were shared out. Group sizes are counted anew from what was written.
    """
    index, masked = numbered
    rows = read_tables([part.path for part in masked])
    rows = rows.append_column(_PLACE, pa.array(range(rows.num_rows), pa.int64()))
    kept = _released(rows, released, policy)
    file = f"{DATA}/part-{index:05d}.parquet"
    location, links = join(folder, file), join(folder, STAGING, f"links-{index:05d}.parquet")
    final = plain(_nested(kept, masked[0].schema))
    write_parquet(final, location)
    _write_links(rows, kept, policy, links)
    counted = _count(spread(read_tables([location])), policy, folder, f"sealed-{index:05d}", len(released))
    digest, size = sha256_file(location)
    shown = show(final, _placed(masked), kept[_PLACE].to_numpy())
    held = rows.num_rows - kept.num_rows
    return SealedPart(file, location, counted, links, kept.num_rows, held, size, digest, shown)


def subject_of(policy: Policy, columns: Sequence[str]) -> str | None:
    """Return the column that says whose row it is: the policy's, else the first known one that the table has."""
    return policy.subject or next((name for name in SUBJECTS if name in columns), None)


def _released(rows: pa.Table, released: Sequence[str], policy: Policy) -> pa.Table:
    quasi = policy.quasi_identifiers
    at = groups.bucket_of(rows, quasi, len(released))
    parts = [
        groups.release(rows.filter(pa.array(at == bucket)), read_tables([location]), quasi).kept
        for bucket, location in enumerate(released)
    ]
    return pa.concat_tables(parts, promote_options="permissive").sort_by(_PLACE) if len(parts) > 1 else parts[0]


def _write_links(rows: pa.Table, kept: pa.Table, policy: Policy, location: str) -> None:
    """Write the numbers of every row's values, as they are released, or as they would have been."""
    places = kept[_PLACE].to_numpy()
    inside = np.zeros(rows.num_rows, dtype=bool)
    inside[places] = True
    columns = {SUBJECT: rows[SUBJECT], KEPT: pa.array(inside)}
    for name in [c for c in rows.column_names if c not in (SUBJECT, _PLACE)]:
        hashed = numbers(rows[name].combine_chunks())
        if policy.operator(name)[0].keyed:
            columns[FREQUENCY + name] = pa.array(hashed)
            continue
        hashed[places] = numbers(kept[name].combine_chunks())
        columns[name] = pa.array(hashed)
    write_parquet(pa.table(columns), location)


def _count(table: pa.Table, policy: Policy, folder: str, name: str, buckets: int) -> Counted:
    location = join(folder, STAGING, f"groups-{name}.parquet")
    found = groups.group_sizes(table, [*policy.quasi_identifiers, *policy.sensitive])
    groups.write_buckets(found, policy.quasi_identifiers, buckets, location)
    spread = []
    for number, column in enumerate(policy.sensitive):
        spread.append(join(folder, STAGING, f"spread-{name}-{number}.parquet"))
        write_parquet(groups.group_sizes(table, [column]).rename_columns(["value", groups.ROWS]), spread[-1])
    return Counted(location, tuple(spread))


def _spread(files: Sequence[str]) -> pa.Table:
    return groups.merge([read_tables([file]) for file in files])


def _placed(masked: Sequence[MaskedPart]) -> dict[str, list[int]]:
    """Return by kind of finding the numbers of rows with one, counted through all parts."""
    places: dict[str, list[int]] = {}
    before = 0
    for part in masked:
        for kind, rows in part.places.items():
            places.setdefault(kind, []).extend(before + row for row in rows)
        before += part.rows
    return places


def _nested(kept: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = gather({name: kept[name] for name in kept.column_names}, schema)
    return pa.table(columns) if columns else kept.select([])


def _column(table: pa.Table, name: str | None) -> pa.Array | None:
    return None if name is None else of_row(table, name)


def _naming(files: Sequence[str]) -> pa.Table:
    columns = {column for file in files for column in naming(schema_in(file))}
    return read_tables(files, sorted(columns))


def people_in(files: Sequence[str]) -> Identities:
    """Return whom the identity columns of Parquet files name."""
    return Identities(pc.unique(pa.chunked_array([names_in(_naming((file,))) for file in files])).to_pylist())


@functools.lru_cache(maxsize=1)
def _people(locations: tuple[str, ...]) -> Identities:
    return Identities(pc.unique(read_tables(locations)["name"]).to_pylist())


def _rows(part: Part) -> tuple[pa.Table, pa.Table]:
    """Return all rows of a part, and those that its condition picks."""
    which, shares = part.share
    source = part.source
    rows = source.num_rows if isinstance(source, pa.Table) else sum(map(row_count, source))
    start, stop = (rows * i // shares for i in (which, which + 1))
    table = source.slice(start, stop - start) if isinstance(source, pa.Table) else read_rows(source, start, stop)
    if part.labels is not None:
        table = labelled(table, part.labels)
    chosen = _where(table, part.where) if part.where else table
    if part.columns is None:
        return table, chosen
    return table.select(list(part.columns)), chosen.select(list(part.columns))


def _where(table: pa.Table, where: str) -> pa.Table:
    """Pick rows by an SQL condition; only row numbers come back, so that types and order stay."""
    import duckdb

    numbered = table.append_column("__row__", pa.array(range(table.num_rows), pa.int64()))
    connection = duckdb.connect(config={"threads": 1})
    # The condition is the project's own configuration, over one table in memory and nothing else.
    query = f"SELECT __row__ FROM part WHERE ({where}\n) ORDER BY 1"  # noqa: S608
    try:
        connection.register("part", numbered)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_external_access = false")
        picked = connection.execute(query).fetchnumpy()
    except duckdb.Error as error:
        # DuckDB quotes values in its messages: only the kind of the error may be told.
        raise ConfigError(
            f"the export's 'where' does not work: {type(error).__name__}", "try it with weir sql"
        ) from None
    finally:
        connection.close()
    return table.take(pa.array(picked["__row__"]))
