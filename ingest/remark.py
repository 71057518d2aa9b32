"""Committed posts whose marks of outliers change with the limits: the rows anew, and which they take the place of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ..storage import join, write_parquet
from .finish import Posts
from .hashing import string_hashes, to_hex
from .outliers import Limits, remark
from .visits.restate import read

_ID = ("platform", "post_id")
_ROW = ("source", "file", "post_id")


@dataclass(frozen=True)
class Remarked:
    """A file of posts with other marks than they had, and those posts as (platform, id)."""

    file: str
    posts: tuple[tuple[str, str], ...]


def remark_posts(
    old: str,
    limits: Mapping[str, Limits],
    gone: Collection[tuple[str, str]],
    withdrawn: Collection[tuple[str, str, str]],
    out: str,
    batch: str,
) -> Remarked | None:
    """Write the posts of a committed file whose marks change; None where there are none.

    `gone` are posts (platform, id) that the batch replaces or deletes, `withdrawn` rows (source, file, id) that it
    withdraws: they do not come back. The same batch writes the same file.
    """
    columns = read(old, list(dict.fromkeys([*_ID, *_ROW, "flags", *limits])))
    flags = remark(columns, limits)["flags"]
    differs = pc.fill_null(pc.not_equal(pc.fill_null(flags, ""), pc.fill_null(columns["flags"], "")), False)
    if not pc.any(differs).as_py():
        return None
    leave = set(withdrawn)
    changed = columns.filter(differs)
    stays = [row not in leave for row in zip(*(changed[name].to_pylist() for name in _ROW), strict=True)]
    posts = _posts(changed.filter(pa.array(stays, pa.bool_()))) - set(gone)
    rows = remark(read(old).filter(differs), limits)
    rows = rows.filter(pa.array([key in posts for key in zip(*(rows[name].to_pylist() for name in _ID), strict=True)]))
    if not rows.num_rows:
        return None
    stem = f"{batch}-remarked-{to_hex(string_hashes(pa.array([old])))[0].as_py()[:16]}"
    file = join(out, "refined", "social_posts", "data", f"{stem}.parquet")
    write_parquet(rows, file)
    return Remarked(file, tuple(sorted(posts)))


def _posts(rows: pa.Table) -> Posts:
    return set(zip(*(rows[name].to_pylist() for name in _ID), strict=True))
