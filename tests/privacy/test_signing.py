from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dataweir.errors import ConfigError, StorageError
from dataweir.privacy.signing import (
    SIGNATURE_BYTES,
    fingerprint,
    load_public_key,
    public_pem,
    sign,
    signed_by,
    signing_key,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    key = signing_key(folder)
    assert mode(folder) == 0o700
    assert mode(folder / "signing.key") == 0o600
    assert mode(folder / "signing.pub") == 0o644
    assert sorted(p.name for p in folder.iterdir()) == ["signing.key", "signing.pub"]
    assert public_pem(signing_key(folder).public_key()) == public_pem(key.public_key())
    assert (folder / "signing.pub").read_bytes() == public_pem(key.public_key())


def test_processes_that_start_together_end_with_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: fingerprint(signing_key(tmp_path / "k").public_key()), range(16)))
    assert len(set(keys)) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    signing_key(tmp_path)
    (tmp_path / "signing.key").chmod(0o640)
    with pytest.raises(ConfigError, match="may be read by others") as caught:
        signing_key(tmp_path)
    assert "chmod 600" in caught.value.cure


def test_a_damaged_or_foreign_key_is_refused_and_never_replaced(tmp_path: Path) -> None:
    signing_key(tmp_path)
    whole = (tmp_path / "signing.key").read_bytes()
    (tmp_path / "signing.key").write_bytes(whole[:40])
    with pytest.raises(ConfigError, match="not an Ed25519 private key") as caught:
        signing_key(tmp_path)
    assert whole[30:40].decode() not in str(caught.value) + caught.value.cure
    assert (tmp_path / "signing.key").read_bytes() == whole[:40]


def test_a_public_half_of_another_key_is_refused_and_a_lost_one_is_written_anew(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    (tmp_path / "signing.pub").write_bytes(public_pem(Ed25519PrivateKey.generate().public_key()))
    with pytest.raises(StorageError, match="does not belong to"):
        signing_key(tmp_path)
    (tmp_path / "signing.pub").unlink()
    signing_key(tmp_path)
    assert fingerprint(load_public_key(tmp_path / "signing.pub")) == fingerprint(key.public_key())


def test_a_signature_fits_one_content_and_one_key() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    signature = sign(key, b"data")
    assert len(signature) == SIGNATURE_BYTES
    assert signature == sign(key, b"data")
    assert signed_by(key.public_key(), signature, b"data")
    assert not signed_by(key.public_key(), signature, b"datb")
    assert not signed_by(other.public_key(), signature, b"data")
    assert not signed_by(key.public_key(), signature[:-1], b"data")
    assert len(fingerprint(key.public_key())) == 16
    assert fingerprint(key.public_key()) != fingerprint(other.public_key())


@pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_public_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pub").write_bytes(content)
    with pytest.raises(ConfigError, match="not an Ed25519 public key"):
        load_public_key(tmp_path / "x.pub")
    with pytest.raises(ConfigError, match="cannot read"):
        load_public_key(tmp_path / "none.pub")
