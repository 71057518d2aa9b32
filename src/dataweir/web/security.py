"""Who is asking, and what a browser may do with the answer.

Sessions are cookies that scripts cannot read and other sites cannot send; forms carry a token bound to the session;
programs send a bearer token. Whoever guesses passwords has to wait.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..catalog.people import SignIn
from ..flow.project import Project

COOKIE = "weir_session"
ATTEMPTS = 5
WINDOW_SECONDS = 300.0
LARGEST_FORM = 64 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def secret_of(request: Request) -> tuple[str, bool]:
    """Return the secret that a request carries ('' for none), and whether a browser's cookie brought it."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip(), False
    return request.cookies.get(COOKIE, ""), True


def signed_in(project: Project, request: Request) -> SignIn | None:
    """Return who is asking, None where nobody is signed in; a cookie must be a session, a bearer token a token."""
    secret, cookie = secret_of(request)
    found = project.reading().signed_in(secret) if secret else None
    return found if found and found.kind == ("session" if cookie else "token") else None


def csrf_token(secret: str) -> str:
    """Return the token that the forms of a session carry."""
    return hashlib.sha256(f"weir csrf {secret}".encode()).hexdigest()


def form_is_ours(request: Request, given: str) -> bool:
    """Whether a form came from a page of ours: its token is the session's, and no other site sent it."""
    secret, cookie = secret_of(request)
    return not cookie or (same_site(request) and hmac.compare_digest(given.encode(), csrf_token(secret).encode()))


def same_site(request: Request) -> bool:
    """Whether the browser says that the request comes from a page of ours, or says nothing."""
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    return origin is None or origin == f"{request.url.scheme}://{request.headers.get('host', '')}"


async def form_of(request: Request) -> dict[str, str]:
    """Read a form's text fields. Raises HTTPException for one that is too large, or no form."""
    kind = request.headers.get("content-type", "").split(";")[0]
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "send a form: application/x-www-form-urlencoded")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise HTTPException(413, "the form is too large")
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
    except (UnicodeDecodeError, ValueError):
        raise HTTPException(400, "the form is not UTF-8") from None


def inner(target: str | None) -> str:
    """Return a path of ours to go to after the sign-in, never another site's."""
    good = target and target.startswith("/") and not target.startswith("//") and "\\" not in target
    return str(target) if good else "/"


class Guesses:
    """Counts failed sign-ins by key (a name, an address); five in five minutes are enough."""

    def __init__(self) -> None:
        self._failed: dict[str, deque[float]] = {}

    def too_many(self, *keys: str) -> bool:
        """Whether one of the keys has failed too often."""
        since = time.monotonic() - WINDOW_SECONDS
        for key in list(self._failed):
            times = self._failed[key]
            while times and times[0] < since:
                times.popleft()
            if not times:
                del self._failed[key]
        return any(len(self._failed.get(key, ())) >= ATTEMPTS for key in keys)

    def failed(self, *keys: str) -> None:
        """Count one more."""
        for key in keys:
            self._failed.setdefault(key, deque(maxlen=ATTEMPTS)).append(time.monotonic())


class SafeHeaders:
    """ASGI middleware: the same headers on every answer; pages are never kept by a cache, assets are for an hour."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, adding headers to its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cache = "public, max-age=3600" if scope["path"].startswith("/static/") else "no-store"

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra: Any = [(k.lower().encode(), v.encode()) for k, v in {**HEADERS, "Cache-Control": cache}.items()]
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await self.app(scope, receive, adding)
