"""The way back for holders of the key: what was encrypted is read again; and the keys themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...errors import ConfigError, DataError
from ...privacy.keys import known_keys, rotate
from ...privacy.policy import load_policy
from ...privacy.reveal import reveal
from ...registry import nearest
from ...storage import join, list_files, write_parquet
from ..project import Project

_OTHER_USES = ("identity", "signing")


@dataclass(frozen=True)
class Key:
    """A key by name and id; `current`: it is the one in use."""

    name: str
    id: str
    current: bool


@dataclass(frozen=True)
class Unmasked:
    """What was read again: rows, and the columns in which something was."""

    file: str
    rows: int
    columns: list[str]


def export_key(project: Project, export: str) -> str:
    """Return the name of an export's key. Raises ConfigError where the name belongs to another use."""
    name = project.config.exports[export].key
    if name in _OTHER_USES:
        raise ConfigError(f"exports.{export}.key: '{name}' is the key of something else", "choose another name")
    return name


def keys(project: Project) -> list[Key]:
    """Return the keys of all exports that were ever used, never what they are."""
    names = {"pseudonym", *(export_key(project, export) for export in project.config.exports)}
    return [
        Key(name, identifier, at == 0)
        for name in sorted(names)
        for at, identifier in enumerate(known_keys(project.keys, name))
    ]


def rotate_key(project: Project, name: str, person: str) -> Key:
    """Begin a new key: later pseudonyms bear no relation to earlier ones, and what was encrypted can still be read."""
    names = sorted({"pseudonym", *(export_key(project, export) for export in project.config.exports)})
    if name not in names:
        raise ConfigError(f"no export has a key '{name}'{nearest(name, names)}", f"keys: {', '.join(names)}")
    with project.held() as (store, _):
        old, new = rotate(project.keys, name)
        store.audit("rotate key", name, {"from": old, "to": new}, actor=person)
    return Key(name, new, True)


def unmask(
    project: Project, export: str, source: str, target: str, person: str, reason: str, key: str | None = None
) -> Unmasked:
    """Read again what an export encrypted: `source` is a Parquet file or a bundle, `target` a file that is not there.

    `key` is the id of the key for operators that cannot name it in their result; by default the one in use. Who did
    it and why stands in the audit trail before anything is read. Raises ConfigError, and DataError for a changed token.
    """
    policy = load_policy(project.policy_path(export))
    found = known_keys(project.keys, export_key(project, export))
    chosen = key or next(iter(found), "")
    if chosen not in found:
        raise ConfigError(f"there is no key of that id for export {export}", "'weir keys list' names those there are")
    if Path(target).exists():
        raise ConfigError(f"{target} is already there", "name another file")
    if not reason.strip():
        raise ConfigError("say why: it stands in the audit trail", "--reason ...")
    from ...privacy.files import read_tables

    parts = [source] if source.endswith(".parquet") else list_files(join(source, "data"))
    parts = [part for part in parts if part.endswith(".parquet")]
    if not parts:
        raise ConfigError(f"there is no Parquet file in {source}", "name a file, or the folder of a bundle")
    project.reading()
    store = project.store()
    store.audit("unmask", export, {"file": Path(source).name, "reason": reason, "key": chosen}, actor=person)
    try:
        table: pa.Table = read_tables(parts)
        made, columns = reveal(table, policy, found, chosen)
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"cannot read {source}: {type(error).__name__}", "check the path") from None
    except ValueError as error:
        raise DataError(str(error), "verify the bundle: somebody changed it") from None
    write_parquet(made, target)
    Path(target).chmod(0o600)
    return Unmasked(target, made.num_rows, columns)


def as_rows(found: list[Key]) -> list[tuple[Any, ...]]:
    """Return keys as rows of a table."""
    return [(k.name, k.id, "in use" if k.current else "kept to read what it encrypted") for k in found]
