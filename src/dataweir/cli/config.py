"""Commands about the configuration: config schema."""

from __future__ import annotations

from ..output import Output
from .base import Group, command


def add(group: Group) -> None:
    """Register the commands of this module."""

    @group.group("config", cls=Group)
    def config() -> None:
        """About weir.yaml itself."""

    @command(config, "schema")
    def schema(output: Output, project: str) -> None:
        """Print the JSON Schema of weir.yaml, for editors that complete and check it."""
        import json

        from ..flow.schema import schema as make

        made = make()
        output.show(made, lambda console: console.print(json.dumps(made, indent=2), markup=False, soft_wrap=True))
