"""What verifying a bundle or a certificate found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple


class Check(NamedTuple):
    """One thing that was looked at: its name, whether it holds, and what was seen."""

    name: str
    ok: bool
    detail: str


@dataclass
class VerifyReport:
    """What verifying found. `ok` is true where every check holds; `problems` says what is wrong, if anything.

    `release` says what the manifest claims of itself (name, created, rows, candidate_hash); it is empty
    unless the signature holds. `what` was verified.
    """

    ok: bool = True
    checks: list[Check] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    release: dict[str, Any] = field(default_factory=dict)
    what: Literal["bundle", "certificate"] = "bundle"

    def add(self, name: str, problems: list[str], detail: str) -> bool:
        """Record a check; it holds where there are no problems."""
        self.checks.append(Check(name, not problems, "; ".join(problems) or detail))
        self.problems += problems
        self.ok = not self.problems
        return not problems
