"""What a labelling function is, and what a labelling task consists of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from ...config import LabelConfig, Strict, validate
from ...errors import ConfigError
from ...registry import Registry, nearest
from ..dedup.exact import id_column
from ..schemas import TIMESTAMP

ABSTAIN = -1
Votes = NDArray[np.int8]
"""Shape (rows, functions): the index of the label in the task's labels, or ABSTAIN."""

LABELS = pa.schema(
    [
        pa.field("task", pa.string()),
        pa.field("table", pa.string()),
        pa.field("id", pa.string()),
        pa.field("label", pa.string()),
        pa.field("confidence", pa.float64()),
        pa.field("origin", pa.string()),
        pa.field("annotator", pa.string()),
        pa.field("version", pa.string()),
        pa.field("at", TIMESTAMP),
    ]
)
"""One label of one row. `origin` is human or machine, `annotator` the person or the combining model; `version` hashes
what a machine's label came from; `at` is when a person decided. A row that a person skipped has the label null."""


class Labeller(Protocol):
    """A labelling function: one file in ingest/labellers (or elsewhere), registered by `@labeller(name)`."""

    name: ClassVar[str]
    Options: ClassVar[type[Strict]]

    def __init__(self, options: Any, labels: list[str], root: str) -> None:
        """`options` is an `Options`, `labels` those of the task, `root` the folder of weir.yaml."""

    def vote(self, rows: pa.Table) -> NDArray[np.int8]:
        """Return a vote for each row: the index of a label, or ABSTAIN. A pure function of the row."""
        ...


labeller: Registry[Any] = Registry("labeller", "dataweir.ingest.labellers")


class OneLabel(Strict):
    """The options of a function that votes for one label or abstains."""

    label: str = Field(description="the label it votes for")
    column: str = Field("text", description="the column it reads")


def one_vote(mask: pa.ChunkedArray, label: str, labels: list[str]) -> NDArray[np.int8]:
    """Return votes for `label` where the mask holds (null: not)."""
    return np.where(pc.fill_null(mask, False).to_numpy(), labels.index(label), ABSTAIN).astype(np.int8)


def column_of(rows: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column as text. Raises ConfigError where there is none of that name."""
    if name not in rows.column_names:
        raise ConfigError(
            f"there is no column '{name}' to label by{nearest(name, rows.column_names)}", "correct `column`"
        )
    return rows[name].cast(pa.string())


@dataclass(frozen=True)
class Task:
    """One labelling task, ready to travel to the workers."""

    name: str
    table: str
    labels: list[str]
    functions: list[str]
    """Names of the functions, in the order of the votes' columns."""
    settings: list[dict[str, Any]]
    model: str
    root: str

    @classmethod
    def of(cls, name: str, config: LabelConfig, root: str) -> Task:
        """Check a task's functions. Raises ConfigError for an unknown function or wrong options."""
        names, settings = [], []
        for number, setting in enumerate(config.functions):
            where = f"labels.{name}.functions[{number}]"
            if "use" not in setting:
                raise ConfigError(f"{where}.use is missing", f"one of: {', '.join(labeller.all())}")
            options = {key: value for key, value in setting.items() if key not in ("use", "name")}
            plug = labeller.get(str(setting["use"]))
            checked = validate(plug.Options, options, where)
            chosen = getattr(checked, "label", None)
            if chosen is not None and chosen not in config.labels:
                raise ConfigError(f"{where}.label is none of the task's labels", f"labels: {', '.join(config.labels)}")
            names.append(str(setting.get("name", f"{setting['use']}_{number}")))
            settings.append({"use": setting["use"], "options": options})
        if len(set(names)) < len(names):
            raise ConfigError(f"labels.{name}.functions: a name stands twice", "give each function a name of its own")
        return cls(name, config.table, list(config.labels), names, settings, config.model, root)

    @property
    def id_column(self) -> str:
        """The column that identifies a row."""
        return id_column(self.table)

    @property
    def version(self) -> str:
        """Return 16 hex digits that change with the functions, the labels and the model."""
        parts = json.dumps([self.labels, self.settings, self.model], sort_keys=True)
        return hashlib.sha256(parts.encode()).hexdigest()[:16]

    def votes(self, rows: pa.Table) -> Votes:
        """Let every function vote on every row."""
        columns = []
        for setting in self.settings:
            plug = labeller.get(setting["use"])
            columns.append(plug(plug.Options(**setting["options"]), self.labels, self.root).vote(rows))
        return np.column_stack(columns) if columns else np.empty((rows.num_rows, 0), np.int8)
