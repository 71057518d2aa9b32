"""Verifying a bundle with nothing but its folder and the publisher's public key.

Every byte of every file is covered: the data, the card and the copy of the key by their SHA-256 in the
manifest, the manifest by its signature, and the signature by being exactly the one that fits.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ..errors import ConfigError
from .certificate import verify_certificate
from .signing import PUBLIC, SIGNATURE_BYTES, fingerprint, load_public_key, signed_by
from .verdict import VerifyReport

__all__ = ["VerifyReport", "verify"]

FORMAT = "weir-bundle/1"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
README = "README.md"
PAGE = "README.html"
CROISSANT = "croissant.json"
MAX_MANIFEST = 64 << 20

_LISTED = re.compile(
    r"README\.(?:md|html)|croissant\.json|signing\.pub|data/[A-Za-z0-9][A-Za-z0-9_.-]*\.(?:parquet|jsonl|csv)"
    r"|sequences/(?:schema\.json|vocabulary\.parquet|(?:train|validation|test)-\d{5,}\.parquet)"
)
_SHA256 = re.compile("[0-9a-f]{64}")


def verify(bundle: str | Path, public_key: str | Path | bytes | Ed25519PublicKey) -> VerifyReport:
    """Verify a bundle (a folder) or the certificate of an erasure (a file).

    `public_key` is the publisher's key, as object, PEM bytes or path of a PEM file.

    Raises nothing for a bad bundle or key: the report says what is wrong. The key in the bundle is never
    trusted.
    """
    report = VerifyReport()
    try:
        key = public_key if isinstance(public_key, Ed25519PublicKey) else load_public_key(public_key)
    except ConfigError as error:
        report.add("public key", [error.message], "")
        return report
    report.add("public key", [], f"fingerprint {fingerprint(key)}")
    try:
        _verify(Path(bundle), key, report)
    except Exception as error:  # a bundle can be wrong in ways nobody thought of: a finding, not a crash
        report.add(report.what, [f"the {report.what} cannot be read: {type(error).__name__}"], "")
    return report


def _verify(root: Path, key: Ed25519PublicKey, report: VerifyReport) -> None:
    if root.is_file():
        report.what = "certificate"
        verify_certificate(root, key, report)
        return
    if not root.is_dir():
        report.add("folder", [f"there is no folder {root}"], "")
        return
    content, problem = _content(root, MANIFEST)
    signature, signature_problem = _content(root, SIGNATURE)
    unsigned = [p for p in (problem, signature_problem) if p]
    if not unsigned and (len(signature) != SIGNATURE_BYTES or not signed_by(key, signature, content)):
        unsigned = ["the signature does not fit: manifest.json or manifest.sig was changed, or by another key"]
    report.add("signature", unsigned, "manifest.json is signed by this key")
    try:
        manifest = json.loads(content, object_pairs_hook=_once)
        files, problems = _listed(manifest)
    except (ValueError, RecursionError):
        manifest, files, problems = {}, {}, [] if problem else ["manifest.json is not readable JSON"]
    report.add("manifest", problems, f"lists {len(files)} files")
    changed = [found for name, entry in files.items() for found in _compare(root, name, entry)]
    report.add("files", changed, "every size and SHA-256 is as listed")
    report.add("nothing else", _unlisted(root, {*files, MANIFEST, SIGNATURE}), "no other file is there")
    if not report.ok:
        return
    report.add("contents", _contradictions(root, manifest, files, key), "rows and columns are as stated")
    report.add("review", _review(manifest, key), "approved by somebody other than the requester, signed by this key")
    names = ("name", "created", "rows", "purpose", "licence")
    report.release = {name: manifest.get(name) for name in names}


def _content(root: Path, name: str) -> tuple[bytes, str | None]:
    """Return the bytes of a small file, or what is wrong with it."""
    try:
        with _open(root, name) as handle:
            content = handle.read(MAX_MANIFEST + 1)
    except OSError as error:
        return b"", _unreadable(name, error)
    return (content, None) if len(content) <= MAX_MANIFEST else (b"", f"{name} is too large")


def _open(root: Path, name: str) -> Any:
    """Open a plain file without following links; OSError for anything else."""
    for parent in Path(name).parents[:-1]:
        if (root / parent).is_symlink():
            raise OSError("link")
    descriptor = os.open(root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("special")
    return os.fdopen(descriptor, "rb")


def _unreadable(name: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"{name} is missing"
    if isinstance(error, PermissionError):
        return f"{name} may not be read"
    return f"{name} is not a plain file"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _listed(manifest: Any) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the files that a manifest lists, as far as they make sense, and what does not."""
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), list):
        return {}, ["manifest.json lists no files"]
    files: dict[str, dict[str, Any]] = {}
    problems = [] if manifest.get("format") == FORMAT else [f"the format is not {FORMAT}"]
    for number, entry in enumerate(manifest["files"]):
        name = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not _LISTED.fullmatch(name):
            problems.append(f"manifest.json lists a path that no bundle may hold (entry {number})")
        elif name in files:
            problems.append(f"manifest.json lists {name} twice")
        elif type(entry.get("bytes")) is not int or not _SHA256.fullmatch(str(entry.get("sha256"))):
            problems.append(f"manifest.json gives no size or hash of {name}")
        else:
            files[name] = entry
    problems += [
        f"manifest.json does not list {name}" for name in (README, PAGE, CROISSANT, PUBLIC) if name not in files
    ]
    return files, problems


def _compare(root: Path, name: str, entry: dict[str, Any]) -> list[str]:
    digest, size = hashlib.sha256(), 0
    try:
        with _open(root, name) as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
                size += len(block)
    except OSError as error:
        return [_unreadable(name, error)]
    if size != entry["bytes"]:
        return [f"{name} has {size} bytes, the manifest says {entry['bytes']}"]
    return [] if digest.hexdigest() == entry["sha256"] else [f"{name} was changed: its SHA-256 differs"]


def _unlisted(root: Path, expected: set[str]) -> list[str]:
    def unreadable(error: OSError) -> None:
        problems.append("a folder may not be read")

    problems: list[str] = []
    for folder, folders, files in os.walk(root, onerror=unreadable):
        for entry in sorted([*folders, *files]):
            name = (Path(folder) / entry).relative_to(root).as_posix()
            if (Path(folder) / entry).is_symlink():
                problems.append(f"{name} is a link")
            elif name not in expected and not (entry in folders and any(e.startswith(f"{name}/") for e in expected)):
                problems.append(f"{name} is not part of the bundle")
    return problems


def _contradictions(
    root: Path, manifest: dict[str, Any], files: dict[str, dict[str, Any]], key: Ed25519PublicKey
) -> list[str]:
    """Return where the signed manifest and the files contradict each other: a publisher's mistake."""
    problems = []
    copy = fingerprint(load_public_key((root / PUBLIC).read_bytes()))
    if not manifest.get("public_key") == copy == fingerprint(key):
        problems.append("the key named in the bundle is not the one that signed it")
    data = [name for name in files if name.startswith("data/")]
    for name in data:
        with _open(root, name) as handle:
            rows, columns = _READERS[name.rpartition(".")[2]](handle, manifest.get("schema"))
        if rows != files[name].get("rows"):
            problems.append(f"{name} does not hold the rows that the manifest says")
        if columns != manifest.get("schema"):
            problems.append(f"{name} does not have the columns that the manifest says")
    for name in (n for n in files if n.startswith("sequences/") and n.endswith(".parquet")):
        with _open(root, name) as handle:
            if _parquet(handle, None)[0] != files[name].get("rows"):
                problems.append(f"{name} does not hold the rows that the manifest says")
    if not data or sum(files[name]["rows"] for name in data) != manifest.get("rows"):
        problems.append("the rows of the files do not add up to the manifest's")
    return problems


def _parquet(handle: Any, _: Any) -> tuple[int, Any]:
    import pyarrow.parquet as pq

    parquet = pq.ParquetFile(handle)
    return parquet.metadata.num_rows, {column.name: str(column.type) for column in parquet.schema_arrow}


def _lines(handle: Any, schema: Any) -> tuple[int, Any]:
    rows, same = 0, True
    for line in handle:
        rows += 1
        same = same and set(json.loads(line)) == set(schema)
    return rows, schema if same else None


def _csv(handle: Any, schema: Any) -> tuple[int, Any]:
    table = csv.reader(io.TextIOWrapper(handle, "utf-8", newline=""))
    head = next(table, [])  # an apostrophe keeps a name from being a formula
    same = {name.removeprefix("'") for name in head} == {name.removeprefix("'") for name in schema}
    rows = 0
    for row in table:
        rows += 1
        same = same and len(row) == len(head)
    return rows, schema if same else None


_READERS = {"parquet": _parquet, "jsonl": _lines, "csv": _csv}


def _review(manifest: dict[str, Any], key: Ed25519PublicKey) -> list[str]:
    from .people import same_person
    from .review import review_holds

    review = manifest.get("review")
    if not isinstance(review, dict) or review.get("decision") != "approved":
        return ["the manifest names no approval"]
    if same_person(str(review.get("reviewer")), str(manifest.get("requester"))):
        return ["the reviewer is the requester"]
    return [] if review_holds(review, key) else ["the approval is not signed by this key"]
