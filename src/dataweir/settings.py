"""What parts of weir.yaml are made of, and the settings that rooms take as they stand there."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

SECRET = re.compile(r"\$\{(?:file:(?P<file>[^}]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*))\}")
"""How a secret stands in weir.yaml: as the name of an environment variable, or of a file."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole."""


class Strict(BaseModel):
    """The base of every configuration model: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TableConfig(Strict):
    """What is said of a table in the catalogue; what is not said here it has from the sources that feed it."""

    owner: str | None = Field(None, description="who answers for the table")
    licence: str | None = Field(None, description="the licence or terms its rows are under")
    purpose: str | None = Field(None, description="what it may be used for")
    description: str | None = Field(None, description="what its rows are, in a sentence")
    tags: list[str] = Field(default_factory=list, description="words that it can be found by")
    columns: dict[str, list[str]] = Field(default_factory=dict, description="column: its tags")


class AggregateConfig(Strict):
    """One aggregate that is released with differential privacy: what is counted, by what, at what price."""

    table: str = Field(description="the refined table that is counted")
    by: list[str] = Field(default_factory=list, description="columns that make the groups; none: one number")
    keys: dict[str, list[str]] = Field(default_factory=dict, description="column of `by`: the values it may have")
    measure: Literal["count", "sum", "mean"] = Field("count", description="rows, or the sum or mean of `column`")
    column: str | None = Field(None, description="the column that is added up")
    between: tuple[int, int] = Field((0, 1), description="values of the column are clamped to this")
    subject: str | None = Field(None, description="the column of the person; default: the one that is known")
    rows_per_person: int = Field(1, ge=1, description="how many rows of a person count")
    epsilon: float = Field(gt=0, description="what it takes of the table's budget each time it is released")


class RestCatalogConfig(Strict):
    """The Iceberg REST catalogue that names the tables, in place of the catalogue's database."""

    uri: str = Field(description="its address, such as https://catalog.example/")
    token: str | None = Field(None, description="bearer token, as ${ENV}")
    credential: str | None = Field(None, description="client id and secret for OAuth 2, as ${ENV}")
    warehouse: str | None = Field(None, description="its name for the warehouse; default: the folder or URL of ours")


class SequenceConfig(Strict):
    """How `weir export --sequences` turns released rows into examples of what a person did and what came of it."""

    person: str = Field("person", description="the released column that says whose event it is")
    time: str = Field("ts", description="the released column of its time")
    columns: list[str] = Field(["verb", "object"], min_length=1, description="released columns that become codes")
    label: str = Field("outcome", description="the released column that says whether an event is the outcome")
    positive: str = Field("yes", description="its value where it is")
    target: str = Field("object", description="which of `columns` says what the outcome was about")
    gap_minutes: int = Field(30, ge=1, description="a session ends with a pause longer than this")
    timesteps: int = Field(20, ge=1, le=1000, description="how many events of the person an example holds at most")
    after: int = Field(3, ge=1, description="the outcome is predicted after this many events of a session")
    validation: Share = Field(0.1, description="share of the people whose sessions are for validation")
    test: Share = Field(0.3, description="share of the people whose sessions are for the test")
    until: tuple[Share, Share] = Field((0.6, 0.7), description="shares of the time at which training, validation end")
    vocabulary: int = Field(50_000, ge=1, description="how many values of a column have a code of their own at most")

    @model_validator(mode="after")
    def _check(self) -> SequenceConfig:
        if self.target not in self.columns or self.validation + self.test >= 1:
            raise ValueError("target must be one of the columns, and validation and test must leave people to train on")
        if not 0 < self.until[0] <= self.until[1] < 1:
            raise ValueError("until: must be two shares of the time between 0 and 1, the smaller first")
        return self


class OidcConfig(Strict):
    """A provider of OpenID Connect that vouches for people who sign in to the web page."""

    issuer: str = Field(description="the provider's issuer URL, as its discovery document names it; https")
    client_id: str = Field(description="what the provider knows this page as")
    client_secret: str | None = Field(
        None, description="as ${ENV} or ${file:/PATH}; null: a public client, by PKCE alone"
    )
    label: str = Field("single sign-on", description="what the button calls the provider")
    scopes: str = Field("openid profile email", description="what is asked for, openid among it")
    user_claim: str = Field("email", description="the claim that names the user here")
    role_claim: str = Field("groups", description="the claim that tells the role; a.b for b within a")
    roles: dict[str, Literal["viewer", "engineer", "reviewer", "admin"]] = Field(
        min_length=1,
        description="value of that claim: role; who has none of them is refused, of several the last counts",
    )

    @field_validator("issuer")
    @classmethod
    def _safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("must begin with https:// (http:// only on this machine)")
        return value

    @field_validator("client_secret")
    @classmethod
    def _elsewhere(cls, value: str | None) -> str | None:
        if value is not None and not SECRET.fullmatch(value):
            raise ValueError("must stand as ${ENV} or ${file:/PATH}, never in clear")
        return value

    @field_validator("scopes")
    @classmethod
    def _openid(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must hold openid")
        return value


class UiConfig(Strict):
    """The web page, `weir ui`."""

    oidc: OidcConfig | None = Field(None, description="sign-in by a provider of OpenID Connect, beside passwords")
