"""Sequences of an export, made on the workers from the files that are sealed already, for the review to cover both."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow.compute as pc

from ...config import ExportConfig
from ...engine import Engine
from ...errors import DataError
from ...output import Output
from ...privacy.candidate import STAGING, SealedPart
from ...privacy.files import canonical, row_count
from ...privacy.sequences.build import NO_PERSON, Cuts, count, scatter, vocabulary, write
from ...privacy.sequences.layout import FIRST_CODE, FOLDER, SCHEMA, SPLITS, VOCABULARY, described
from ...settings import SequenceConfig
from ...storage import filesystem, join, list_files, write_parquet

PEOPLE_ROWS = 500_000
"""The events of the people of one bucket, on average: what bounds the memory of a worker."""


def sequences(
    engine: Engine, sealed: list[SealedPart], settings: ExportConfig, folder: str, output: Output
) -> dict[str, Any]:
    """Write the sequences of a candidate into its folder; return what the evidence says of them.

    Raises ConfigError where a column does not leave, DataError where sessions do not add up or none is for training.
    """
    chosen = settings.sequences or SequenceConfig()
    staging = join(folder, STAGING)
    buckets = max(1, -(-sum(part.rows for part in sealed) // PEOPLE_ROWS))
    scattered = engine.map(scatter, [part.location for part in sealed], chosen, staging, buckets)
    cuts = Cuts.of(scattered, chosen)
    counts = engine.map(count, list(range(buckets)), scattered, chosen, cuts, staging)
    words = vocabulary(counts, chosen)
    write_parquet(words, join(folder, FOLDER, VOCABULARY))
    with output.progress("sequences", buckets) as advance:
        written = engine.map(write, list(range(buckets)), scattered, chosen, cuts, words, folder, advance=advance)
    found: dict[str, Any] = {
        "splits": {
            name: {
                "examples": sum(each.examples.get(name, 0) for each in written),
                "positive": sum(each.positive.get(name, 0) for each in written),
            }
            for name in SPLITS
        },
        "sessions": sum(each.sessions for each in written),
        "left_out": dict(sorted(sum((each.left_out for each in written), Counter()).items())),
        "events_left_out": {NO_PERSON: sum(each.dropped for each in scattered)},
        "split": {
            "people": {"validation": chosen.validation, "test": chosen.test},
            "until": list(chosen.until),
            "rule": "an example is of one split only by its person and by its session's time; others are left out",
        },
    }
    _adds_up(found, folder)
    sizes = {name: FIRST_CODE + pc.sum(pc.equal(words["column"], name)).as_py() for name in chosen.columns}
    content = described(chosen, sizes, found)
    fs, inner = filesystem(join(folder, FOLDER, SCHEMA))
    with fs.open_output_stream(inner) as handle:
        handle.write(canonical(content))
    return content


def _adds_up(found: dict[str, Any], folder: str) -> None:
    examples = sum(split["examples"] for split in found["splits"].values())
    files = [f for f in list_files(join(folder, FOLDER)) if f.rpartition("/")[2].startswith(SPLITS)]
    if not (found["sessions"] == examples + sum(found["left_out"].values()) and examples == sum(map(row_count, files))):
        raise DataError("the sessions of the sequences do not add up", "export again; if it comes back, report it")
    if not found["splits"]["train"]["examples"]:
        raise DataError(
            f"no session is left to train on: {found['sessions']} sessions, left out {found['left_out']}",
            "lower sequences.after or move sequences.until; a release whose times are cut to days has no sessions",
        )
