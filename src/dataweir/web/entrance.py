"""The way in and out: by name and password, or by a provider that vouches for people; sessions as cookies."""

from __future__ import annotations

from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..catalog.people import SESSION_HOURS, SignIn, User
from ..errors import ConfigError, WeirError
from . import oidc
from .security import COOKIE, Guesses, form_is_ours, form_of, inner, same_site, secret_of
from .site import Site


class Render(Protocol):
    """Renders a template for who is signed in."""

    def __call__(
        self, request: Request, template: str, who: SignIn | None, status: int = 200, **values: object
    ) -> Response:
        """Return the page."""


class Entrance:
    """The routes of signing in and out."""

    def __init__(self, project: Site, render: Render, secure: bool) -> None:
        self.project = project
        self.render = render
        self.secure = secure
        self.guesses = Guesses()
        self.provider = oidc.Provider(project.config.ui.oidc) if project.config.ui.oidc else None

    def routes(self) -> list[Route]:
        """Return the routes; those of the provider only where there is one."""
        made = [
            Route("/sign-in", self.sign_in, methods=["GET", "POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
        ]
        if self.provider:
            made += [
                Route(oidc.PATH, self.begin, methods=["GET"]),
                Route(oidc.ANSWER, self.answer, methods=["GET"]),
            ]
        return made

    async def sign_in(self, request: Request) -> Response:
        """Ask for name and password, or check them and begin a session."""
        if request.method == "GET":
            return self._ask(request, 200, "", inner(request.query_params.get("next")))
        if not same_site(request):
            raise HTTPException(403, "the form came from another site")
        form = await form_of(request)
        name, password, target = form.get("name", ""), form.get("password", ""), inner(form.get("next"))
        keys = (f"name:{name}", f"address:{_address(request)}")
        if self.guesses.too_many(*keys):
            return self._ask(request, 429, "Too many failed attempts. Wait five minutes.", target)
        store = self.project.reading()
        user = await run_in_threadpool(store.check_password, name, password)
        if user is None:
            self.guesses.failed(*keys)
            store.audit("sign-in refused", "web", {"address": _address(request)}, actor=name[:64] or "nobody")
            return self._ask(request, 401, "Name or password is wrong.", target)
        return await self._let_in(request, user, RedirectResponse(target, 303), {})

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider."""
        assert self.provider
        target = inner(request.query_params.get("next"))
        scheme = "https" if self.secure else "http"
        try:
            place, kept = await self.provider.begin(f"{scheme}://{request.headers['host']}{oidc.ANSWER}", target)
        except WeirError as error:
            return self._ask(request, oidc.status_of(error), _said(error), target)
        answer = RedirectResponse(place, 303)
        # lax, for the browser comes back on behalf of the provider's site
        answer.set_cookie(
            oidc.COOKIE,
            kept,
            max_age=60 * oidc.MINUTES,
            path=oidc.PATH,
            httponly=True,
            samesite="lax",
            secure=self.secure,
        )
        return answer

    async def answer(self, request: Request) -> Response:
        """Let in whom the provider vouches for, as what its claim says."""
        assert self.provider
        store = self.project.reading()
        name = "nobody"
        try:
            known, target = await self.provider.finish(request.query_params, request.cookies.get(oidc.COOKIE, ""))
            name = known.name
            issuer = self.provider.config.issuer
            try:
                user = await run_in_threadpool(store.vouched, known.name, known.role, issuer, known.subject)
            except ConfigError as error:
                raise oidc.SignInRefused(error.message, error.cure) from None
        except WeirError as error:
            store.audit("sign-in refused", "web", {"address": _address(request), "by": "oidc"}, actor=name[:64])
            return self._ask(request, oidc.status_of(error), _said(error), "/")
        # a page and not a redirect: a browser would follow that on behalf of the provider's site, without the cookie
        page = self.render(request, "signed_in.html", None, title="Signed in", target=target)
        page.delete_cookie(oidc.COOKIE, path=oidc.PATH, httponly=True, samesite="lax", secure=self.secure)
        return await self._let_in(request, user, page, {"by": "oidc", "role": user.role})

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        form = await form_of(request)
        if not form_is_ours(request, form.get("csrf", "")):
            raise HTTPException(403, "the form came from another page")
        self.project.reading().sign_out(secret_of(request)[0])
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=self.secure)
        return answer

    async def _let_in(self, request: Request, user: User, answer: Response, facts: dict[str, str]) -> Response:
        store = self.project.reading()
        secret = await run_in_threadpool(store.open_session, user)
        store.audit("sign-in", "web", {"address": _address(request), **facts}, actor=user.name)
        answer.set_cookie(
            COOKIE, secret, max_age=int(SESSION_HOURS * 3600), httponly=True, samesite="strict", secure=self.secure
        )
        return answer

    def _ask(self, request: Request, status: int, failure: str, target: str) -> Response:
        provider = self.provider.config.label if self.provider else ""
        return self.render(
            request, "sign_in.html", None, status, title="Sign in", failure=failure, next=target, provider=provider
        )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _said(error: WeirError) -> str:
    cure = f" {error.cure[0].upper()}{error.cure[1:]}." if error.cure else ""
    return f"{error.message[0].upper()}{error.message[1:]}.{cure}"
