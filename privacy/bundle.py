"""Publishing: an approved candidate becomes a signed bundle, a folder that anybody can verify.

    data/part-*.parquet (or .jsonl, .csv)  sequences/  README.md  README.html  croissant.json  signing.pub
    manifest.json  manifest.sig

`manifest.json` lists every file but itself and its signature; `manifest.sig` is the Ed25519 signature (64 raw
bytes) over the exact bytes of `manifest.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..errors import ConfigError, PrivacyGateFailed, StorageError
from ..storage import filesystem, is_local, join, path, storage_error
from .candidate import DATA
from .card import card
from .card_html import card_html
from .croissant import croissant
from .evidence import Candidate, read_candidate
from .files import schema_of, sha256_file
from .formats import write_as
from .review import VALID, Review, check_review, review_dict
from .signing import PUBLIC, canonical, fingerprint, public_pem, sign
from .verify import CROISSANT, FORMAT, MANIFEST, PAGE, README, SIGNATURE, verify


@dataclass(frozen=True)
class ManifestFields:
    """What the manifest says beside the candidate's own evidence.

    `review` is the approval; `policy_hash` and `policy_text` the policy as it is now; `runs` the ids of the
    runs that made the rows; `lineage` a JSON object from sources over tables to this export; `audit` the head of the
    audit trail, which cannot be cut off behind it any more; `valid` is how long an approval counts; `form` one of
    formats.FORMATS; `utility` is what a model trained on it was measured at (flow/measured.py).
    """

    created: datetime
    review: Review
    policy_hash: str
    policy_text: str
    runs: Sequence[str] = ()
    lineage: Mapping[str, Any] = field(default_factory=dict)
    audit: Mapping[str, Any] = field(default_factory=dict)
    valid: timedelta = VALID
    form: str = "parquet"
    utility: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Manifest:
    """A published bundle: folder, manifest, SHA-256 of manifest.json; not `new` where it stood before."""

    path: str
    content: dict[str, Any]
    sha256: str
    new: bool


def publish(
    candidate_dir: str, out_dir: str | Path, manifest_fields: ManifestFields, private_key: Ed25519PrivateKey
) -> Manifest:
    """Publish a candidate as the bundle `out_dir`; publishing the same candidate there again changes nothing.

    The candidate's files are hashed anew, while they are copied too. Raises PrivacyGateFailed where the
    review does not cover exactly this candidate and policy, StorageError where `out_dir` holds something
    else or cannot be written, ConfigError where it is no local folder. The bundle appears whole or not at
    all.
    """
    if not is_local(str(out_dir)):
        raise ConfigError("a bundle is published to a local folder", "name a folder, then copy it where you like")
    target = Path(path(str(out_dir))).absolute()
    candidate = read_candidate(candidate_dir)
    try:
        if os.path.lexists(target):
            return _standing(target, candidate, private_key)
        _check(candidate, manifest_fields, private_key)
        return _write(target, candidate, manifest_fields, private_key)
    except OSError as error:
        raise storage_error(error, str(target)) from None


def _check(candidate: Candidate, fields: ManifestFields, key: Ed25519PrivateKey) -> None:
    requester = str(candidate.evidence.get("requester", ""))
    reasons = check_review(fields.review, candidate.hash, requester, fields.created, fields.valid, key.public_key())
    if fields.policy_hash != candidate.evidence["policy"]["hash"]:
        reasons.append("the policy was changed after the export")
    if reasons:
        raise PrivacyGateFailed(
            f"the candidate may not be published: {'; '.join(reasons)}",
            "have it reviewed by somebody else, or export it again",
            reasons=reasons,
        )


def _standing(target: Path, candidate: Candidate, key: Ed25519PrivateKey) -> Manifest:
    """Return the bundle that stands at the target if it is this candidate's, whole and ours."""
    if verify(target, key.public_key()).ok:
        content = (target / MANIFEST).read_bytes()
        manifest = json.loads(content)
        if manifest["review"]["candidate_hash"] == candidate.hash:
            return Manifest(str(target), manifest, hashlib.sha256(content).hexdigest(), new=False)
    raise StorageError(f"{target} exists and is not this release", "publish to another folder, or move that one away")


def _write(target: Path, candidate: Candidate, fields: ManifestFields, key: Ed25519PrivateKey) -> Manifest:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        rows = [file for file in candidate.files if file["path"].startswith(f"{DATA}/")]
        others = [file for file in candidate.files if file not in rows]
        for file in candidate.files:
            (part / file["path"]).parent.mkdir(parents=True, exist_ok=True)
        copies = [_copy(candidate.folder, file, part, fields.form) for file in rows]
        beside = [_copy(candidate.folder, file, part, "parquet") for file in others]
        manifest = _manifest(candidate, fields, fingerprint(key.public_key()))
        manifest["rows"] = sum(int(file["rows"]) for file in rows)
        manifest["schema"] = schema_of([join(candidate.folder, file["path"]) for file in rows])
        extras = [
            _add(part, README, card(manifest).encode()),
            _add(part, PAGE, card_html(manifest).encode()),
            _add(part, CROISSANT, canonical(croissant(manifest, copies))),
            _add(part, PUBLIC, public_pem(key.public_key())),
        ]
        manifest["files"] = sorted([*copies, *beside, *extras], key=lambda file: str(file["path"]))
        content = canonical(manifest)
        _add(part, MANIFEST, content)
        _add(part, SIGNATURE, sign(key, content))
        # A folder that appeared meanwhile makes this fail unless it is empty: nothing is overwritten.
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Manifest(str(target), manifest, hashlib.sha256(content).hexdigest(), new=True)


def _manifest(candidate: Candidate, fields: ManifestFields, public_key: str) -> dict[str, Any]:
    evidence = candidate.evidence
    apart = ("name", "table", "purpose", "licence", "requester", "login", "policy", "schema", "sample", "difference")
    return {
        "format": FORMAT,
        "created": fields.created.astimezone(UTC).isoformat(),
        **{name: evidence[name] for name in ("name", "table", "purpose", "licence", "requester")},
        "policy": {**evidence["policy"], "text": fields.policy_text},
        "runs": list(fields.runs),
        "audit": dict(fields.audit),
        "utility": dict(fields.utility) if fields.utility else None,
        "lineage": dict(fields.lineage),
        "evidence": {name: value for name, value in evidence.items() if name not in apart},
        "review": review_dict(fields.review),
        "public_key": public_key,
    }


def _copy(folder: str, file: Mapping[str, Any], part: Path, form: str) -> dict[str, Any]:
    """Copy one data file, or write it in another form; what is read must be what was reviewed."""
    if form != "parquet":
        return _written(folder, file, part, form)
    digest = hashlib.sha256()
    fs, inner = filesystem(join(folder, file["path"]))
    with fs.open_input_stream(inner) as source, (part / file["path"]).open("xb") as copy:
        while block := source.read(1 << 20):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    if digest.hexdigest() != file["sha256"]:
        raise PrivacyGateFailed(f"{file['path']} changed while it was published", "find out why, then export again")
    return dict(file)


def _written(folder: str, file: Mapping[str, Any], part: Path, form: str) -> dict[str, Any]:
    """Write one data file in another form, from a copy of our own: nobody exchanges it between reading and hashing."""
    name = f"{file['path'].removesuffix('.parquet')}.{form}"
    reviewed = part / file["path"]
    _copy(folder, file, part, "parquet")
    with (part / name).open("xb") as copy:
        write_as(form, str(reviewed), copy)
        copy.flush()
        os.fsync(copy.fileno())
    reviewed.unlink()
    digest, size = sha256_file(str(part / name))
    return {"path": name, "bytes": size, "sha256": digest, "rows": file["rows"]}


def _add(part: Path, name: str, content: bytes) -> dict[str, Any]:
    with (part / name).open("xb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    return {"path": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "rows": None}
