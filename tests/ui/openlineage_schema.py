"""What OpenLineage's specification demands of run events, as a JSON Schema.

By https://openlineage.io/spec/2-0-2/OpenLineage.json and the facets ParentRunFacet, SchemaDatasetFacet 1-2-0 and
ColumnLineageDatasetFacet 1-2-0: what a consumer that validates refuses, it refuses.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

Schema = dict[str, Any]


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


TEXT: Schema = {"type": "string"}
URI: Schema = {"type": "string", "pattern": r"^[a-z][a-z0-9+.-]*:\S+$"}
UUID: Schema = {"type": "string", "format": "uuid"}

NAMED = _object(("namespace", "name"), namespace=TEXT, name=TEXT)
FACET = _object(("_producer", "_schemaURL"), _producer=URI, _schemaURL=URI)

TRANSFORMATION = _object(("type",), type=TEXT, subtype=TEXT, description=TEXT, masking={"type": "boolean"})
FIELD: Schema = {
    "allOf": [NAMED, _object(("field",), field=TEXT, transformations={"type": "array", "items": TRANSFORMATION})]
}
MADE_OF = _object(("inputFields",), inputFields={"type": "array", "items": FIELD})
COLUMN = _object(("name",), name=TEXT, type=TEXT, description=TEXT)

PARENT: Schema = {"allOf": [FACET, _object(("run", "job"), run=_object(("runId",), runId=UUID), job=NAMED)]}
SCHEMA: Schema = {"allOf": [FACET, _object(fields={"type": "array", "items": COLUMN})]}
LINEAGE: Schema = {"allOf": [FACET, _object(("fields",), fields={"type": "object", "additionalProperties": MADE_OF})]}


def _facets(**known: Schema) -> Schema:
    return {"type": "object", "properties": known, "additionalProperties": FACET}


DATASET: Schema = {
    "allOf": [
        NAMED,
        _object(facets=_facets(schema=SCHEMA, columnLineage=LINEAGE), inputFacets=_facets(), outputFacets=_facets()),
    ]
}
DATASETS: Schema = {"type": "array", "items": DATASET}

RUN_EVENT = _object(
    ("eventTime", "producer", "schemaURL", "run", "job"),
    eventType={"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
    eventTime={"type": "string", "format": "date-time"},
    producer=URI,
    schemaURL=URI,
    run=_object(("runId",), runId=UUID, facets=_facets(parent=PARENT)),
    job={"allOf": [NAMED, _object(facets=_facets())]},
    inputs=DATASETS,
    outputs=DATASETS,
)


def complaints(event: Any) -> list[str]:
    """Return what a validating consumer says against an event."""
    validator = Draft202012Validator(RUN_EVENT, format_checker=FormatChecker())
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(event)]
