"""`weir sources show`: what a connector says of itself: its keys, an example that reads, the schema of its rows."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Key:
    """One key of a connector in weir.yaml; `default` is None where there is none, and where it is null."""

    name: str
    type: str
    required: bool
    default: Any
    description: str


@dataclass(frozen=True)
class Connector:
    """A connector as it describes itself. `columns` is (name, Arrow type) of its rows, those of its sample's file."""

    name: str
    description: str
    keys: list[Key]
    example: str
    target: str
    columns: list[tuple[str, str]]


def describe_source(name: str) -> Connector:
    """Describe the connector called `name` from itself. Raises ConfigError for an unknown one."""
    from ..config import validate
    from ..ingest.contract import source

    kind = source.get(name)
    given = dict(kind.sample_config)
    built = kind("sample", validate(kind.Config, given, name), _samples(kind))
    if not isinstance(inspect.getattr_static(kind, "schema", None), property):
        schema = kind.schema
    else:
        built.plan({})
        schema = built.schema
    return Connector(
        name=name,
        description=inspect.getdoc(kind) or "",
        keys=_keys(kind.Config),
        example=yaml.safe_dump({"sources": {f"my_{name}": given}}, sort_keys=False, allow_unicode=True),
        target="a table of its own" if built.target == "sample" else built.target,
        columns=[(field.name, str(field.type)) for field in schema],
    )


def _samples(kind: Any) -> str:
    """Return the folder beside the connector's module that holds its sample."""
    return str(Path(inspect.getfile(kind)).parent / "samples")


def _keys(config: Any) -> list[Key]:
    """Return the keys in order, the connector's own before those that every source has."""
    from ..config import SourceConfig

    schema = config.model_json_schema(by_alias=True)
    required = set(schema.get("required", []))
    shared = {field.alias or name for name, field in SourceConfig.model_fields.items()}
    keys = [
        Key(name, _spelled(part, schema), name in required, part.get("default"), part.get("description", ""))
        for name, part in schema["properties"].items()
    ]
    return sorted(keys, key=lambda key: (key.name in shared and key.name != "type", key.name != "type"))


def _spelled(part: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return the type of a key in the words of YAML."""
    if "$ref" in part:
        return _spelled(schema["$defs"][part["$ref"].rpartition("/")[2]], schema)
    if "enum" in part or "const" in part:
        return " | ".join(str(value) for value in part.get("enum", [part.get("const")]))
    if "anyOf" in part:
        kinds = [_spelled(option, schema) for option in part["anyOf"] if option.get("type") != "null"]
        return " | ".join(dict.fromkeys(kinds))
    if part.get("type") == "array":
        return f"list of {_spelled(part.get('items', {}), schema)}"
    if part.get("type") == "object" and "properties" not in part:
        values = part.get("additionalProperties")
        return f"mapping to {_spelled(values, schema)}" if isinstance(values, dict) else "mapping"
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true | false"}
    return names.get(part.get("type", ""), "mapping" if "properties" in part else "any value")
