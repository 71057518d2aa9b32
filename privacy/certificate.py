"""The certificate of an erasure: what was erased, when and for whom (a keyed hash), signed by the project."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..errors import StorageError
from ..storage import storage_error
from .signing import canonical, fingerprint, sign, signed_by
from .verdict import VerifyReport

FORMAT = "weir-erasure/1"


def issue(content: Mapping[str, Any], key: Ed25519PrivateKey, file: Path) -> dict[str, Any]:
    """Sign a certificate and write it; return it as it stands. One that is there already stays as it is."""
    body = {"format": FORMAT, **content, "public_key": fingerprint(key.public_key())}
    document = {"certificate": body, "signature": sign(key, canonical(body)).hex()}
    part = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        if file.exists():
            return dict(json.loads(file.read_bytes()))
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as handle:
            handle.write(canonical(document))
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(file)
    except ValueError:
        raise StorageError(f"{file} is no certificate", "move it away, then run again") from None
    except OSError as error:
        raise storage_error(error, str(file)) from None
    return document


def verify_certificate(file: Path, key: Ed25519PublicKey, report: VerifyReport) -> None:
    """Check the signature of a certificate of an erasure; `report` takes what is wrong."""
    content = file.read_bytes()
    try:
        document = json.loads(content)
        body, signature = document["certificate"], bytes.fromhex(document["signature"])
        whole = canonical(document) == content and set(document) == {"certificate", "signature"}
    except (ValueError, KeyError, TypeError):
        report.add("certificate", [f"{file.name} is no certificate of an erasure"], "")
        return
    good = whole and body.get("format") == FORMAT and signed_by(key, signature, canonical(body))
    report.add("signature", [] if good else ["the signature does not fit: it was changed, or is by another key"], "ok")
    if good:
        report.release = {name: body.get(name) for name in ("id", "kind", "subject", "finished", "rows")}
