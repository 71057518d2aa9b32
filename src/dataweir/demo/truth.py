"""What the generator planted: the ground truth that every later stage is held against."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..errors import DataError

FILE = "truth.json"

UNSTRUCTURED = frozenset({"PERSON", "STREET_ADDRESS"})
"""Kinds that no pattern describes; what survives of them is reported apart."""


class Planted(NamedTuple):
    """One planted personal value: its kind, the value as a reader would see it, and the column it stands in."""

    kind: str
    value: str
    where: str

    @property
    def structured(self) -> bool:
        """Whether a pattern or checksum can find values of this kind."""
        return self.kind not in UNSTRUCTURED


@dataclass
class FileTruth:
    """One generated file: all records (malformed ones included), and how many are malformed, by kind.

    `decorated` counts whole records that carry something to clean: HTML, zero-width or control characters,
    decomposed letters, bytes that are no UTF-8.
    """

    records: int = 0
    malformed: dict[str, int] = field(default_factory=dict)
    decorated: dict[str, int] = field(default_factory=dict)


@dataclass
class Truth:
    """The ground truth of one generated week.

    `duplicates` counts, by kind, the records that an exact comparison must drop; `near_duplicates` pairs the
    id of an edited copy with the id of its original; `bots` counts the distinct requests of crawlers.
    """

    seed: int
    scale: float
    files: dict[str, FileTruth] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)
    near_duplicates: list[tuple[str, str]] = field(default_factory=list)
    pii: list[Planted] = field(default_factory=list)
    bots: int = 0

    @property
    def records(self) -> int:
        """All records of all files."""
        return sum(file.records for file in self.files.values())

    @property
    def malformed(self) -> int:
        """All malformed records of all files."""
        return sum(sum(file.malformed.values()) for file in self.files.values())

    def values(self) -> dict[str, list[str]]:
        """Return the distinct planted values of each kind, kinds in the order of their names."""
        kinds: dict[str, dict[str, None]] = {}
        for planted in self.pii:
            kinds.setdefault(planted.kind, {})[planted.value] = None
        return {kind: list(kinds[kind]) for kind in sorted(kinds)}

    def save(self, folder: Path) -> Path:
        """Write truth.json into the folder, one planted value a line, and return its path."""
        head = asdict(self)
        head["pii"] = "@pii"
        head["near_duplicates"] = "@near"
        text = json.dumps(head, indent=2, ensure_ascii=False)
        pii = [{"kind": p.kind, "value": p.value, "structured": p.structured, "where": p.where} for p in self.pii]
        text = text.replace('"@pii"', _lines(pii)).replace('"@near"', _lines(self.near_duplicates))
        path = folder / FILE
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
        return path

    @classmethod
    def load(cls, path: Path | str) -> Truth:
        """Read truth.json (or the folder that holds it). Raises DataError where it is absent or none."""
        path = Path(path)
        path = path / FILE if path.is_dir() else path
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                seed=data["seed"],
                scale=data["scale"],
                files={name: FileTruth(**facts) for name, facts in data["files"].items()},
                duplicates=data["duplicates"],
                near_duplicates=[(copy, original) for copy, original in data["near_duplicates"]],
                pii=[Planted(p["kind"], p["value"], p["where"]) for p in data["pii"]],
                bots=data["bots"],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path} is no ground truth of the demonstration: {type(error).__name__}",
                "generate the week again",
            ) from None


def _lines(items: Iterable[object]) -> str:
    rows = ",\n    ".join(json.dumps(item, ensure_ascii=False) for item in items)
    return f"[\n    {rows}\n  ]" if rows else "[]"
