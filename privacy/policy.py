"""The policy: what must hold before data may leave. Columns, entities, k, and how much may be held back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import yaml
from pydantic import BaseModel, BeforeValidator, Field, PrivateAttr, model_validator

from ..config import Strict, validate
from ..errors import ConfigError
from ..registry import nearest
from .analyzer import LANGUAGES
from .contract import Context, Operator, entities, operator
from .hierarchy import Hierarchy, load_hierarchy
from .nested import above
from .tiers import Tier

Action = str | dict[str, Any]
DEFAULT = "default"
LINKAGE = "linkage"
BAR = 0.09
"""The share of people who may be found again where a policy says nothing: what EMA (policy 0070) and Health Canada take
for the acceptable risk of data that is given to the public."""


def _share(value: Any) -> Any:
    """Read "2 %" as 0.02; numbers stay shares."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip().removesuffix("%")) / 100
        except ValueError:
            raise ValueError("must be a share such as 0.02 or '2 %'") from None
    return value


Share = Annotated[float, BeforeValidator(_share), Field(ge=0, le=1)]


class Anonymise(Strict):
    """Generalise the quasi-identifiers as little as it takes; k, suppress, l and t may stand here or beside it."""

    k: int | None = Field(None, ge=1, description="the policy's k")
    suppress: Share | None = Field(None, description="the policy's suppress")
    l: int | None = Field(None, ge=1, description="the policy's l")  # noqa: E741
    t: Share | None = Field(None, description="the policy's t")
    hierarchies: dict[str, str] = Field(default_factory=dict, description="quasi-identifier: name under `hierarchies`")


class Policy(Strict):
    """A policy file. A column that it does not name is dropped: what leaves is named, one by one.

    A part of a nested column is named by its path (`author.name`, `tags[]`); a name holds for all below it but what is
    named itself.
    """

    name: str = Field(description="the policy's name; stands in the manifest")
    description: str = Field("", description="what the policy is for")
    columns: dict[str, Action] = Field(min_length=1, description="column, or path: operator, or {operator: options}")
    entities: dict[str, Action] = Field(
        default_factory=dict, description="kind of finding in text: operator; default: for all others"
    )
    k: int = Field(5, ge=1, description="the smallest group of rows alike in the quasi-identifiers")
    quasi_identifiers: list[str] = Field(default_factory=list, description="columns that together may single out")
    suppress: Share = Field(0.05, description="largest share of rows that may be held back to reach k")
    sensitive: list[str] = Field(
        default_factory=list, description="columns that tell what nobody should learn of anybody"
    )
    l: int = Field(1, ge=1, description="distinct values of each sensitive column in every group")  # noqa: E741
    t: Share = Field(1.0, description="how far a group's sensitive values may be from those of all rows, 0 to 1")
    anonymise: Anonymise | None = Field(
        None, description="{k: 10, suppress: 2 %}: find the generalisation of least loss that satisfies k, l and t"
    )
    linkage: Share = Field(BAR, description="largest share of people whom the linkage attack may find again")
    accept: dict[str, str] = Field(
        default_factory=dict,
        description="column that is kept although it tells who, or 'linkage' for a bar above the default: why",
    )
    residual: int = Field(0, ge=0, description="findings that the scan of the written files may have")
    language: str = Field("en", description="the language of the texts")
    ner: str = Field("none", description="how names are found beyond known people and word lists: none, small, a model")
    require_tier: Tier = Field("none", description="the least of none, small, model that `ner` must be")
    subject: str | None = Field(None, description="the column that says whose row it is; it need not leave")
    hierarchies: dict[str, str | dict[str, Any]] = Field(
        default_factory=dict, description="name: a CSV or YAML file beside the policy, or {region: [place, ...]}"
    )

    _hierarchies: dict[str, Hierarchy] = PrivateAttr(default_factory=dict)
    _model: str | None = PrivateAttr(None)
    _made: dict[str, tuple[Operator, BaseModel]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, data: Any) -> Any:
        """Let k, suppress, l and t of `anonymise` hold for the policy, however they are reached."""
        if not isinstance(data, dict) or not isinstance(data.get("anonymise"), dict):
            return data
        lifted = dict(data)
        for key in ("k", "suppress", "l", "t"):
            value = data["anonymise"].get(key)
            if value is not None and lifted.setdefault(key, value) != value:
                raise ValueError(f"{key} stands twice, in anonymise and beside it, and differs")
        return lifted

    @model_validator(mode="after")
    def _check(self) -> Policy:
        for column, action in self.columns.items():
            _build(action, f"columns.{column}")
            named = getattr(self.operator(column)[1], "hierarchy", None)
            if named is not None and named not in self.hierarchies:
                raise ValueError(f"no hierarchy is called '{named}'{nearest(named, list(self.hierarchies))}")
        known = entities()
        for entity, action in self.entities.items():
            if entity != DEFAULT and entity not in known:
                raise ValueError(f"no entity is called '{entity}'{nearest(entity, known)}")
            built, _ = _build(action, f"entities.{entity}")
            if not built.spans:
                raise ValueError(f"entities.{entity}: '{built.name}' works on whole columns only; use replace or hash")
        kept = [column for column, action in self.columns.items() if _word(action) != "drop"]
        for column in (*self.quasi_identifiers, *self.sensitive):
            if "[" in column:
                raise ValueError(f"'{column}' stands in a list: groups are made of columns with one value a row")
        for column in self.quasi_identifiers:
            if self.named(column) not in kept:
                raise ValueError(f"the quasi-identifier '{column}' is no column that leaves{nearest(column, kept)}")
        for column in self.sensitive:
            if self.named(column) not in kept:
                raise ValueError(f"the sensitive column '{column}' is no column that leaves{nearest(column, kept)}")
            if column in self.quasi_identifiers:
                raise ValueError(f"'{column}' is sensitive or a quasi-identifier, not both")
        for column, name in (self.anonymise.hierarchies if self.anonymise else {}).items():
            if column not in self.quasi_identifiers:
                raise ValueError(f"anonymise.hierarchies: '{column}' is no quasi-identifier")
            if name not in self.hierarchies:
                raise ValueError(f"no hierarchy is called '{name}'{nearest(name, list(self.hierarchies))}")
        if self.anonymise and not self.quasi_identifiers:
            raise ValueError("anonymise needs quasi_identifiers: the columns that it may generalise")
        for column in self.accept:
            if column != LINKAGE and self.named(column) not in kept:
                raise ValueError(f"accept: '{column}' is no column that leaves{nearest(column, kept)}")
        if self.language not in LANGUAGES:
            raise ValueError(f"no language '{self.language}'; choose one of {', '.join(LANGUAGES)}")
        return self

    def hash(self) -> str:
        """Return the SHA-256 of the policy's content; layout and comments of the file do not change it."""
        content = self.model_dump(mode="json")
        content["hierarchies"] = {name: [found.levels, dict(found.paths)] for name, found in self._hierarchies.items()}
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def dimensions(self) -> dict[str, Hierarchy]:
        """Return the hierarchies by quasi-identifier that `anonymise` goes by."""
        return {
            c: self._hierarchies[name] for c, name in (self.anonymise.hierarchies if self.anonymise else {}).items()
        }

    def named(self, path: str) -> str | None:
        """Return the key of `columns` that a column, or a part of one, goes by: the nearest of what it is a part of."""
        return next((name for name in above(path) if name in self.columns), None)

    def operator(self, column: str) -> tuple[Operator, BaseModel]:
        """Return the operator of a column, or of a part of one by its path, with its options."""
        return _build(self.columns[self.named(column) or column], f"columns.{column}")

    def described(self, column: str) -> str:
        """Return a column's operator with the options that the policy gives, as one line."""
        action = self.columns[self.named(column) or column]
        options = {} if isinstance(action, str) else (next(iter(action.values())) or {})
        return " ".join([_word(action), *(f"{name}={value}" for name, value in sorted(options.items()))])

    def span_operator(self, entity: str) -> tuple[Operator, BaseModel]:
        """Return the operator for findings of a kind: its own, else the default, else replace."""
        if entity not in self._made:
            action = self.entities.get(entity, self.entities.get(DEFAULT, "replace"))
            self._made[entity] = _build(action, f"entities.{entity}")
        return self._made[entity]

    def bring(self, folder: Path) -> Policy:
        """Read the hierarchies that the policy names and find its model, by paths from `folder`.

        The policy travels to the workers without the hierarchies' files.
        """
        self._model = str(folder / self.ner) if (folder / self.ner).is_dir() else None
        for name, source in self.hierarchies.items():
            self._hierarchies[name] = load_hierarchy(source, folder, f"hierarchies.{name}")
        return self

    def context(
        self, column: str, key: bytes, identities: Any, beside: Callable[[str], pa.Array] | None = None
    ) -> Context:
        """Return what an operator may know while it treats a column."""
        return Context(
            subject=self.subject,
            hierarchies=self._hierarchies,
            beside=beside,
            key=key,
            column=column,
            language=self.language,
            span_operator=self.span_operator,  # type: ignore[arg-type]
            identities=identities,
            ner=self._model or self.ner,
        )

    def __getstate__(self) -> dict[Any, Any]:
        state: dict[Any, Any] = super().__getstate__()
        return {
            **state,
            "__pydantic_private__": {"_made": {}, "_hierarchies": self._hierarchies, "_model": self._model},
        }


def load_policy(path: str | Path) -> Policy:
    """Read a policy file (YAML). Raises ConfigError that names the key that is wrong."""
    file = Path(path)
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the policy {file}: {type(error).__name__}", "check the path") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{file.name} is not valid YAML{place}", "check indentation and colons") from None
    return validate(Policy, data, file.name).bring(file.parent)


def _word(action: Action) -> str:
    return action if isinstance(action, str) else next(iter(action), "")


def _build(action: Action, where: str) -> tuple[Operator, BaseModel]:
    """Return an operator with its validated options. Raises ValueError, which pydantic turns into a ConfigError."""
    if isinstance(action, dict) and len(action) != 1:
        raise ValueError(f"{where}: name one operator, such as {{truncate: {{ipv4: 24}}}}")
    word = _word(action)
    options = {} if isinstance(action, str) else (next(iter(action.values())) or {})
    try:
        kind = operator.get(word)
        return kind(), validate(kind.Options, options, f"{where}.{word}")
    except ConfigError as error:
        raise ValueError(f"{where}: {error.message}") from None
