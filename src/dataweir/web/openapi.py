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
    """Return the description of every JSON twin and of the forms (OpenAPI 3.1)."""
    paths = {("/overview.json" if p.path == "/" else f"{p.path}.json"): {"get": _get(p)} for p in PAGES}
    paths |= {path: {"post": _form(path, *told)} for path, told in _FORMS.items()}
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


_REASON = {"type": "string", "minLength": 1, "maxLength": 500}
_FORMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "/exports/{id}/decision": (
        "decide",
        "Approve or reject an export candidate, never one's own",
        {
            "decision": {"type": "string", "enum": ["approved", "rejected"]},
            "reason": {**_REASON, "maxLength": 2000},
            "candidate_hash": {"type": "string", "description": "of what was looked at"},
        },
    ),
    "/erasures/request": (
        "ask_erasure",
        "Ask that a person be erased; the person is kept under seal and shown nowhere",
        {
            "subject": {**_REASON, "description": "an e-mail address, a handle or an id"},
            "reference": {**_REASON, "description": "what the request is known by elsewhere, without a name"},
        },
    ),
    "/erasures/{id}/decision": (
        "decide_erasure",
        "Confirm or reject a request for erasure, never one's own",
        {
            "decision": {"type": "string", "enum": ["confirmed", "rejected"]},
            "reason": _REASON,
            "seen": {"type": "string", "description": "hash of the report that was looked at"},
        },
    ),
}


def _form(path: str, name: str, summary: str, fields: dict[str, Any]) -> dict[str, Any]:
    body = {"type": "object", "properties": fields, "required": list(fields)}
    done = {"type": "object", "properties": {"id": {"type": "string"}, "state": {"type": "string"}}}
    return {
        "summary": summary,
        "operationId": name,
        "parameters": [_identifier()] if "{id}" in path else [],
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": body}}},
        "responses": {
            "200": _answer("written down", done),
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
