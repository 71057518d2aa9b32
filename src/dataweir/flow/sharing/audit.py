"""The audit trail against what carries its head: releases and certificates, which nobody can call back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...catalog import witness
from ...storage import is_local, join
from ..project import Project
from .forget import CERTIFICATES


def anchors(project: Project, store: Any, more: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the heads of the trail that stand elsewhere, by the file they stand in.

    Looked at are the head that is kept beside the keys, the project's certificates, the releases that it knows of and
    those in the warehouse, and `more`: bundles or certificates that were kept elsewhere.
    """
    files = sorted((project.config.root / CERTIFICATES).glob("*.json"))
    if is_local(project.warehouse):
        files += sorted(Path(join(project.warehouse, "shared")).glob("*/*/manifest.json"))
    published = [c.published_path for c in store.candidates(state="published")]
    files += [Path(p) / "manifest.json" for p in published if p and is_local(p)]
    files += [p / "manifest.json" if p.is_dir() else p for p in map(Path, more)]
    found = {str(file): _head(file) for file in files if file.is_file()}
    found[str(project.keys / witness.FILE)] = witness.kept(project.keys)
    return {file: head for file, head in found.items() if head}


def _head(file: Path) -> str:
    try:
        document = json.loads(file.read_bytes())
        head = document.get("certificate", document).get("audit", {}).get("head", "")
    except (ValueError, AttributeError):
        return ""
    return head if isinstance(head, str) else ""


def verify_audit(project: Project, head: str | None = None, more: tuple[str, ...] = ()) -> Any:
    """Follow the trail; return the verdict, and the files whose head is not part of it."""
    store = project.reading()
    known = anchors(project, store, more)
    verdict = store.verify_audit([*known.values(), *([head] if head else [])])
    return verdict, sorted(file for file, stands in known.items() if stands in verdict.missing)
