"""The Python door's main object: a project together with the jobs that are done on it."""

from __future__ import annotations

from typing import Any

from .flow import project
from .output import Output


class Project(project.Project):
    """One weir.yaml, what belongs to it, and its jobs. Nothing is created before a command needs it."""

    def plan(self) -> Any:
        """Return what a run would do now."""
        from .flow.plan import make_plan

        return make_plan(self)

    def run(self) -> Any:
        """Run the job once; return its report. Raises WeirError."""
        from .flow.run import run

        return run(self, Output(json=True))

    def score(self) -> Any:
        """Return the latest scores of the project."""
        from .flow.scores import latest

        return latest(self)

    def export(self, name: str, requester: str, sequences: bool = False) -> Any:
        """Make the candidate of an export, with sequences if asked; return its evidence. Raises PrivacyGateFailed."""
        from .flow.sharing.export import export

        return export(self, name, requester, Output(json=True), sequences)
