"""How sequences stand in a candidate and in its bundle: names of files, columns, features, and of what they mean.

sequences/train-00000.parquet  validation-...  test-...   one row an example
sequences/vocabulary.parquet                              column, code, value, rows
sequences/schema.json                                     all that a reader needs, FORMAT
"""

from __future__ import annotations

from typing import Any, Literal

import pyarrow as pa

from ...settings import SequenceConfig

FORMAT = "weir-sequences/1"
FOLDER = "sequences"
SCHEMA = "schema.json"
VOCABULARY = "vocabulary.parquet"

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

PADDING, UNKNOWN, FIRST_CODE = 0, 1, 2
"""Codes: of a step that is not there, of a value that the training examples lack, of the most frequent value."""

TIMES = {
    "pause": "ln(1 + seconds since the person's event before)",
    "ago": "ln(1 + seconds from this event to the moment of prediction)",
}
MARKS = {
    "begins": "1 where a session begins, else 0",
    "outcome": "1 where the event itself carries the outcome (of an earlier session), else 0",
}

VOCABULARY_SCHEMA = pa.schema(
    [("column", pa.string()), ("code", pa.int32()), ("value", pa.string()), ("rows", pa.int64())]
)
"""What a code stands for. `rows` counts the released rows of people in training, before the end of training."""


def features(settings: SequenceConfig) -> list[str]:
    """Return the names of the features of one step, in the order in which they stand in `x`."""
    return [*settings.columns, *TIMES, *MARKS]


def example_schema(settings: SequenceConfig) -> pa.Schema:
    """Return the columns of an example.

    `x` is a float32 tensor of shape (timesteps, features), rows first; the newest event is the last step, missing
    steps before it are zeros. `mask` says which steps are there. `label` is 1 where the outcome came later in the
    session; `target` is the code of its `target` column then, else 0. `person` is a number of the released pseudonym.
    """
    steps = settings.timesteps
    return pa.schema(
        [
            pa.field("x", pa.list_(pa.float32(), steps * len(features(settings))), nullable=False),
            pa.field("mask", pa.list_(pa.bool_(), steps), nullable=False),
            pa.field("label", pa.int8(), nullable=False),
            pa.field("target", pa.int32(), nullable=False),
            pa.field("person", pa.int64(), nullable=False),
        ]
    )


def described(settings: SequenceConfig, sizes: dict[str, int], found: dict[str, Any]) -> dict[str, Any]:
    """Return the content of SCHEMA; `sizes` are the numbers of codes by column, `found` what was written."""
    codes = [{"name": name, "kind": "code", "size": sizes[name]} for name in settings.columns]
    times = [{"name": name, "kind": "number", "meaning": meaning} for name, meaning in TIMES.items()]
    marks = [{"name": name, "kind": "mark", "meaning": meaning} for name, meaning in MARKS.items()]
    return {
        "format": FORMAT,
        "shape": [settings.timesteps, len(features(settings))],
        "features": [*codes, *times, *marks],
        "columns": {field.name: str(field.type) for field in example_schema(settings)},
        "codes": {"padding": PADDING, "unknown": UNKNOWN, "first": FIRST_CODE, "file": VOCABULARY},
        "outcome": {"column": settings.label, "value": settings.positive, "target": settings.target},
        "session": {"gap_minutes": settings.gap_minutes, "predicted_after": settings.after},
        **found,
    }
