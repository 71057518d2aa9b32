"""Lineage as OpenLineage events, with the difficulty metrics as a facet of their own.

The events go out by the transport that openlineage-python is configured for (openlineage.yml or OPENLINEAGE_*
variables: file, HTTP, Kafka). The facet's JSON Schema is difficulty_facet.json beside this module.
Spec: https://openlineage.io/spec/2-0-2/OpenLineage.json, column lineage facet 1-2-0.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from ..errors import ConfigError, MissingExtra, StorageError
from .lineage import Edge, edges
from .project import Project

PRODUCER = "https://pypi.org/project/dataweir/"
FACET = "weir_difficulty"
SCHEMA = Path(__file__).parent / "difficulty_facet.json"
_ENDS = {"done": "COMPLETE", "failed": "FAIL", "gate_failed": "FAIL", "interrupted": "ABORT"}
_TYPES = {"identity": "IDENTITY", "transformation": "TRANSFORMATION", "masked": "TRANSFORMATION"}


def events(project: Project, run: str | None = None) -> list[dict[str, Any]]:
    """Return a START and an end for each table and export with known lineage, as the JSON that is sent."""
    made = _events(project, run)
    from openlineage.client.serde import Serde

    return [json.loads(Serde.to_json(event)) for event in made]


def emit(project: Project, run: str | None = None) -> int:
    """Send the events by openlineage-python's configured transport; return how many.

    Raises MissingExtra without the package, ConfigError where no transport is configured, StorageError where the
    receiver refuses.
    """
    made = _events(project, run)
    from openlineage.client import OpenLineageClient

    client = OpenLineageClient()
    if client.transport.kind in ("console", "noop"):
        raise ConfigError(
            "no OpenLineage transport is configured",
            "set OPENLINEAGE_URL, or OPENLINEAGE__TRANSPORT__TYPE=file and so on",
        )
    for event in made:
        try:
            client.emit(event)
        except Exception as error:  # each transport raises errors of its own, which may quote its URL with a key
            raise StorageError(
                f"the OpenLineage transport '{client.transport.kind}' refused: {type(error).__name__}",
                "check its address and credentials, then send again",
            ) from None
    client.close()
    return len(made)


def _events(project: Project, run: str | None) -> list[Any]:
    """Return a START and an end for each table: OpenLineage wants both, and one run of its own for each job.

    A run under way has no end yet; one that was interrupted ended in ABORT.
    """
    try:
        from openlineage.client import set_producer
        from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
        from openlineage.client.facet_v2 import parent_run
    except ImportError:
        raise MissingExtra.of("lineage", "OpenLineage") from None
    set_producer(PRODUCER)  # the client names itself in every facet otherwise
    store = project.reading()
    record = store.run(run) if run else next(iter(store.runs(1)), None)
    if record is None:
        raise ConfigError("there is no run yet", "run 'weir run' first")
    namespace, name = f"weir://{project.config.project}", project.config.project
    whole = parent_run.ParentRunFacet(
        run=parent_run.Run(_identifier(namespace, record.id)), job=parent_run.Job(namespace, name)
    )
    ended = _ENDS.get(record.state)
    found = edges(project)
    made = []
    for table in dict.fromkeys(edge.target for edge in found):
        own = [edge for edge in found if edge.target == table]
        job = Job(namespace, f"{name}.{table}")
        own_run = Run(_identifier(namespace, record.id, table), facets={"parent": whole})
        inputs = [InputDataset(namespace, source) for source in dict.fromkeys(edge.source for edge in own)]
        outputs = [OutputDataset(namespace, table, facets=_facets(project, store, record.id, namespace, table, own))]
        started, finished = record.started.isoformat(), (record.finished or record.started).isoformat()
        common: dict[str, Any] = {"producer": PRODUCER, "run": own_run, "job": job, "inputs": inputs}
        made.append(RunEvent(eventTime=started, eventType=RunState.START, **common))
        if ended:
            made.append(RunEvent(eventTime=finished, eventType=RunState[ended], outputs=outputs, **common))
    return made


def _identifier(namespace: str, *parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((namespace, *parts))))


def _facets(project: Project, store: Any, run: str, namespace: str, table: str, own: list[Edge]) -> dict[str, Any]:
    import attr
    from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset
    from openlineage.client.generated.base import DatasetFacet

    @attr.define
    class Difficulty(DatasetFacet):
        barrier: dict[str, Any] | None
        metrics: list[dict[str, Any]]

        @staticmethod
        def _get_schema() -> str:
            return f"{PRODUCER}#difficulty_facet.json"

    fields: dict[str, Any] = {}
    for column in dict.fromkeys(edge.target_column for edge in own):
        fields[column] = column_lineage_dataset.Fields(
            inputFields=[
                column_lineage_dataset.InputField(
                    namespace,
                    edge.source,
                    edge.source_column,
                    [
                        column_lineage_dataset.Transformation(
                            type="DIRECT",
                            subtype=_TYPES[edge.kind],
                            description=f"{edge.step}: {edge.what}",
                            masking=edge.kind == "masked",
                        )
                    ],
                )
                for edge in own
                if edge.target_column == column
            ]
        )
    scope = f"table:{table}"
    score = store.latest_scores(scope).get("barrier")
    facets: dict[str, Any] = {
        "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(fields=fields),
        FACET: Difficulty(
            barrier=score and {"value": score.value, "low": score.low, "high": score.high, "version": score.version},
            metrics=[
                {"name": m.name, "value": m.value, "unit": m.unit}
                for m in store.metrics(run, scope)
                if m.value is not None
            ],
        ),
    }
    tables = project.tables()
    if tables.exists(table):
        facets["schema"] = schema_dataset.SchemaDatasetFacet(
            fields=[schema_dataset.SchemaDatasetFacetFields(f.name, str(f.type)) for f in tables.schema(table)]
        )
    return facets
