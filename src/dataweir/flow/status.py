"""Accounting: every record that came in is kept, a duplicate, taken back, rejected with a reason, or waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from .project import Project


@dataclass
class Account:
    """The records of one file, source or project; `balanced` says whether they add up."""

    files: int = 0
    records: int = 0
    kept: int = 0
    duplicates: int = 0
    removed: int = 0
    """Rows taken back: posts that were deleted, or are there in a later version."""
    rejected: Counter[str] = field(default_factory=Counter)
    waiting: int = 0

    def add(self, split: Any) -> None:
        """Count one split of the catalogue in, or what several add up to."""
        self.records += split.records
        self.rejected.update(split.rejected)
        if split.state == "refined":
            self.kept += split.kept or 0
            self.duplicates += split.duplicates or 0
            self.removed += split.removed or 0
            self.rejected.update(split.clean_rejected or {})
        else:
            self.waiting += split.rows

    @property
    def balanced(self) -> bool:
        """Whether records = kept + duplicates + removed + rejected + waiting."""
        return self.records == self.kept + self.duplicates + self.removed + self.rejected.total() + self.waiting

    def as_dict(self) -> dict[str, Any]:
        """Return the account as JSON."""
        return {
            "files": self.files,
            "records": self.records,
            "kept": self.kept,
            "duplicates": self.duplicates,
            "removed": self.removed,
            "rejected": self.rejected.total(),
            "rejected_by_reason": dict(self.rejected.most_common()),
            "waiting": self.waiting,
            "balanced": self.balanced,
        }


def accounts(splits: Iterable[Any]) -> tuple[Account, dict[str, Account], dict[tuple[str, str], Account]]:
    """Return the accounts of the project, of each source and of each file."""
    total = Account()
    sources: dict[str, Account] = {}
    files: dict[tuple[str, str], Account] = {}
    for split in splits:
        by_source = sources.setdefault(split.source, Account())
        place = (split.source, split.file)
        if place not in files:
            files[place] = Account(files=1)
            by_source.files += 1
            total.files += 1
        for account in (total, by_source, files[place]):
            account.add(split)
    return total, sources, files


def totals(store: Any) -> tuple[Account, dict[str, Account]]:
    """Return the accounts of the project and of each source, without reading every split."""
    files = store.file_counts()
    sources = {label: Account(files=count) for label, count in sorted(files.items())}
    whole = Account(files=sum(files.values()))
    for total in store.split_totals():
        whole.add(total)
        sources[total.source].add(total)
    return whole, sources


def status(project: Project) -> dict[str, Any]:
    """Return the project's accounts, its last run and its tables as JSON. Raises ConfigError before the first run."""
    store = project.reading()
    total, sources, files = accounts(store.splits())
    runs = store.runs(1)
    return {
        "project": project.config.project,
        "last_run": asdict(runs[0]) if runs else None,
        "total": total.as_dict(),
        "sources": {label: account.as_dict() for label, account in sources.items()},
        "files": [
            {"source": source, "file": file, **{k: v for k, v in account.as_dict().items() if k != "files"}}
            for (source, file), account in files.items()
        ],
        "tables": {t.name: t.rows for t in project.tables().describe()},
    }
