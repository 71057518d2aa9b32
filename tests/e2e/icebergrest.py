"""An Iceberg REST catalogue server for the tests: the paths of the specification that tables need, over an SqlCatalog.

Specification: https://iceberg.apache.org/rest-catalog-spec/ (config, namespaces, tables).
"""

from __future__ import annotations

import json
from typing import Any

from pyiceberg.catalog.rest import CreateTableRequest, TableResponse
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.table import CommitTableRequest, Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

STATUS = {
    CommitFailedException: 409,
    NamespaceAlreadyExistsError: 409,
    NoSuchNamespaceError: 404,
    NoSuchTableError: 404,
    TableAlreadyExistsError: 409,
}


def application(uri: str, warehouse: str, token: str) -> Starlette:
    """Build the server over the catalogue at `uri`; it answers only who brings the token."""
    catalog = SqlCatalog("server", uri=uri, warehouse=warehouse)

    async def config(request: Request) -> Response:
        return _json({"defaults": {}, "overrides": {}})

    async def namespaces(request: Request) -> Response:
        if request.method == "GET":
            return _json({"namespaces": [list(name) for name in catalog.list_namespaces()]})
        wanted = await request.json()
        catalog.create_namespace(tuple(wanted["namespace"]), wanted.get("properties", {}))
        return _json({"namespace": wanted["namespace"], "properties": {}})

    async def namespace(request: Request) -> Response:
        name = request.path_params["namespace"]
        properties = dict(catalog.load_namespace_properties(name))
        return _json({"namespace": [name], "properties": properties})

    async def tables(request: Request) -> Response:
        zone = request.path_params["namespace"]
        if request.method == "GET":
            found = catalog.list_tables(zone)
            return _json({"identifiers": [{"namespace": list(i[:-1]), "name": i[-1]} for i in found]})
        wanted = CreateTableRequest.model_validate(await request.json())
        made = catalog.create_table(
            (zone, wanted.name),
            wanted.table_schema,
            wanted.location,
            wanted.partition_spec,
            properties=wanted.properties,
        )
        return _table(made)

    async def table(request: Request) -> Response:
        identifier = (request.path_params["namespace"], request.path_params["table"])
        if request.method == "HEAD":
            return Response(status_code=204 if catalog.table_exists(identifier) else 404)
        loaded = catalog.load_table(identifier)
        if request.method == "POST":
            change = CommitTableRequest.model_validate(await request.json())
            catalog.commit_table(loaded, change.requirements, change.updates)
            loaded = catalog.load_table(identifier)
        return _table(loaded)

    async def refused(request: Request, error: Exception) -> Response:
        return _json(
            {"error": {"message": "", "type": type(error).__name__, "code": STATUS[type(error)]}}, STATUS[type(error)]
        )

    one = "/v1/namespaces/{namespace}"
    routes = [
        Route("/v1/config", config),
        Route("/v1/namespaces", namespaces, methods=["GET", "POST"]),
        Route(one, namespace, methods=["GET", "HEAD"]),
        Route(f"{one}/tables", tables, methods=["GET", "POST"]),
        Route(f"{one}/tables/{{table}}", table, methods=["GET", "HEAD", "POST"]),
    ]
    made = Starlette(routes=routes, exception_handlers=dict.fromkeys(STATUS, refused))

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and dict(scope["headers"]).get(b"authorization") != f"Bearer {token}".encode():
            error = {"message": "", "type": "NotAuthorizedException", "code": 401}
            await _json({"error": error}, 401)(scope, receive, send)
        else:
            await made(scope, receive, send)

    return guarded  # type: ignore[return-value]


def _table(table: Table) -> Response:
    found = TableResponse(metadata_location=table.metadata_location, metadata=table.metadata)
    return Response(found.model_dump_json(by_alias=True), media_type="application/json")


def _json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status, media_type="application/json")
