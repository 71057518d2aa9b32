"""The JSON Schema of weir.yaml, with the keys of every connector and rule that is registered."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ..config import Config
from ..ingest.contract import rule, source


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that an editor completes and checks a weir.yaml by."""
    made = Config.model_json_schema()
    definitions = made.setdefault("$defs", {})
    connectors = [_own(kind.Config, definitions, {"type": {"const": name}}) for name, kind in source.all().items()]
    rules = {
        name: {"anyOf": [{"type": ["boolean", "null"]}, _own(kind.Options, definitions, {})]}
        for name, kind in rule.all().items()
    }
    made["properties"]["sources"]["additionalProperties"] = {"oneOf": connectors}
    made["properties"]["clean"] |= {"properties": rules, "additionalProperties": False}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _own(model: type[BaseModel], definitions: dict[str, Any], fixed: dict[str, Any]) -> dict[str, Any]:
    """Return a model's schema with some of its properties fixed; what it refers to goes into the definitions."""
    made = model.model_json_schema()
    definitions |= made.pop("$defs", {})
    made["properties"] = {**made.get("properties", {}), **fixed}
    return made
