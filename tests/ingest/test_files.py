"""Which files are new: rotation, growth, renaming, copying, compressing, between runs and within one."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.config import validate
from dataweir.errors import ConfigError, SourceError
from dataweir.ingest.contract import source
from dataweir.ingest.identity import check_unchanged


class Logs:
    """A folder of logs, read again and again as a scheduled run would."""

    def __init__(self, root: Path, pattern: str = "access.log*", split_bytes: int = 1 << 26) -> None:
        self.root = root
        kind = source.get("weblog")
        config = {"type": "weblog", "path": pattern, "format": "common", "split_bytes": split_bytes}
        self.reader = kind("logs", validate(kind.Config, config, "test"), str(root))
        self.cursor: dict[str, Any] = {}
        self.read: list[tuple[str, int]] = []

    def pull(self, meanwhile: Callable[[], None] = lambda: None) -> int:
        """Plan and read; what is done meanwhile may spoil the reading: then nothing of it counts, as in a run."""
        plan = self.reader.plan(self.cursor)
        meanwhile()
        got: list[tuple[str, int]] = []
        learned: dict[str, Any] = {}
        for split in plan.splits:
            for batch in self.reader.read(split):
                learned |= batch.cursor or {}
                for part in (batch.rows, batch.rejects):
                    texts = part["path" if "path" in part.column_names else "raw"].to_pylist()
                    got += zip(texts, part["line"].to_pylist(), strict=True)
            check_unchanged(split.path, split.file, split.extra["begins"])
        self.read += got
        self.cursor = json.loads(json.dumps({**plan.cursor, **learned}))
        return len(got)


def lines(first: int, last: int) -> bytes:
    return b"".join(
        b'192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET /%d HTTP/1.1" 200 1\n' % i for i in range(first, last)
    )


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path)


def expect(logs: Logs, last: int) -> None:
    """Every line from 0 to `last` was read, each once."""
    assert Counter(path for path, _ in logs.read) == Counter(f"/{i}" for i in range(last))


def test_nothing_is_read_twice(logs: Logs, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(lines(0, 50))
    assert logs.pull() == 50
    assert logs.pull() == 0


def test_rotation_by_renaming(logs: Logs, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(lines(0, 50))
    logs.pull()
    log.rename(tmp_path / "access.log.1")
    log.write_bytes(lines(50, 80))
    logs.pull()
    expect(logs, 80)


def test_a_file_that_grew_and_was_then_renamed_is_read_on(logs: Logs, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(lines(0, 50))
    logs.pull()
    log.write_bytes(lines(0, 70))
    log.rename(tmp_path / "access.log.1")
    log.write_bytes(lines(70, 75))
    logs.pull()
    expect(logs, 75)
    assert ("/60", 61) in logs.read


def test_copy_and_truncate(logs: Logs, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(lines(0, 50))
    logs.pull()
    shutil.copy(log, tmp_path / "access.log.1")
    log.write_bytes(lines(50, 60))
    logs.pull()
    expect(logs, 60)


def test_a_copy_beside_its_original_is_read_once_within_one_run(logs: Logs, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(lines(0, 20))
    (tmp_path / "access.log.copy").write_bytes(lines(0, 20))
    logs.pull()
    expect(logs, 20)


@pytest.mark.parametrize("grown", [0, 15])
def test_a_rotated_file_that_is_compressed_is_not_read_again(logs: Logs, tmp_path: Path, grown: int) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(lines(0, 5000))
    logs.pull()
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(lines(0, 5000 + grown)))
    log.write_bytes(lines(5000 + grown, 5040))
    logs.pull()
    expect(logs, 5040)
    assert ("/5000", 5001 if grown else 1) in logs.read
    assert logs.pull() == 0


@pytest.mark.parametrize("pack", [bytes, bz2.compress, lambda text: gzip.compress(text, 1)])
@pytest.mark.parametrize("grown", [0, 15])
def test_a_log_read_compressed_is_known_unpacked_and_packed_anew(
    logs: Logs, tmp_path: Path, pack: Callable[[bytes], bytes], grown: int
) -> None:
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(lines(0, 5000)))
    logs.pull()
    (tmp_path / "access.log.1.gz").unlink()
    (tmp_path / "access.log.2").write_bytes(pack(lines(0, 5000 + grown)))
    logs.pull()
    expect(logs, 5000 + grown)
    assert logs.pull() == 0


def test_a_compressed_file_and_its_original_in_one_run_are_read_once(logs: Logs, tmp_path: Path) -> None:
    (tmp_path / "access.log.1").write_bytes(lines(0, 30))
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(lines(0, 30)))
    logs.pull()
    expect(logs, 30)


def test_two_servers_that_log_the_same_beginning_are_two_files(logs: Logs, tmp_path: Path) -> None:
    same = lines(0, 1500)
    (tmp_path / "access.log.a").write_bytes(same + lines(1, 2))
    logs.pull()
    (tmp_path / "access.log.b").write_bytes(same + lines(3, 5))
    assert logs.pull() == 1502


def test_an_unterminated_line_is_read_whole_once_it_is(logs: Logs, tmp_path: Path) -> None:
    log, text = tmp_path / "access.log", lines(0, 3)
    log.write_bytes(text[:-20])
    logs.pull()
    log.write_bytes(text)
    logs.pull()
    log.write_bytes(text + lines(3, 4))
    logs.pull()
    expect(logs, 4)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(1, 900), max_size=6), split_bytes=st.integers(50, 400))
def test_however_a_file_grows_every_line_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], split_bytes: int
) -> None:
    logs = Logs(tmp_path_factory.mktemp("grow"), split_bytes=split_bytes)
    text = lines(0, 14)
    for cut in [*sorted(cuts), len(text)]:
        (logs.root / "access.log").write_bytes(text[:cut])
        logs.pull()
    assert sorted(logs.read, key=lambda item: item[1]) == [(f"/{i}", i + 1) for i in range(14)]


def test_a_last_line_without_end_counts_once_the_file_has_settled(logs: Logs, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(lines(0, 3)[:-1])
    assert logs.pull() == 2
    assert logs.reader.plan(logs.cursor).skipped == [
        ("access.log", "its last line has not ended yet"),
        ("access.log", "unchanged since it was read"),
    ]
    an_hour_ago = log.stat().st_mtime - 3600
    os.utime(log, (an_hour_ago, an_hour_ago))
    logs.pull()
    expect(logs, 3)
    assert logs.pull() == 0


def test_nothing_there_is_a_mistake_at_first_and_none_later(logs: Logs, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file matches"):
        logs.pull()
    (tmp_path / "access.log").write_bytes(lines(0, 1))
    logs.pull()
    (tmp_path / "access.log").unlink()
    assert logs.pull() == 0


def test_empty_files_folders_and_pipes(logs: Logs, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(b"")
    plan = logs.reader.plan({})
    assert plan.splits == []
    assert plan.skipped == [("access.log", "empty")]
    with pytest.raises(ConfigError, match="is a folder"):
        Logs(tmp_path.parent, tmp_path.name).pull()


def test_split_keys_depend_on_content_alone(logs: Logs, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(lines(0, 20))
    first = [split.key for split in logs.reader.plan({}).splits]
    (tmp_path / "access.log").rename(tmp_path / "access.log.7")
    assert [split.key for split in logs.reader.plan({}).splits] == first


def test_a_damaged_archive_is_an_error_that_names_the_file(logs: Logs, tmp_path: Path) -> None:
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(lines(0, 3000))[:-9])
    with pytest.raises(SourceError, match="access.log.1.gz"):
        logs.pull()


class Rotation:
    """What logrotate and a server do to a folder, a step at a time; every line written has a number of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "access.log"
        self.written = 0
        self.kept = 0

    def _aside(self) -> Path:
        self.kept += 1
        return self.root / f"access.log.{self.kept}"

    def write(self) -> None:
        """Write on; a line may be half there already."""
        with self.log.open("ab") as handle:
            handle.write(lines(self.written, self.written + 7)[self.half() :])
        self.written += 7

    def half(self) -> int:
        text = self.log.read_bytes() if self.log.exists() else b""
        return len(text) - text.rfind(b"\n") - 1

    def begin_a_line(self) -> None:
        with self.log.open("ab") as handle:
            handle.write(lines(self.written, self.written + 1)[self.half() : 40])

    def rename(self) -> None:
        if self.log.exists() and not self.half():
            self.log.rename(self._aside())

    def copy_and_truncate(self) -> None:
        if self.log.exists() and not self.half():
            shutil.copy(self.log, self._aside())
            self.log.write_bytes(b"")

    def pack(self) -> None:
        """Compress the oldest plain file that was set aside, or pack the oldest gzip file anew."""
        for old in sorted(self.root.glob("access.log.*")):
            data = old.read_bytes()
            if data[:3] != b"BZh":
                packed = data[:2] == b"\x1f\x8b"
                self._aside().write_bytes(bz2.compress(gzip.decompress(data)) if packed else gzip.compress(data))
                old.unlink()
                break


STEPS = ["write", "begin_a_line", "rename", "copy_and_truncate", "pack"]


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(["", "pull", "pull meanwhile"])), max_size=16))
def test_whatever_is_done_to_a_log_even_while_it_is_read_every_line_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    root = tmp_path_factory.mktemp("rotate")
    logs, rotation = Logs(root, split_bytes=300), Rotation(root)
    rotation.write()
    for step, pull in steps:
        act = getattr(rotation, step)
        if pull == "pull meanwhile":
            with contextlib.suppress(SourceError):
                logs.pull(act)
        else:
            act()
        if pull == "pull":
            logs.pull()
    rotation.write()
    logs.pull()
    expect(logs, rotation.written)
