"""Great Expectations' own test definitions (JSON) through its pandas engine and through ours, answer by answer.

    python -m benchmarks.quality.definitions FOLDER [--partitions 3] [--show]

FOLDER is the `tests/test_definitions` of a source distribution that still has it (0.18.22 is the last). Each case runs
on both engines with the result format COMPLETE. What the installed version no longer takes (an expectation or an
argument that is gone) is counted apart; everything else must come to the same success, the same kind of error or none,
and the same numbers, values and indices.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import math
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import dask
import dask.dataframe as dd
import great_expectations as gx
import numpy as np
import pandas as pd
from great_expectations.exceptions import ExpectationNotFoundError
from great_expectations.expectations.registry import get_expectation_impl

import dataweir.quality.execution.datasource  # noqa: F401 - registers the type dask

NULLABLE = {"Int64Dtype": "Int64", "Int32Dtype": "Int32", "BooleanDtype": "boolean", "StringDtype": "string"}


def cases(folder: Path) -> Iterator[tuple[str, str, pd.DataFrame, dict[str, Any]]]:
    """Yield file, expectation, data and arguments of every case that is for pandas."""
    for file in sorted(folder.rglob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        for dataset in content["datasets"]:
            if not isinstance(dataset.get("data"), dict):
                continue
            try:
                frame = framed(dataset)
            except (TypeError, ValueError, OverflowError):
                continue
            for case in dataset["tests"]:
                only = case.get("only_for") or []
                if (only and "pandas" not in only) or "pandas" in (case.get("suppress_test_for") or []):
                    continue
                given = case.get("in", case.get("input"))
                if isinstance(given, dict):
                    yield file.stem, content["expectation_type"], frame, given


def framed(dataset: dict[str, Any]) -> pd.DataFrame:
    """Return the data in the types that the definition gives for pandas."""
    frame = pd.DataFrame(dataset["data"])
    for name, kind in dataset.get("schemas", {}).get("pandas", {}).items():
        if name not in frame:
            continue
        if kind.startswith("datetime"):
            frame[name] = pd.to_datetime(frame[name], utc="UTC" in kind)
        else:
            frame[name] = frame[name].astype(NULLABLE.get(kind, kind))
    return frame


def answer(frame: Any, expectation: Any) -> Any:
    """Return the result of one expectation on a pandas or a Dask frame."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    on_pandas = isinstance(frame, pd.DataFrame)
    sources = context.data_sources
    source = sources.add_pandas("s") if on_pandas else sources.add_dask("s", row_values=True)  # type: ignore[attr-defined]
    batch = source.add_dataframe_asset("a").add_batch_definition("b").get_batch({"dataframe": frame})
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # progress bars
            return batch.validate(expectation, result_format="COMPLETE")
    except Exception as error:  # it is the answer, and compared as such
        return Refused(type(error).__name__)


class Refused(NamedTuple):
    """What takes the place of a result where the validation itself raised an error."""

    kind: str
    success: bool = False
    result: Mapping[str, Any] = {}

    @property
    def exception_info(self) -> dict[str, Any]:
        """The error, as a result has it."""
        return {"raised_exception": True, "exception_message": self.kind}


def differences(ours: Any, theirs: Any) -> list[str]:
    """Return what of two results is not the same."""
    found = [] if ours.success == theirs.success else ["success"]
    kinds = [each.kind if isinstance(each, Refused) else _failed(each) for each in (ours, theirs)]
    if kinds[0] != kinds[1]:
        found.append("exception")
    return found + [key for key, value in theirs.result.items() if not _same(ours.result.get(key), value)]


def _failed(result: Any) -> bool:
    told = result.exception_info or {}
    each = [told] if "raised_exception" in told else list(told.values())
    return any(one.get("raised_exception") for one in each)


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and ours.keys() == theirs.keys() and all(_same(ours[k], theirs[k]) for k in ours)
    if isinstance(theirs, (list, tuple)):
        return isinstance(ours, (list, tuple)) and len(ours) == len(theirs) and all(map(_same, ours, theirs))
    if pd.isna(theirs) or pd.isna(ours):
        return bool(pd.isna(theirs) and pd.isna(ours))
    if isinstance(theirs, (float, np.floating)):
        return isinstance(ours, (int, float, np.number)) and math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    return bool(ours == theirs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--partitions", type=int, default=3)
    parser.add_argument("--show", action="store_true", help="print both results of each case that differs")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    found: dict[str, Counter[str]] = {}
    for file, name, frame, given in cases(options.folder):
        counted = found.setdefault(file, Counter())
        try:
            expectation = get_expectation_impl(name.lower())(**given)
        except (ExpectationNotFoundError, TypeError, ValueError):
            counted["gone"] += 1
            continue
        with dask.config.set({"dataframe.convert-string": False}):  # Dask would take every object for a text
            parts = dd.from_pandas(frame, npartitions=options.partitions, sort=False)
        ours, theirs = answer(parts, expectation), answer(frame, expectation)
        unlike = differences(ours, theirs)
        counted["differ" if unlike else "same"] += 1
        if unlike and options.show:
            print(f"{name} {given}: {unlike}\n  ours   {ours.success} {ours.result} {ours.exception_info}")
            print(f"  theirs {theirs.success} {theirs.result} {theirs.exception_info}\n")
    print("| file | same | differ | no longer taken |\n|---|---|---|---|")
    for file, counted in found.items():
        print(f"| {file} | {counted['same']} | {counted['differ']} | {counted['gone']} |")
    total = sum(found.values(), Counter())
    print(f"| all | {total['same']} | {total['differ']} | {total['gone']} |")
    return 1 if total["differ"] else 0


if __name__ == "__main__":
    sys.exit(main())
