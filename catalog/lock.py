"""One run a project at a time: a lock that the operating system frees, however the run ends."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, text
from sqlalchemy.exc import SQLAlchemyError

from ..errors import ProjectLocked
from ..storage import storage_error
from .database import failure, locate, make_engine, now, sqlite_file

_KEY = "hashtextextended('weir:' || current_schema(), 0)"


@contextmanager
def project_lock(url: str) -> Iterator[None]:
    """Hold the project of the catalogue at `url`, or raise ProjectLocked (exit 5) at once.

    SQLite: an flock on `<file>.lock`. PostgreSQL: a session's advisory lock. Both end with the process,
    kill -9 included.
    """
    location = locate(url)
    file = sqlite_file(location)
    held = _file_lock(file) if file is not None else _server_lock(location)
    with held:
        yield


@contextmanager
def _file_lock(file: Path) -> Iterator[None]:
    path = file.with_name(file.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise storage_error(error, str(path)) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise _locked(_parse(handle.read())) from None
        # The file stays: unlinking it would let a third process lock a new file of the same name.
        handle.truncate(0)
        handle.write(json.dumps({"pid": os.getpid(), "since": f"{now():%Y-%m-%d %H:%M:%S} UTC"}))
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)


@contextmanager
def _server_lock(location: URL) -> Iterator[None]:
    engine = make_engine(location, name=f"weir-run pid {os.getpid()} since {now():%Y-%m-%d %H:%M:%S} UTC")
    try:
        try:
            connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            got = connection.execute(text(f"SELECT pg_try_advisory_lock({_KEY})")).scalar()
            holder = None if got else connection.execute(text(_HOLDER)).scalar()
        except SQLAlchemyError as error:
            raise failure(error, location) from None
        if not got:
            raise _locked(_parse_name(str(holder or "")))
        try:
            yield
        finally:
            connection.close()
    finally:
        engine.dispose()


_HOLDER = f"""
    SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (l.classid::bigint << 32 | l.objid::bigint) = {_KEY}
"""  # noqa: S608


def _parse(content: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _parse_name(name: str) -> dict[str, Any]:
    head, _, since = name.removeprefix("weir-run pid ").partition(" since ")
    return {"pid": int(head), "since": since} if head.isdigit() else {}


def _locked(holder: dict[str, Any]) -> ProjectLocked:
    who = f"process {holder['pid']}, since {holder['since']}" if {"pid", "since"} <= holder.keys() else "unknown"
    return ProjectLocked(
        f"another run holds the project ({who})",
        "wait until it has ended, or stop that process; the lock goes with it",
        **{k: holder[k] for k in ("pid", "since") if k in holder},
    )
