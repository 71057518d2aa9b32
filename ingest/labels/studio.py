"""Hand labels out and in as Label Studio's JSON.

Source: Label Studio's documentation, "Import data" (tasks with `data` and `predictions`) and "Export annotations"
(raw JSON: `annotations`, each with `completed_by` and a `result` of regions of type `choices`; JSON-MIN: one flat
object an annotation, the task's data beside `label` and `annotator`).
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

from ...errors import DataError
from .contract import Task

FIELD = "label"


class Judgement(NamedTuple):
    """What one person said of one row (None: nothing, it was skipped), and when (None: not told)."""

    id: str
    annotator: str
    label: str | None
    at: dt.datetime | None


def task_of(task: Task, id: str, text: str, label: str | None, sure: float | None) -> dict[str, Any]:
    """Return one row as a Label Studio task; a machine's label goes along as a prediction."""
    made: dict[str, Any] = {"data": {"text": text, "weir_task": task.name, "weir_id": id}}
    if label is not None:
        result = {"from_name": FIELD, "to_name": "text", "type": "choices", "value": {"choices": [label]}}
        made["predictions"] = [{"model_version": f"weir-{task.version}", "score": sure, "result": [result]}]
    return made


def interface(task: Task) -> str:
    """Return the labelling interface that fits the tasks, for the project's settings in Label Studio."""
    choices = "".join(f"<Choice value={quoteattr(name)}/>" for name in task.labels)
    text = '<Text name="text" value="$text"/>'
    return f'<View>{text}<Choices name="{FIELD}" toName="text" choice="single">{choices}</Choices></View>'


def judgements(document: Any, task: Task) -> list[Judgement]:
    """Read an export of Label Studio, JSON or JSON-MIN. Predictions and drafts are left out; skipped is None.

    Raises DataError where it is no such list, a task is not one of ours, or a choice is not one label of the task.
    """
    if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
        raise DataError("this is no Label Studio export", "export the project as JSON or JSON-MIN")
    found = []
    for number, item in enumerate(document):
        data = item.get("data") or item
        if data.get("weir_task") != task.name or not data.get("weir_id"):
            raise DataError(
                f"item {number} is no task of '{task.name}'",
                "import the export of a project made by 'weir label export'",
            )
        for annotation in item.get("annotations") or () if "data" in item else (item,):
            chosen = [None] if annotation.get("was_cancelled") else _choices(annotation)
            if len(chosen) > 1 or not set(chosen) <= {None, *task.labels}:
                raise DataError(
                    f"item {number}: the choice is not one of the labels of '{task.name}'",
                    f"one of: {', '.join(task.labels)}",
                )
            found += [
                Judgement(str(data["weir_id"]), _person(annotation), name, _moment(annotation)) for name in chosen
            ]
    return found


def _choices(annotation: dict[str, Any]) -> list[str]:
    """Return what was chosen: of JSON-MIN that is a name, or a `choices` where there are several."""
    if "result" not in annotation:
        chosen: Any = annotation.get(FIELD) or ()
        if isinstance(chosen, dict):
            chosen = chosen.get("choices", ())
        return [chosen] if isinstance(chosen, str) else list(chosen)
    results = [r for r in annotation["result"] or () if r.get("type") == "choices" and r.get("from_name") == FIELD]
    return [name for r in results for name in r["value"]["choices"]]


def _person(annotation: dict[str, Any]) -> str:
    """Return who decided: Label Studio's number of the user, never an address."""
    who = annotation.get("completed_by", annotation.get("annotator"))
    if isinstance(who, dict):
        who = who.get("id")
    return f"user-{who}" if str(who).isdecimal() else "unknown"


def _moment(annotation: dict[str, Any]) -> dt.datetime | None:
    text = annotation.get("updated_at") or annotation.get("created_at")
    try:
        found = dt.datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    if found is None:
        return None
    return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)
