"""Which labels travel with an export."""

from __future__ import annotations

from typing import Any

from ...errors import ConfigError
from ...ingest.dedup.exact import id_column
from ...privacy.labels import Labels
from ..label import TABLE, tasks
from ..project import Project


def labels_for(project: Project, tables: Any, name: str) -> Labels | None:
    """Return the labels that an export names, None where it names none. Raises ConfigError."""
    settings = project.config.exports[name]
    for task in settings.labels:
        (found,) = tasks(project, task)
        if project.qualified(found.table) != project.qualified(settings.table):
            raise ConfigError(
                f"exports.{name}.labels: {task} labels {found.table}, not {settings.table}", "name a task of the table"
            )
        if task in tables.schema(project.qualified(settings.table)).names:
            raise ConfigError(f"exports.{name}.labels: the table has a column {task}", "rename the task")
    if not settings.labels:
        return None
    if not tables.exists(TABLE):
        raise ConfigError(f"exports.{name}.labels: nothing is labelled yet", "run 'weir label' first")
    return Labels(tuple(tables.files(TABLE)), tuple(settings.labels), id_column(settings.table))
