"""Sequences: what an example holds, that nothing of its future or of another split does, and how it is read."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from candidates import PUBLISHER, a_policy, built, fields

import dataweir
from dataweir.config import ExportConfig
from dataweir.errors import ConfigError, DataError, MissingExtra
from dataweir.flow.sharing.sequences import sequences
from dataweir.output import Output
from dataweir.privacy.bundle import publish
from dataweir.privacy.candidate import SealedPart
from dataweir.privacy.evidence import write_candidate
from dataweir.privacy.labels import Labels, labelled
from dataweir.privacy.risk.groups import number_of
from dataweir.privacy.sequences.build import ASTRIDE, KNOWN, TOO_SHORT, _role
from dataweir.privacy.sequences.load import Sequences
from dataweir.privacy.verify import verify
from dataweir.settings import SequenceConfig
from dataweir.storage import write_parquet

START = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = SequenceConfig(timesteps=6, after=2, until=(0.5, 0.6), test=0.4)


class Here:
    """The engine's one method that is used, in this process."""

    def map(self, function: Any, items: list[Any], *arguments: Any, **_: Any) -> list[Any]:
        return [function(item, *arguments) for item in items]


def season(people: int = 150, seed: int = 3) -> pa.Table:
    dice = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        for _ in range(dice.integers(1, 9)):
            at = START + timedelta(minutes=int(dice.integers(0, 60 * 24 * 60)))
            for _ in range(dice.integers(1, 9)):
                bought = dice.random() < 0.15
                verb = "post" if bought else "get"
                rows.append((f"p{person}", at, verb, f"item{dice.zipf(1.6) % 30}", "yes" if bought else None))
                at += timedelta(seconds=int(dice.integers(5, 900)))
    rows.append((None, START, "get", "item1", None))
    dice.shuffle(rows)
    names = ("person", "ts", "verb", "object", "outcome")
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})
    return table.set_column(1, "ts", table["ts"].cast(pa.timestamp("us", "UTC")))


def made(folder: Path, rows: pa.Table, files: int = 2, settings: SequenceConfig = SETTINGS) -> Sequences:
    step, sealed = -(-rows.num_rows // files), []
    (folder / "staging").mkdir(parents=True)
    for i in range(files):
        part = rows.slice(i * step, step)
        location = str(folder / "data" / f"part-{i:05d}.parquet")
        write_parquet(part, location)
        sealed.append(SealedPart(f"data/part-{i:05d}.parquet", location, None, "", part.num_rows, 0, 0, ""))  # type: ignore[arg-type]
    export = ExportConfig(table="user_events", policy="p.yaml", sequences=settings)
    sequences(Here(), sealed, export, str(folder), Output(json=True))  # type: ignore[arg-type]
    return Sequences.open(folder)


def by_hand(rows: pa.Table) -> tuple[Counter[Any], Counter[str]]:
    """Work out every example in plain Python: split, label and what was done, newest last; and what is left out."""
    known = [r for r in rows.to_pylist() if r["person"] is not None]
    first, last = min(r["ts"] for r in known), max(r["ts"] for r in known)
    cuts = [first + (last - first) * share for share in SETTINGS.until]
    examples: Counter[Any] = Counter()
    left: Counter[str] = Counter()
    for person in {r["person"] for r in known}:
        events = sorted((r for r in known if r["person"] == person), key=lambda r: r["ts"])
        begins = [i for i, r in enumerate(events) if not i or r["ts"] - events[i - 1]["ts"] > timedelta(minutes=30)]
        role = int(_role(number_of(pa.table({"person": [person]}), ["person"]), SETTINGS)[0])
        for start, stop in zip(begins, [*begins[1:], len(events)], strict=True):
            at = start + SETTINGS.after - 1
            if at >= stop - 1:
                left[TOO_SHORT] += 1
                continue
            if any(r["outcome"] for r in events[start : at + 1]):
                left[KNOWN] += 1
                continue
            begin, end = events[start]["ts"], events[stop - 1]["ts"]
            fits = [end <= cuts[0], begin > cuts[0] and end <= cuts[1], begin > cuts[1]]
            if not fits[role]:
                left[ASTRIDE] += 1
                continue
            later = [r for r in events[at + 1 : stop] if r["outcome"]]
            done = tuple(r["object"] for r in events[max(0, at + 1 - SETTINGS.timesteps) : at + 1])
            target = later[0]["object"] if later else None
            examples[("train", "validation", "test")[role], bool(later), target, done] += 1
    return examples, left


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Sequences:
    return made(tmp_path_factory.mktemp("sequences"), season())


def test_every_example_is_what_plain_python_makes_of_the_rows(whole: Sequences) -> None:
    expected, left = by_hand(season())
    words = whole.values("object")
    seen: set[Any] = set(words)
    found: Counter[Any] = Counter()
    for split in ("train", "validation", "test"):
        x, mask, label, target, _ = whole.numpy(split)
        for row in range(len(x)):
            done = tuple(words[int(code)] for code in x[row, mask[row], 1])
            found[split, bool(label[row]), words[target[row]] if label[row] else None, done] += 1

    def told(examples: Counter[Any]) -> Counter[Any]:  # what training never showed has no code of its own
        known: Counter[Any] = Counter()
        for (split, label, target, done), count in examples.items():
            target = target if target in seen else None
            known[split, label, target, tuple(o if o in seen else None for o in done)] += count
        return known

    assert found == told(expected)
    assert whole.schema["left_out"] == dict(left)
    assert min(sum(n for (s, *_), n in found.items() if s == split) for split in ("train", "test")) > 10


def test_no_person_and_no_later_event_is_seen_in_training(whole: Sequences) -> None:
    people = {split: set(whole.numpy(split).person.tolist()) for split in ("train", "validation", "test")}
    assert not people["train"] & people["test"]
    assert not people["train"] & people["validation"]
    assert not people["validation"] & people["test"]


def test_what_comes_after_the_prediction_changes_no_input(tmp_path: Path, whole: Sequences) -> None:
    """The last event of every session of the people of the test becomes another: their label may change, `x` not."""
    rows = [r for r in season().to_pylist() if r["person"] is not None]
    rows.sort(key=lambda r: (r["person"], r["ts"]))
    tested = _role(number_of(pa.table({"person": [r["person"] for r in rows]}), ["person"]), SETTINGS) == 2
    changed, length = [], 0
    for number, row in enumerate(rows):
        after = rows[number + 1] if number + 1 < len(rows) else None
        length += 1
        if after is None or after["person"] != row["person"] or after["ts"] - row["ts"] > timedelta(minutes=30):
            # the person's last one only: what they do later sees it as what was done
            if length > SETTINGS.after and tested[number] and (after is None or after["person"] != row["person"]):
                row = {**row, "object": "item99", "verb": "put", "outcome": None if row["outcome"] else "yes"}
            length = 0
        changed.append(row)
    other = made(tmp_path, pa.Table.from_pylist(changed, schema=season().schema))
    assert not np.array_equal(other.numpy("test").label, whole.numpy("test").label)
    for split in ("train", "validation", "test"):
        np.testing.assert_array_equal(other.numpy(split).x, whole.numpy(split).x)


def test_neither_order_nor_number_of_files_changes_anything(tmp_path: Path, whole: Sequences) -> None:
    rows = season()
    shuffled = rows.take(pa.array(np.random.default_rng(1).permutation(rows.num_rows)))
    again = made(tmp_path, shuffled, files=5)
    assert again.schema == whole.schema
    for split in ("train", "validation", "test"):
        for one, two in zip(whole.numpy(split), again.numpy(split), strict=True):
            np.testing.assert_array_equal(one, two)


def test_missing_steps_are_zeros_before_the_first_event(whole: Sequences) -> None:
    x, mask, *_ = whole.numpy("train")
    assert x.shape[1:] == whole.shape == (6, 6)
    assert whole.features == ["verb", "object", "pause", "ago", "begins", "outcome"]
    assert not x[~mask].any()
    assert mask[:, -1].all()
    assert (np.diff(mask.astype(int), axis=1) >= 0).all()
    assert (x[:, -1, whole.features.index("ago")] == 0).all()
    assert (~mask).any()


def test_pieces_are_the_whole(whole: Sequences) -> None:
    pieces = list(whole.batches("train", 7))
    assert max(len(piece.x) for piece in pieces) == 7
    for name, column in whole.numpy("train")._asdict().items():
        np.testing.assert_array_equal(np.concatenate([getattr(piece, name) for piece in pieces]), column)


def test_hugging_face_reads_the_same(whole: Sequences, tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="datasets is not installed: pip install 'dataweir[datasets]'")
    read = whole.hugging_face("train", str(tmp_path))[:]
    np.testing.assert_array_equal(read["x"], whole.numpy("train").x)
    np.testing.assert_array_equal(read["label"], whole.numpy("train").label)


def test_torch_reads_the_same(whole: Sequences) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'dataweir[torch]'")
    parts = list(whole.torch("train", 16))
    np.testing.assert_array_equal(torch.cat([x for x, _ in parts]).numpy(), whole.numpy("train").x)


def test_tensorflow_reads_the_same(whole: Sequences) -> None:
    pytest.importorskip("tensorflow", reason="tensorflow is not installed: pip install 'dataweir[tensorflow]'")
    parts = list(whole.tensorflow("train", 16).as_numpy_iterator())
    np.testing.assert_array_equal(np.concatenate([x for x, _ in parts]), whole.numpy("train").x)


@pytest.mark.parametrize("library", ["torch", "tensorflow", "datasets"])
def test_a_library_that_is_missing_is_named_with_its_install_line(
    whole: Sequences, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    read = whole.hugging_face if library == "datasets" else getattr(whole, library)
    with pytest.raises(MissingExtra) as raised:
        read("train")
    assert raised.value.cure == f"pip install 'dataweir[{library}]'"


def test_what_cannot_be_made_is_said_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column 'outcom'.*outcome"):
        made(tmp_path / "a", season(), settings=SETTINGS.model_copy(update={"label": "outcom"}))
    days = season().set_column(1, "ts", pa.array([START] * season().num_rows, pa.timestamp("us", "UTC")))
    with pytest.raises(DataError, match="no session is left to train on"):
        made(tmp_path / "b", days, settings=SETTINGS.model_copy(update={"after": 500}))
    with pytest.raises(ConfigError, match="no sequences"):
        dataweir.sequences(tmp_path)


def test_the_bundle_carries_what_was_reviewed_and_every_bit_counts(tmp_path: Path) -> None:
    candidate = built(tmp_path)
    rows = season()
    inner = made(tmp_path / "beside", rows)
    target = Path(candidate.folder) / "sequences"
    inner.folder.rename(target)
    candidate = write_candidate(candidate.folder, {**candidate.evidence, "sequences": inner.schema})
    out = publish(candidate.folder, tmp_path / "out", fields(candidate), PUBLISHER)
    assert out.content["rows"] == sum(f["rows"] for f in candidate.files if f["path"].startswith("data/"))
    assert verify(out.path, PUBLISHER.public_key()).problems == []
    assert "6 steps of 6 features" in (tmp_path / "out" / "README.md").read_text()
    read = dataweir.sequences(out.path)
    assert read.schema == json.loads((target / "schema.json").read_text())
    file = Path(read.files("train")[0])
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    assert not verify(out.path, PUBLISHER.public_key()).ok
    assert a_policy().name == out.content["policy"]["name"]


def test_labels_become_a_column_and_people_outvote_nobody(tmp_path: Path) -> None:
    votes = [
        ("t", "a", "yes"),
        ("t", "b", "yes"),
        ("t", "b", "no"),
        ("t", "c", "no"),
        ("t", "c", "no"),
        ("u", "a", "no"),
    ]
    labels = pa.table({"task": [v[0] for v in votes], "id": [v[1] for v in votes], "label": [v[2] for v in votes]})
    write_parquet(labels, str(tmp_path / "labels.parquet"))
    rows = pa.table({"event_id": ["c", "a", "d", "b", "a"]})
    found = labelled(rows, Labels((str(tmp_path / "labels.parquet"),), ("t", "u"), "event_id"))
    assert found["t"].to_pylist() == ["no", "yes", None, None, "yes"]
    assert found["u"].to_pylist() == [None, "no", None, None, "no"]
