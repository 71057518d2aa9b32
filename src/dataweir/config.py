"""The typed configuration: one weir.yaml a project.

Unknown keys are refused with the nearest known one. Secrets stand as `${ENV}` or `${file:/PATH}`: they are resolved
when they are used, and never echoed. Relative paths count from the folder of weir.yaml.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, PrivateAttr, ValidationError

from .errors import ConfigError
from .registry import nearest
from .settings import SECRET, AggregateConfig, RestCatalogConfig, SequenceConfig, TableConfig, UiConfig
from .settings import Strict as Strict

_DAYS = re.compile(r"[1-9][0-9]{0,4}d")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def _identifier(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be lower-case letters, digits and underscores, and begin with a letter")
    return value


def _spelt_out(value: Any) -> Any:
    return {"cron": value} if isinstance(value, str) else value


Identifier = Annotated[str, AfterValidator(_identifier)]


def _duration(value: str) -> str:
    if not _DAYS.fullmatch(value):
        raise ValueError("must be a number of days such as 400d")
    return value


Duration = Annotated[str, AfterValidator(_duration)]
"""A number of days, as `400d`."""


def days(duration: str) -> timedelta:
    """Return a Duration as a time delta."""
    return timedelta(days=int(duration.removesuffix("d")))


class SourceConfig(Strict):
    """What every source has in common; a connector's `Config` adds its own keys."""

    type: str = Field(description="the connector, as `weir list sources` names it")
    owner: str | None = Field(None, description="who answers for this data")
    licence: str | None = Field(None, description="the licence or terms the data came under")
    purpose: str | None = Field(None, description="what the data may be used for")
    retain: Duration | None = Field(None, description="how long its rows are kept, such as 400d; then they are erased")
    tags: list[str] = Field(default_factory=list, description="words that this data can be found by")


class EngineConfig(Strict):
    """Where and how the work is computed."""

    workers: int | Literal["auto"] = Field("auto", description="worker processes; auto: one a core", gt=0)
    memory: str | Literal["auto"] = Field("auto", description="memory of one worker, such as '2 GiB'")
    gpu: Literal["auto", "on", "off"] = Field("auto", description="whether array kernels run on a GPU")
    scheduler: str | None = Field(None, description="address of a running Dask scheduler, such as tcp://host:8786")
    partition: str | Literal["auto"] = Field(
        "auto", description="how much of a plain file one task reads, where a source does not say; auto: by the memory"
    )


class RepeatsConfig(Strict):
    """Which lines or paragraphs are boilerplate: they are cut from the text of new rows."""

    unit: Literal["line", "paragraph"] = Field("line", description="what is cut")
    least: int = Field(3, ge=2, description="texts that must have it, those of all earlier runs included")
    min_chars: int = Field(20, ge=1, description="shorter ones are never cut")


class SemanticConfig(Strict):
    """Texts of one meaning: by the cosine of the vectors that a model gives them."""

    model: str = Field(description="an ONNX file, with its tokenizer.json beside it unless it takes texts")
    threshold: float = Field(0.9, gt=0, lt=1, description="cosine from which on two texts are of one meaning")
    max_tokens: int = Field(256, ge=2, description="what is behind so many tokens of a text is not looked at")


class DedupConfig(Strict):
    """How duplicates of one table are found, exact and near."""

    text: str | None = Field(None, description="column whose normalised text also counts as identity")
    min_chars: int = Field(20, ge=1, description="texts shorter than this are never duplicates of each other")
    threshold: float | None = Field(None, gt=0, lt=1, description="Jaccard similarity of near duplicates; null: none")
    recall: float = Field(0.95, gt=0, lt=1, description="share of the pairs at the threshold that must be found")
    shingle: str = Field("word:5", description="what is compared: word:N or char:N, N in a row")
    keep: Literal["earliest", "longest"] = Field("earliest", description="which of a cluster of near duplicates stays")
    priority: list[str] = Field(default_factory=list, description="sources whose rows stay before others', first first")
    semantic: SemanticConfig | None = Field(None, description="texts of one meaning; null: not looked for")
    repeats: RepeatsConfig | None = Field(None, description="repeated lines or paragraphs to be cut; null: none")


class DriftConfig(Strict):
    """From where on a difference between a table's newest hours and its past counts as drift."""

    stability_index: float = Field(0.25, gt=0, description="population stability index of shares or bins")
    kolmogorov_smirnov: float = Field(0.2, gt=0, le=1, description="largest difference of the distribution functions")
    jensen_shannon: float = Field(0.3, gt=0, le=1, description="Jensen-Shannon distance, base 2")
    null_rate: float = Field(0.05, gt=0, le=1, description="difference of the share of nulls")
    volume: float = Field(6.0, gt=0, description="robust deviations of the rows of an hour")
    freshness: float = Field(2.0, gt=0, description="age of the newest row over the longest gap of the past")
    min_rows: int = Field(200, ge=1, description="distributions of fewer rows are not compared")
    history: float = Field(3.5, gt=0, description="robust deviations of a check's newest number from its history")


class IdentityConfig(Strict):
    """Which columns name a person, so that user events of several sources can meet in one."""

    columns: dict[str, dict[str, Literal["email", "handle", "key"]]] = Field(
        default_factory=dict, description="table: {column: how it names a person}; the first that does counts"
    )
    mapping: str | None = Field(
        None, description="CSV with a header of kinds (email, handle, handle2, key ...); a row is one person"
    )


class LabelConfig(Strict):
    """One labelling task: a table, the labels there are, the functions that vote, and how votes become one label."""

    table: str = Field("social_posts", description="the refined table whose rows are labelled")
    labels: list[str] = Field(min_length=2, description="the labels, each row gets one or none")
    functions: list[dict[str, Any]] = Field(
        default_factory=list, description="{use: FUNCTION, name: ..., options}; see `weir list labellers`"
    )
    model: Literal["majority", "accuracy"] = Field(
        "accuracy", description="accuracy: votes weigh by each function's estimated accuracy; majority: all the same"
    )
    text: str = Field("text", description="the column that people read who label by hand")


class ExportConfig(Strict):
    """One share-ready data set: which table, under which policy, for whom."""

    table: str = Field(description="the refined table that is exported")
    policy: str = Field(description="path of the policy file")
    where: str | None = Field(None, description="SQL condition that picks the rows")
    key: Identifier = Field("pseudonym", description="the key of its pseudonyms; exports of two keys cannot be linked")
    purpose: str | None = Field(None, description="why the data is shared; stands in the manifest")
    licence: str | None = Field(None, description="the licence the release goes out under")
    format: Literal["parquet", "jsonl", "csv"] = Field("parquet", description="the form of the published data files")
    labels: list[Identifier] = Field(default_factory=list, description="labelling tasks: each becomes a column")
    sequences: SequenceConfig | None = Field(None, description="what `weir export --sequences` makes of the rows")


class ScheduleConfig(Strict):
    """When `weir daemon` runs the project; `schedule: "0 * * * *"` is short for `schedule: {cron: "0 * * * *"}`."""

    cron: str = Field(description="minute hour day-of-month month day-of-week, as Debian's cron reads it")
    timezone: str = Field("UTC", description="the zone that the expression counts in, such as Europe/Berlin")
    jitter: str = Field("0 s", description="a run begins up to this much later, so that not all begin at once")
    timeout: str | None = Field(None, description="a run that takes longer is stopped, such as '2 h'; null: none is")
    catch_up: Literal["once", "none"] = Field(
        "once", description="what a daemon does that was down at the time: one run when it starts, or none"
    )


class MailConfig(Strict):
    """Where alerts go by e-mail."""

    host: str = Field(description="the SMTP server")
    port: int = Field(587, ge=1, le=65535, description="its port")
    tls: Literal["starttls", "implicit", "off"] = Field("starttls", description="how the connection is encrypted")
    user: str | None = Field(None, description="who signs in; null: nobody does")
    password: str | None = Field(None, description="as ${ENV}")
    sender: str = Field(description="the address alerts come from")
    to: list[str] = Field(min_length=1, description="the addresses alerts go to")


class AlertConfig(Strict):
    """Who is told when a run fails, a gate holds something back, or a score crosses a line."""

    webhook: str | None = Field(None, description="address that gets each alert as a JSON document by POST")
    mail: MailConfig | None = Field(None, description="the same by e-mail")
    barrier: float | None = Field(None, gt=0, lt=1, description="tell when the data-barrier score rises above this")
    bottleneck: float | None = Field(None, gt=0, lt=1, description="the same for the compute-bottleneck score")


class ReviewConfig(Strict):
    """How long an approval counts, and how a reviewer must be known."""

    valid: Duration = Field("30d", description="how long an approval counts")
    through: Literal["any", "login", "web"] = Field(
        "login",
        description="login: who decides is known by a sign-in on the web page or by their account of the system; "
        "web: by a sign-in; any: also by a name that is said with --as",
    )
    people: dict[str, list[str]] = Field(
        default_factory=dict,
        description="a name: other names of the same person (login, account of the page, address at the provider)",
    )


class Config(Strict):
    """The whole of weir.yaml."""

    project: Identifier = Field(description="the project's name")
    warehouse: str = Field("warehouse", description="folder, or s3://bucket/prefix, that holds the tables")
    catalog: str | None = Field(None, description="SQLAlchemy URL; default: SQLite in the warehouse folder")
    iceberg: RestCatalogConfig | None = Field(None, description="a REST catalogue for the tables; default: `catalog`")
    keys: str = Field("keys", description="folder of the project's secret keys (mode 0600)")
    engine: EngineConfig = Field(default_factory=lambda: EngineConfig())
    sources: dict[Identifier, dict[str, Any]] = Field(default_factory=dict, description="name: {type: ..., ...}")
    tables: dict[str, TableConfig] = Field(
        default_factory=dict, description="refined table, or raw.NAME: who owns it, what it may be used for, its tags"
    )
    clean: dict[str, Any] = Field(default_factory=dict, description="rule: options, or false to switch it off")
    dedup: dict[str, DedupConfig] = Field(default_factory=dict, description="table: options")
    identity: IdentityConfig = Field(
        default_factory=lambda: IdentityConfig(), description="who is who across sources, by keyed hash"
    )
    retain: dict[str, Duration] = Field(
        default_factory=dict,
        description="refined table: how long its rows are kept, such as 400d; then they are erased",
    )
    quality: dict[str, str | Literal[False]] = Field(
        default_factory=dict,
        description="table: suite file, or false; integrated tables have a default suite",
    )
    drift: DriftConfig = Field(default_factory=lambda: DriftConfig(), description="limits of `weir quality drift`")
    labels: dict[Identifier, LabelConfig] = Field(default_factory=dict, description="task: options")
    exports: dict[Identifier, ExportConfig] = Field(default_factory=dict, description="name: options")
    aggregates: dict[Identifier, AggregateConfig] = Field(
        default_factory=dict, description="name: an aggregate that is released with differential privacy"
    )
    budgets: dict[str, float] = Field(
        default_factory=dict, description="table: the epsilon that all aggregates may take"
    )
    review: ReviewConfig = Field(default_factory=lambda: ReviewConfig(), description="who may approve, for how long")
    schedule: Annotated[ScheduleConfig | None, BeforeValidator(_spelt_out)] = Field(
        None, description="a cron expression, or options; see `weir daemon`"
    )
    ui: UiConfig = Field(default_factory=lambda: UiConfig(), description="who signs in to the web page, and how")
    alerts: AlertConfig = Field(default_factory=lambda: AlertConfig(), description="who is told what went wrong")

    _root: Path = PrivateAttr(default_factory=Path.cwd)

    @property
    def root(self) -> Path:
        """The folder of weir.yaml."""
        return self._root

    def path(self, value: str) -> str:
        """Return a path of the configuration as an absolute path; URLs come back unchanged."""
        return value if "://" in value else str((self._root / Path(value).expanduser()).resolve())

    @property
    def warehouse_location(self) -> str:
        """The warehouse as an absolute path or URL."""
        return self.path(self.warehouse)

    @property
    def catalog_url(self) -> str:
        """The catalogue's SQLAlchemy URL, secrets resolved, SQLite paths made absolute."""
        if self.catalog is None:
            if "://" in self.warehouse:
                return f"sqlite:///{self._root / 'catalog.db'}"
            return f"sqlite:///{self.warehouse_location}/catalog.db"
        url = resolve_env(self.catalog, "catalog")
        if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
            return f"sqlite:///{self.path(url.removeprefix('sqlite:///'))}"
        return url

    @property
    def rest_catalog(self) -> dict[str, str] | None:
        """The properties of the Iceberg REST catalogue, secrets resolved; None where `catalog` names the tables."""
        if self.iceberg is None:
            return None
        given = self.iceberg.model_dump(exclude_none=True)
        return {name: resolve_env(value, f"iceberg.{name}") for name, value in given.items()}

    def hash(self) -> str:
        """Return 16 hex digits that change with anything that changes what a run produces."""
        parts = self.model_dump(mode="json", include={"sources", "clean", "dedup", "identity"})
        parts["sources"] = {
            k: {n: v for n, v in s.items() if n not in ("retain", "tags")} for k, s in parts["sources"].items()
        }
        return _digest(parts)

    def rules(self) -> dict[str, str]:
        """Return the hash of each part that decides how rows are cleaned, compared and told apart."""
        parts = self.model_dump(mode="json", include={"clean", "dedup", "identity"})
        return {name: _digest(part) for name, part in sorted(parts.items())}


def _digest(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def resolve_env(value: str, where: str) -> str:
    """Replace `${NAME}` by the environment's value, `${file:/PATH}` by what the file holds but its last newline.

    ConfigError names the variable that is not set, or the file that cannot be read.
    """

    def replace(match: re.Match[str]) -> str:
        if match["file"]:
            return _read(Path(match["file"]).expanduser(), where)
        name = match["name"]
        if name not in os.environ:
            raise ConfigError(f"{where}: the environment variable {name} is not set", f"export {name}=...")
        return os.environ[name]

    return SECRET.sub(replace, value)


def _read(file: Path, where: str) -> str:
    if not file.is_absolute():
        raise ConfigError(f"{where}: '{file}' is not an absolute path", "write ${file:/PATH}")
    try:
        return file.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: cannot read {file}: {type(error).__name__}", "check the file") from None


M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], data: Any, where: str) -> M:
    """Validate `data` as `model`; ConfigError says which key of `where` is wrong, never its value."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(*_explain(model, error, where)) from None


def load(file: str | Path) -> Config:
    """Read weir.yaml (or the folder that holds it). Raises ConfigError with cause and cure."""
    file = Path(file)
    if file.is_dir():
        file = file / "weir.yaml"
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"there is no {file}", "run 'weir init DIR' to begin a project, or name one with --project DIR"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {file}: {type(error).__name__}", "check the file") from None
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(f"{file} is not valid YAML{place}", "check indentation, colons and quotes") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{file} holds no mapping", "begin with 'project: NAME'")
    config = validate(Config, data, file.name)
    config._root = file.parent.resolve()
    return config


def _explain(model: type[BaseModel], error: ValidationError, where: str) -> tuple[str, str]:
    first = error.errors(include_input=False, include_url=False)[0]
    location = ".".join(str(part) for part in first["loc"] if not str(part).startswith("function-"))
    place = f"{where}: {location}" if location else where
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        known = _keys(model, first["loc"][:-1])
        key = str(first["loc"][-1])
        cure = f"the keys there are: {', '.join(known)}" if known else "remove the key"
        return f"{place} is not a known key{nearest(key, known)}{more}", cure
    if first["type"] == "missing":
        return f"{place} is missing{more}", "add the key"
    return f"{place}: {first['msg']}{more}", "correct the value"


def _keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the model at `location` knows, walking through nested models and mappings."""
    current: Any = model
    for part in location:
        fields = getattr(current, "model_fields", {})
        annotation = fields[part].annotation if part in fields else current
        arguments = [a for a in getattr(annotation, "__args__", ()) if hasattr(a, "model_fields")]
        current = arguments[0] if arguments else annotation
    return sorted(getattr(current, "model_fields", {}))
