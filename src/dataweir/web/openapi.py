"""The OpenAPI description of the JSON twins, built from the pages themselves."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from .pages import PAGES, Page

_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "cure": {"type": "string"}},
    "required": ["error", "cure"],
}


def document() -> dict[str, Any]:
    """Return the description of every JSON twin and of the decision on an export (OpenAPI 3.1)."""
    paths = {("/overview.json" if p.path == "/" else f"{p.path}.json"): {"get": _get(p)} for p in PAGES}
    paths["/exports/{id}/decision"] = {"post": _decision()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Weir", "version": version("dataweir"), "description": "The catalogue of one project"},
        "paths": paths,
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
        },
    }


def _get(page: Page) -> dict[str, Any]:
    parameters = [{"name": name, "in": "query", "schema": _kind(kind)} for name, kind in page.parameters.items()]
    answers = {"200": _answer(page.summary, {"type": "object"}), **_errors("401", "403", "404")}
    if "{id}" in page.path:
        parameters.append(_identifier())
    return {"summary": page.summary, "operationId": page.template[:-5], "parameters": parameters, "responses": answers}


def _decision() -> dict[str, Any]:
    fields = {
        "decision": {"type": "string", "enum": ["approved", "rejected"]},
        "reason": {"type": "string", "minLength": 1, "maxLength": 2000},
        "candidate_hash": {"type": "string", "description": "of what was looked at"},
    }
    body = {"type": "object", "properties": fields, "required": list(fields)}
    done = {"type": "object", "properties": {"id": {"type": "string"}, "state": {"type": "string"}}}
    return {
        "summary": "Approve or reject an export candidate, never one's own",
        "operationId": "decide",
        "parameters": [_identifier()],
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": body}}},
        "responses": {
            "200": _answer("decided", done),
            **_errors("400", "401", "403", "404", "409", "413", "415", "422"),
        },
    }


def _kind(kind: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": 10000} if kind == "integer" else {"type": kind}


def _identifier() -> dict[str, Any]:
    return {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _answer(what: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _errors(*codes: str) -> dict[str, Any]:
    return {code: _answer("refused", {"$ref": "#/components/schemas/Error"}) for code in codes}
