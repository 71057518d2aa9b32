from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from candidates import NOW, a_policy, built, fields, make, people
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dataweir.errors import ConfigError, PrivacyGateFailed, StorageError
from dataweir.privacy.bundle import publish
from dataweir.privacy.review import signed
from dataweir.privacy.signing import fingerprint, signed_by
from dataweir.privacy.verify import verify

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)


def test_a_bundle_holds_what_its_manifest_lists(tmp_path: Path) -> None:
    candidate = built(tmp_path)
    made = publish(candidate.folder, tmp_path / "out", fields(candidate), KEY)
    content = (tmp_path / "out" / "manifest.json").read_bytes()
    manifest = json.loads(content)
    assert made.new
    assert made.content == manifest
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    assert signed_by(KEY.public_key(), (tmp_path / "out" / "manifest.sig").read_bytes(), content)
    listed = {file["path"]: file for file in manifest["files"]}
    there = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert there == {*listed, "manifest.json", "manifest.sig"}
    for name, file in listed.items():
        data = (tmp_path / "out" / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    assert manifest["rows"] == pq.read_table(tmp_path / "out" / "data").num_rows == 39
    assert manifest["schema"]["when"] == "timestamp[us, tz=UTC]"
    assert manifest["public_key"] == fingerprint(KEY.public_key())
    assert manifest["review"]["candidate_hash"] == candidate.hash
    assert manifest["policy"] == {"name": "research", "hash": a_policy().hash(), "text": "name: research\n"}
    assert manifest["lineage"] == {"refined.social_posts": ["raw.reddit"]}
    assert "sample" not in manifest["evidence"]
    assert not list(tmp_path.glob(".out*"))


def test_the_card_says_what_matters(tmp_path: Path) -> None:
    candidate = built(tmp_path)
    publish(candidate.folder, tmp_path / "out", fields(candidate), KEY)
    card = (tmp_path / "out" / "README.md").read_text()
    for word in (
        "# posts",
        "CC-BY-4.0",
        "approved by Ada",
        "| text | string | EMAIL_ADDRESS 40 |",
        "| Linkage attack |",
        "openssl pkeyutl -verify",
        "1 of 40 rows",
    ):
        assert word in card
    assert "smallest group 9, required 3, over place" in card
    assert fingerprint(KEY.public_key()) in card


def test_publishing_again_changes_nothing_even_later(tmp_path: Path) -> None:
    candidate = built(tmp_path)
    first = publish(candidate.folder, tmp_path / "out", fields(candidate), KEY)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in (tmp_path / "out").rglob("*") if p.is_file()}
    late = replace(fields(candidate), created=NOW + timedelta(days=90))
    again = publish(candidate.folder, tmp_path / "out", late, KEY)
    assert not again.new
    assert (again.content, again.sha256) == (first.content, first.sha256)
    assert before == {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in before}


def test_the_same_candidate_gives_the_same_bundle_elsewhere(tmp_path: Path) -> None:
    candidate = built(tmp_path)
    made = [publish(candidate.folder, tmp_path / name, fields(candidate), KEY).sha256 for name in "ab"]
    assert made[0] == made[1]


def test_another_release_or_a_broken_one_is_never_overwritten(tmp_path: Path) -> None:
    candidate = built(tmp_path)
    publish(candidate.folder, tmp_path / "out", fields(candidate), KEY)
    other, _ = make(str(tmp_path / "c2"), people(80), a_policy())
    with pytest.raises(StorageError, match="is not this release") as caught:
        publish(other.folder, tmp_path / "out", fields(other), KEY)
    assert caught.value.cure
    with pytest.raises(StorageError, match="is not this release"):
        publish(candidate.folder, tmp_path / "out", fields(candidate), Ed25519PrivateKey.generate())
    (tmp_path / "out" / "README.md").write_text("x")
    with pytest.raises(StorageError, match="is not this release"):
        publish(candidate.folder, tmp_path / "out", fields(candidate), KEY)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError, match="is not this release"):
        publish(candidate.folder, tmp_path / "file", fields(candidate), KEY)
    assert (tmp_path / "file").read_text() == "mine"


def test_nothing_is_published_without_a_review_that_counts(tmp_path: Path) -> None:
    candidate = built(tmp_path)
    good = fields(candidate)
    bad = {
        "rejected": replace(good, review=replace(good.review, decision="rejected")),
        "another candidate": replace(good, review=replace(good.review, candidate_hash="0" * 64)),
        "is the requester": replace(good, review=replace(good.review, reviewer="BOB")),
        "expired": replace(good, created=NOW + timedelta(days=60)),
        "policy was changed": replace(good, policy_hash="feedfacefeedface"),
        "not signed by this project": replace(good, review=replace(good.review, reviewer="Eve")),
        "written by somebody else": replace(good, review=signed(good.review, Ed25519PrivateKey.generate())),
    }
    for word, given in bad.items():
        with pytest.raises(PrivacyGateFailed, match=word) as caught:
            publish(candidate.folder, tmp_path / "out", given, KEY)
        assert caught.value.exit_code == 4
    assert [p.name for p in tmp_path.iterdir()] == ["exports"]


def test_a_candidate_changed_after_the_approval_is_not_published(tmp_path: Path) -> None:
    candidate = built(tmp_path)
    record = Path(candidate.folder) / "candidate.json"
    whole = record.read_bytes()
    record.write_bytes(whole.replace(b'"purpose":"research"', b'"purpose":"to sell"'))
    with pytest.raises(PrivacyGateFailed, match="changed after"):
        publish(candidate.folder, tmp_path / "out", fields(candidate), KEY)
    record.write_bytes(whole)
    part = Path(candidate.folder) / "data" / "part-00000.parquet"
    pq.write_table(pq.read_table(part).slice(1), part)
    with pytest.raises(PrivacyGateFailed, match="changed after"):
        publish(candidate.folder, tmp_path / "out", fields(candidate), KEY)


def test_a_failed_publication_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = built(tmp_path)

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dataweir.privacy.bundle.sign", full)
    with pytest.raises(StorageError, match="the disk is full"):
        publish(candidate.folder, tmp_path / "shared" / "out", fields(candidate), KEY)
    assert list((tmp_path / "shared").iterdir()) == []
    monkeypatch.undo()
    publish(candidate.folder, tmp_path / "shared" / "out", fields(candidate), KEY)
    assert verify(tmp_path / "shared" / "out", KEY.public_key()).ok


def test_a_bundle_goes_to_a_local_folder(tmp_path: Path) -> None:
    candidate = built(tmp_path)
    with pytest.raises(ConfigError, match="local folder"):
        publish(candidate.folder, "s3://bucket/out", fields(candidate), KEY)
