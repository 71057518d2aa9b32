"""Making a candidate's files: each part masked, then, with the groups of all parts known, suppressed to k.

`name_people`, `mask_part` and `seal_part` run on workers. While a candidate is made its folder also holds `staging/`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import ConfigError
from ..storage import join, write_parquet
from . import risk
from .files import plain, read_tables, sha256_file
from .identities import COLUMNS, Identities, names_in

if TYPE_CHECKING:
    from .policy import Policy

DATA = "data"
STAGING = "staging"


class Part(NamedTuple):
    """One piece of the table to export: its number, its rows (or the Parquet files that hold them).

    `columns` None: all; `where` is an SQL condition over the columns that picks rows. `share` (i, n) takes the i-th of
    n equal stretches of the rows, so that several workers mask one file.
    """

    index: int  # type: ignore[assignment]
    source: pa.Table | tuple[str, ...]
    columns: tuple[str, ...] | None = None
    where: str | None = None
    share: tuple[int, int] = (0, 1)


@dataclass(frozen=True)
class MaskedPart:
    """A masked part in staging: its file, its group sizes, rows, and what was masked by column."""

    index: int
    path: str
    groups: str
    rows: int
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True)
class SealedPart:
    """A final file: its path in the candidate, location, rows written and held back, size and SHA-256."""

    file: str
    location: str
    groups: str
    rows: int
    suppressed: int
    bytes: int
    sha256: str


def name_people(part: Part, folder: str) -> str:
    """Write down whom one part names in its identity columns, picked rows or not; return the location."""
    location = join(folder, STAGING, f"people-{part.index:05d}.parquet")
    table = part.source if isinstance(part.source, pa.Table) else read_tables(part.source, COLUMNS)
    write_parquet(pa.table({"name": names_in(table)}), location)
    return location


def mask_part(part: Part, policy: Policy, key: bytes, folder: str, people: tuple[str, ...] = ()) -> MaskedPart:
    """Mask one part into the candidate's staging and count its groups. Nothing of it is final yet.

    `people` are what `name_people` wrote of all parts, for who wrote one of them may be spoken of in another; without
    them a part's own are looked for.
    """
    from .mask import mask_counted

    masked = mask_counted(_rows(part), policy, key, _people(people) if people else None)
    path = join(folder, STAGING, f"masked-{part.index:05d}.parquet")
    groups = join(folder, STAGING, f"groups-{part.index:05d}.parquet")
    write_parquet(plain(masked.table), path)
    write_parquet(risk.group_sizes(masked.table, policy.quasi_identifiers), groups)
    return MaskedPart(part.index, path, groups, masked.table.num_rows, masked.counts)


def gather_groups(parts: Sequence[MaskedPart | SealedPart]) -> pa.Table:
    """Return the group sizes over all parts."""
    return risk.merge(read_tables([part.groups]) for part in parts)


def write_groups(groups: pa.Table, policy: Policy, folder: str) -> str:
    """Write the groups that may be released, for the workers to read; return the location."""
    location = join(folder, STAGING, "released-groups.parquet")
    write_parquet(risk.at_least(groups, policy.k), location)
    return location


def seal_part(numbered: tuple[int, Sequence[MaskedPart]], groups: str, policy: Policy, folder: str) -> SealedPart:
    """Hold back the rows of groups below k and write the final file of some masked parts under its number.

    `groups` comes from `write_groups`. The same rows, policy and key give the same bytes, however they were shared
    out. Group sizes are counted anew from what was written.
    """
    index, masked = numbered
    rows = read_tables([part.path for part in masked])
    kept, suppressed = risk.suppress(rows, read_tables([groups]), policy.quasi_identifiers, policy.k)
    file = f"{DATA}/part-{index:05d}.parquet"
    location = join(folder, file)
    write_parquet(plain(kept), location)
    counted = join(folder, STAGING, f"sealed-{index:05d}.parquet")
    write_parquet(risk.group_sizes(read_tables([location]), policy.quasi_identifiers), counted)
    digest, size = sha256_file(location)
    return SealedPart(file, location, counted, kept.num_rows, suppressed, size, digest)


@functools.lru_cache(maxsize=1)
def _people(locations: tuple[str, ...]) -> Identities:
    return Identities(pc.unique(read_tables(locations)["name"]).to_pylist())


def _rows(part: Part) -> pa.Table:
    table = part.source if isinstance(part.source, pa.Table) else read_tables(part.source)
    which, shares = part.share
    start, stop = (table.num_rows * i // shares for i in (which, which + 1))
    table = table.slice(start, stop - start)
    if part.where:
        table = _where(table, part.where)
    return table.select(list(part.columns)) if part.columns is not None else table


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
