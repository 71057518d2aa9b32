"""The web application: pages with their JSON twins, sign-in, decisions on exports. Everything needs a sign-in."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from anyio.to_thread import current_default_thread_limiter
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ..catalog.people import SignIn
from ..catalog.records import Decision
from ..engine import strip
from ..errors import ConfigError, PrivacyGateFailed, ProjectLocked, WeirError
from ..flow.project import Project
from ..flow.sharing import requests
from ..flow.sharing.review import review
from ..output import plain
from . import charts
from .entrance import Entrance
from .openapi import document
from .pages import PAGES, Page
from .security import SafeHeaders, csrf_token, form_is_ours, form_of, secret_of, signed_in
from .site import Site

READERS = 8
"""Requests worked on at once: fewer than the catalogue has connections, so that none waits for one out of turn."""

_STATUS = {ConfigError: 404, PrivacyGateFailed: 403, ProjectLocked: 409}
_REVIEWERS = ("reviewer", "admin")
_ASKERS = ("engineer", "reviewer", "admin")
_DECISIONS: dict[str, Decision] = {"approved": "approved", "rejected": "rejected"}


class Web:
    """The routes of one project's web page."""

    def __init__(self, project: Project, secure: bool = False) -> None:
        """`secure`: the page is reached by https, so that cookies must be as well."""
        self.project = Site(project.config)
        self.secure = secure
        self.templates = Environment(
            loader=PackageLoader("dataweir.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            auto_reload=False,
        )
        self.templates.globals.update(charts.GLOBALS)
        self.templates.filters.update(charts.FILTERS)

    def routes(self) -> list[Any]:
        """Return every route; a JSON twin stands before its page, whose {id} would take its name."""
        made: list[Any] = [
            *Entrance(self.project, self.render, self.secure).routes(),
            Route("/exports/{id}/decision", self.decide, methods=["POST"]),
            Route("/erasures/request", self.ask_erasure, methods=["POST"]),
            Route("/erasures/{id}/decision", self.decide_erasure, methods=["POST"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ]
        for page in PAGES:
            twin = "/overview.json" if page.path == "/" else f"{page.path}.json"
            made.append(Route(twin, functools.partial(self.show, page=page, as_json=True), methods=["GET"]))
        for page in PAGES:
            made.append(Route(page.path, functools.partial(self.show, page=page, as_json=False), methods=["GET"]))
        return made

    async def show(self, request: Request, page: Page, as_json: bool) -> Response:
        """Answer one page, or its JSON twin."""
        who = await run_in_threadpool(signed_in, self.project, request)
        if who is None:
            return _turned_away(request, as_json)
        if who.role not in page.roles:
            raise HTTPException(403, f"this page is for {', '.join(page.roles)}")
        data = await run_in_threadpool(
            page.data, self.project, request.path_params.get("id", ""), dict(request.query_params)
        )
        if as_json:
            return JSONResponse(plain(data))
        title = f"{page.title} {request.path_params['id']}" if "id" in request.path_params else page.title
        return self.render(request, page.template, who, title=title, **data)

    def render(self, request: Request, template: str, who: SignIn | None, status: int = 200, **values: Any) -> Response:
        """Render a template with what every page needs."""
        secret, _ = secret_of(request)
        html = self.templates.get_template(template).render(
            who=who,
            here=request.url.path,
            twin=_twin(request),
            csrf=csrf_token(secret),
            project_name=self.project.config.project,
            may_review=who is not None and who.role in _REVIEWERS,
            may_ask=who is not None and who.role in _ASKERS,
            **values,
        )
        return HTMLResponse(html, status)

    async def sent(self, request: Request, roles: tuple[str, ...], why: str) -> tuple[SignIn, dict[str, str]]:
        """Return who sent a form, and its fields. Raises HTTPException where it is not ours, or not for this role."""
        who = await run_in_threadpool(signed_in, self.project, request)
        if who is None:
            raise HTTPException(401, "nobody is signed in")
        form = await form_of(request)
        if not form_is_ours(request, form.get("csrf", "")):
            raise HTTPException(403, "the form came from another page")
        if who.role not in roles:
            raise HTTPException(403, f"{who.user} is {who.role}; {why}")
        return who, form

    async def decide(self, request: Request) -> Response:
        """Approve or reject an export candidate, with a reason; never one's own."""
        who, form = await self.sent(request, _REVIEWERS, "a reviewer decides")
        decision, reason = _DECISIONS.get(form.get("decision", "")), form.get("reason", "").strip()
        if decision is None or not reason or len(reason) > 2000:
            raise HTTPException(422, "a decision needs 'approved' or 'rejected' and a reason of up to 2000 characters")
        identifier = request.path_params["id"]
        shown = form.get("candidate_hash", "")
        candidate = self.project.reading().candidate(identifier)
        if shown != candidate.candidate_hash:
            raise HTTPException(409, "the candidate is not what was looked at; look again")
        made = await run_in_threadpool(review, self.project, identifier, decision, who.user, reason, "web")
        return _done(request, f"/exports/{quote(made.id)}", made.id, made.state)

    async def ask_erasure(self, request: Request) -> Response:
        """File a request that a person be erased; the person goes under seal at once and is shown nowhere."""
        who, form = await self.sent(request, _ASKERS, "an engineer or a reviewer files requests")
        subject, reference = form.get("subject", "").strip(), form.get("reference", "").strip()
        if not subject or not reference or max(len(subject), len(reference)) > requests.LONGEST:
            raise HTTPException(
                422, f"a request needs whom it is about and a reference, up to {requests.LONGEST} characters"
            )
        try:
            made = await run_in_threadpool(requests.file_request, self.project, subject, reference, who.user)
        except ConfigError as error:
            raise HTTPException(422, f"{error.message}: {error.cure}") from None
        return _done(request, f"/erasures/{quote(made.id)}", made.id, made.state)

    async def decide_erasure(self, request: Request) -> Response:
        """Confirm or reject a request for erasure, with a reason; never one's own."""
        who, form = await self.sent(request, _REVIEWERS, "a reviewer decides")
        decision, reason = form.get("decision", ""), form.get("reason", "").strip()
        if decision not in ("confirmed", "rejected") or not reason or len(reason) > requests.LONGEST:
            raise HTTPException(422, "a decision needs 'confirmed' or 'rejected' and a reason")
        known = await run_in_threadpool(self.project.reading().erasure_request, request.path_params["id"])
        answer = (known.id, decision == "confirmed", who.user, reason, form.get("seen", ""))
        try:
            made = await run_in_threadpool(requests.decide_request, self.project, *answer)
        except ConfigError as error:
            raise HTTPException(409, f"{error.message}: {error.cure}") from None
        return _done(request, f"/erasures/{quote(made.id)}", made.id, made.state)

    async def openapi(self, request: Request) -> Response:
        """Answer the description of the JSON twins."""
        if await run_in_threadpool(signed_in, self.project, request) is None:
            return _turned_away(request, True)
        return JSONResponse(document())

    async def refuse(self, request: Request, error: Exception) -> Response:
        """Answer an error as a page or as JSON: cause and cure, never a traceback."""
        if isinstance(error, HTTPException):
            status, cause, cure = error.status_code, str(error.detail), ""
        elif isinstance(error, WeirError):
            status, cause, cure = _STATUS.get(type(error), 500), error.message, error.cure
        else:
            stripped = strip(error, "the web page")
            sys.stderr.write(f"{stripped.message}\n")
            status, cause, cure = 500, stripped.message, stripped.cure
        if request.url.path.endswith(".json") or not secret_of(request)[1]:
            return JSONResponse({"error": cause, "cure": cure}, status)
        who = await run_in_threadpool(signed_in, self.project, request)
        if status == 401 and who is None:
            return _turned_away(request, False)
        return self.render(request, "error.html", who, status, title=f"Error {status}", cause=cause, cure=cure)


def make_app(project: Project, hosts: list[str], secure: bool = False) -> Starlette:
    """Return the ASGI application; `hosts` are the names it may be called by (others could be DNS rebinding)."""
    web = Web(project, secure)
    threading.Thread(target=web.project.warm, daemon=True).start()
    return Starlette(
        routes=web.routes(),
        middleware=[Middleware(SafeHeaders), Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
        exception_handlers={HTTPException: web.refuse, WeirError: web.refuse, Exception: web.refuse},
        lifespan=_in_turn,
    )


@asynccontextmanager
async def _in_turn(_: Starlette) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = READERS
    yield


def _done(request: Request, place: str, id: str, state: str) -> Response:
    """Lead a browser on, and tell a program what came of it."""
    return RedirectResponse(place, 303) if secret_of(request)[1] else JSONResponse({"id": id, "state": state})


def _turned_away(request: Request, as_json: bool) -> Response:
    if as_json:
        return JSONResponse({"error": "nobody is signed in", "cure": "send a token: Authorization: Bearer ..."}, 401)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/sign-in?" + urlencode({"next": target if request.method == "GET" else "/"}), 303)


def _twin(request: Request) -> str:
    path = "/overview.json" if request.url.path == "/" else f"{request.url.path}.json"
    return path + (f"?{request.url.query}" if request.url.query else "")
