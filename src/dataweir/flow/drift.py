"""How the columns of a source's files changed since its last run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class ColumnDrift(NamedTuple):
    """What is different: the columns that are new, of another type, or in none of the files read now."""

    columns: int
    new: tuple[str, ...]
    retyped: tuple[str, ...]
    gone: tuple[str, ...]

    @classmethod
    def between(cls, before: Mapping[str, Any], after: Mapping[str, Any]) -> ColumnDrift | None:
        """Compare two cursors of a source; None where one of them remembers no columns."""
        known, found = before.get("columns"), after.get("columns")
        if not known or not found:
            return None
        return cls(
            columns=len(found),
            new=tuple(sorted(found.keys() - known.keys())),
            retyped=tuple(sorted(name for name, kind in found.items() if known.get(name, kind) != kind)),
            gone=tuple(sorted(set(before.get("present") or ()) - set(after.get("present") or ()))),
        )

    @property
    def facts(self) -> dict[str, float]:
        """The figures that metrics are made of."""
        changed = len(self.new) + len(self.retyped) + len(self.gone)
        return {"columns": self.columns, "columns_changed": changed, "columns_vanished": len(self.gone)}

    def warn(self, label: str, mapped: Mapping[str, str]) -> str | None:
        """Say what a column that is gone does; `mapped` are the table's columns and the source's that fill them."""
        if not self.gone:
            return None
        into = {column: name for name, column in mapped.items()}
        gone = ", ".join(f"'{name}'" + (f" (mapped to {into[name]})" if name in into else "") for name in self.gone)
        new = f", and {', '.join(map(repr, self.new))} came" if self.new else ""
        return (
            f"the new files of the source '{label}' lack {gone}{new}: what is gone is null in their rows. Where it was "
            "only renamed, rename it back, or map the new name in a source of its own"
        )
