"""Sign-in by a provider of OpenID Connect: authorization code with PKCE, state and nonce, by Authlib.

What must come back unchanged (state, nonce, verifier) waits in an encrypted cookie of the browser that began, so that
nobody can be led into a session that somebody else began. Specification: OpenID Connect Core 1.0, section 3.1.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.fernet import Fernet, InvalidToken

from ..catalog.people import ROLES, Role
from ..config import resolve_env
from ..errors import ConfigError, MissingExtra, SourceError, WeirError
from ..settings import OidcConfig

COOKIE = "weir_oidc"
PATH = "/sign-in/oidc"
ANSWER = "/sign-in/oidc/answer"
MINUTES = 10
_SECONDS = 10.0
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_AGAIN = "begin the sign-in again"


class SignInRefused(WeirError):
    """The provider's answer lets nobody in here."""


class Identity(NamedTuple):
    """Whom the provider vouches for: the name and role here, and its own name for the person."""

    name: str
    role: Role
    subject: str


class Provider:
    """One provider, as the configuration names it."""

    def __init__(self, config: OidcConfig) -> None:
        """Raises MissingExtra without Authlib, ConfigError where the secret cannot be read."""
        try:
            from authlib.integrations.starlette_client import OAuth
        except ImportError:
            raise MissingExtra.of("oidc", "sign-in by OpenID Connect") from None
        self.config = config
        secret = config.client_secret
        self._client = OAuth().register(
            "provider",
            client_id=config.client_id,
            client_secret=resolve_env(secret, "ui.oidc.client_secret") if secret else None,
            server_metadata_url=config.issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={"scope": config.scopes, "code_challenge_method": "S256", "timeout": _SECONDS}
            | ({} if secret else {"token_endpoint_auth_method": "none"}),
        )
        self._sealed = Fernet(Fernet.generate_key())

    async def begin(self, answer: str, target: str) -> tuple[str, str]:
        """Return the provider's address to go to, and what the browser keeps meanwhile.

        `answer` is the address that the provider sends the browser back to, `target` the page that is wanted.
        Raises SourceError where the provider does not answer, ConfigError where it is another one.
        """
        await self._metadata()
        begun = await self._asked(self._client.create_authorization_url(answer))
        kept = {"answer": answer, "target": target, **{k: begun[k] for k in ("state", "nonce", "code_verifier")}}
        return str(begun["url"]), self._sealed.encrypt(json.dumps(kept).encode()).decode()

    async def finish(self, query: Mapping[str, str], kept: str) -> tuple[Identity, str]:
        """Return whom the provider vouches for, and the page that was wanted; `kept` is what the browser kept.

        Raises SignInRefused where the answer is not one to this browser, or gives no role; SourceError, ConfigError.
        """
        try:
            begun = json.loads(self._sealed.decrypt(kept.encode(), ttl=60 * MINUTES))
        except InvalidToken:
            raise SignInRefused(
                f"the sign-in was not begun in this browser, or over {MINUTES} minutes ago", _AGAIN
            ) from None
        if not hmac.compare_digest(query.get("state", "").encode(), begun["state"].encode()):
            raise SignInRefused("the provider's answer is to another sign-in (state)", _AGAIN)
        if "error" in query:
            raise SignInRefused("the provider let nobody in", "sign in there with an account that may come here")
        metadata = await self._metadata()
        token = await self._asked(
            self._client.fetch_access_token(
                begun["answer"], code=query.get("code", ""), code_verifier=begun["code_verifier"]
            )
        )
        if "id_token" not in token:
            raise ConfigError("the provider names nobody: there is no ID token", "ask for the scope openid")
        must = {"iss": metadata["issuer"], "aud": self.config.client_id}
        options = {name: {"essential": True, "value": value} for name, value in must.items()}
        claims = await self._asked(self._client.parse_id_token(token, begun["nonce"], claims_options=options))
        wanted = (self.config.user_claim, self.config.role_claim)
        if metadata.get("userinfo_endpoint") and any(_claim(claims, name) is None for name in wanted):
            more = await self._asked(self._client.userinfo(token=token))
            claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims
        return self._identity(claims), begun["target"]

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        name = _claim(claims, self.config.user_claim)
        unproven = self.config.user_claim == "email" and claims.get("email_verified") is False
        if not isinstance(name, str) or not name.strip() or unproven:
            raise SignInRefused(
                f"the provider gives no verified {self.config.user_claim}", "name another claim in ui.oidc.user_claim"
            )
        told = _claim(claims, self.config.role_claim)
        held = told if isinstance(told, list) else [told]
        roles = {role for value, role in self.config.roles.items() if value in held}
        if not roles:
            raise SignInRefused(
                f"the provider's {self.config.role_claim} gives no role here",
                "ask for a group that ui.oidc.roles names, or an admin to name yours",
            )
        return Identity(name.strip(), max(roles, key=ROLES.index), str(claims["sub"]))

    async def _metadata(self) -> dict[str, Any]:
        """Return the discovery document, read once; its issuer must be the configured one (Discovery 1.0, 4.3)."""
        metadata: dict[str, Any] = await self._asked(self._client.load_server_metadata())
        if metadata.get("issuer") != self.config.issuer:
            self._client.server_metadata.clear()
            raise ConfigError(
                f"the provider at {self.config.issuer} calls itself another issuer", "correct ui.oidc.issuer"
            )
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [a for a in offered if a in _ALGORITHMS]
        return metadata

    async def _asked(self, call: Any) -> Any:
        """Await one question to the provider. Errors say what went wrong without what the provider said."""
        from authlib.integrations.base_client import OAuthError
        from httpx2 import HTTPError
        from joserfc.errors import JoseError

        try:
            return await call
        except (HTTPError, json.JSONDecodeError) as error:
            raise SourceError(
                f"the provider at {self.config.issuer} does not answer ({type(error).__name__})",
                "look whether it runs and can be reached from here; sign in with a password meanwhile",
            ) from None
        except OAuthError as error:
            word = error.error if error.error in _REFUSALS else "refused"
            raise ConfigError(f"the provider refuses the sign-in: {word}", _REFUSALS.get(word, _AGAIN)) from None
        except (JoseError, KeyError, ValueError, RuntimeError) as error:
            raise SignInRefused(f"the provider's ID token is not valid ({type(error).__name__})", _AGAIN) from None


_REFUSALS = {
    "invalid_client": "correct ui.oidc.client_id and client_secret",
    "unauthorized_client": "allow the authorization code grant for this client at the provider",
    "invalid_grant": _AGAIN,
    "invalid_scope": "correct ui.oidc.scopes",
}


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by the path `a.b` to it."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def status_of(error: WeirError) -> int:
    """Return the HTTP status of an error of a sign-in."""
    return 502 if isinstance(error, SourceError) else 403 if isinstance(error, SignInRefused) else 500
