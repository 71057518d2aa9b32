"""What the store gives back and takes: frozen records, one a kind of row."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, TypeVar

RunState = Literal["running", "interrupted", "done", "failed", "gate_failed"]
EventKind = Literal["run", "step", "note"]
SplitState = Literal["pulled", "refined"]
CandidateState = Literal["pending", "approved", "rejected", "published", "erased"]
Decision = Literal["approved", "rejected"]
RequestState = Literal["filed", "counted", "confirmed", "rejected", "done"]
ScoreKind = Literal["barrier", "bottleneck"]


@dataclass(frozen=True)
class Run:
    """One pass over the sources. `id` sorts by time; `error` is WeirError.as_dict() of what stopped it.

    `state` is interrupted where a run did not end and is not heard of any more: it was killed.
    """

    id: str
    project: str
    state: RunState
    started: datetime
    finished: datetime | None
    config_hash: str
    versions: dict[str, Any]
    plan: dict[str, Any]
    counts: dict[str, Any]
    error: dict[str, Any] | None


@dataclass(frozen=True)
class Event:
    """What a run did or said: a step from `began` `until` its end (or when it was last heard of), or a line of its log.

    `done` of `total` pieces of a step are finished; `link` is the address of the engine's dashboard meanwhile.
    """

    number: int
    kind: EventKind
    text: str
    began: datetime
    until: datetime
    done: int
    total: int
    link: str | None


@dataclass(frozen=True)
class SplitRecord:
    """One piece of a source's input. records = rows + rejected; rows = kept + duplicates + removed +
    clean_rejected.

    `rejected` and `clean_rejected` count rows by reason; `bytes` is the stored size read, `seconds` the time
    it took, `first_line` the line of the file it begins with; `rows_path` and
    `rejects_path` are the landed files (None where there was nothing to land).
    """

    source: str
    key: str
    file: str
    state: SplitState
    records: int = 0
    rows: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    seconds: float = 0.0
    rows_path: str | None = None
    rejects_path: str | None = None
    run_pulled: str | None = None
    run_refined: str | None = None
    kept: int = 0
    duplicates: int = 0
    removed: int = 0
    clean_rejected: dict[str, int] = field(default_factory=dict)
    first_line: int = 1


@dataclass(frozen=True)
class SplitTotal:
    """What splits of one source and state add up to; the fields are those of SplitRecord."""

    source: str
    state: SplitState
    records: int
    rows: int
    kept: int
    duplicates: int
    removed: int
    rejected: dict[str, int]
    clean_rejected: dict[str, int]


@dataclass(frozen=True)
class StepRecord:
    """What one step did to one subject: records_in = kept + rejected; `facts` feed the metrics."""

    name: str
    subject: str
    records_in: int = 0
    kept: int = 0
    rejected: int = 0
    changed: int = 0
    seconds: float = 0.0
    facts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SnapshotRecord:
    """An Iceberg snapshot that a run committed, with the rows and files it added."""

    run: str
    table: str
    snapshot_id: int
    rows_added: int
    files: int


@dataclass(frozen=True)
class CommitRecord:
    """An intent to change several tables together; `snapshots` is {table: snapshot id} once it is done."""

    id: str
    run: str
    stage: str
    state: Literal["intent", "done", "abandoned"]
    payload: dict[str, Any]
    snapshots: dict[str, int]
    at: datetime


@dataclass(frozen=True)
class QualityRecord:
    """The result of one suite on one table; `result` holds no row value."""

    run: str
    table: str
    suite_hash: str
    success: bool
    result: dict[str, Any]
    at: datetime


@dataclass(frozen=True)
class Candidate:
    """An export that waits for, or went through, review; `candidate_hash` covers all its files."""

    id: str
    name: str
    table: str
    state: CandidateState
    policy_hash: str
    candidate_hash: str
    evidence: dict[str, Any]
    path: str
    requested_by: str
    created: datetime
    published_path: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True)
class Review:
    """One decision on one candidate, bound to the hash of what was looked at.

    `through` says how the reviewer was known: 'web' by a sign-in, 'login' by the account of the system, 'cli' by saying
    so. `signature` is the project's own (hexadecimal Ed25519), so that a row written into the database by anybody else
    is no approval.
    """

    candidate: str
    decision: Decision
    reviewer: str
    reason: str
    candidate_hash: str
    at: datetime
    through: str = ""
    signature: str = ""


@dataclass(frozen=True)
class MetricValue:
    """One metric of one run; `scope` is 'project', 'source:<label>' or 'table:<name>'; None: not measured."""

    run: str
    scope: str
    name: str
    value: float | None
    unit: str
    at: datetime


@dataclass(frozen=True)
class ScoreRecord:
    """A score as it was computed then; never recomputed silently. See score.Score for the parts."""

    run: str
    scope: str
    kind: ScoreKind
    version: str
    value: float | None
    low: float
    high: float
    pillars: dict[str, Any]
    contributions: list[dict[str, Any]]
    facts: dict[str, Any]
    at: datetime


@dataclass(frozen=True)
class Spend:
    """What one release with differential privacy took of a table's budget."""

    table: str
    release: str
    epsilon: float
    actor: str
    at: datetime


@dataclass(frozen=True)
class AuditEntry:
    """Who did what when; `hash` binds it to the entry before."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    hash: str


@dataclass(frozen=True)
class Erasure:
    """One erasure: of a person (`kind` forget) or of rows past their time (retain).

    `subject` is a keyed hash, or what is past its time; `search` the keyed hashes that are looked for, for good: they
    keep the person from coming in again. It is `begun` until nothing is left, then `done` and certified.
    """

    id: str
    kind: Literal["forget", "retain"]
    subject: str
    state: Literal["begun", "done"]
    requested_by: str
    requested: datetime
    finished: datetime | None
    search: dict[str, Any]
    counts: dict[str, Any]
    certificate: dict[str, Any] | None = None


@dataclass(frozen=True)
class ErasureRequest:
    """Somebody's request that a person be erased.

    It is `filed`, `counted` (then `report` says what would go), `confirmed` or `rejected` by somebody else, and
    `done`. `subject` is a keyed hash of who it is; `sealed` the name itself, encrypted under the project's key until
    the request is done or rejected; `reference` what it is known by elsewhere; `erasure` the certificate's id.
    """

    id: str
    subject: str
    sealed: str | None
    reference: str
    state: RequestState
    requested_by: str
    requested: datetime
    report: dict[str, Any] = field(default_factory=dict)
    decided_by: str | None = None
    decided: datetime | None = None
    reason: str | None = None
    erasure: str | None = None


@dataclass(frozen=True)
class ColumnTag:
    """What a column (nested ones by path) of a table is, told at `at` from `count` values.

    `role` is identifier, quasi-identifier, sensitive, free text or safe; `entity` the most frequent kind of finding,
    `confidence` (0 to 1) how sure it is, `found` how many of the values hold each kind. No value stands here.
    """

    table: str
    path: str
    at: datetime
    type: str
    role: str
    entity: str | None
    confidence: float
    count: int
    found: dict[str, Any]


@dataclass(frozen=True)
class Description:
    """What was known of a thing of a `kind` (source, table, metric, label) under a topic, from `since` to `until`.

    Topics are: declared (by weir.yaml, or by the code of a metric), schema, roles (what a scan told) and quality.
    `until` is None for what still holds; `text` is the same facts in words.
    """

    kind: str
    name: str
    topic: str
    since: datetime
    until: datetime | None
    facts: dict[str, Any]
    text: str


R = TypeVar("R")


def record(kind: type[R], row: Any) -> R:
    """Build the record of `kind` from a row that has the same attributes."""
    return kind(**{f.name: getattr(row, f.name) for f in fields(kind)})  # type: ignore[arg-type]
