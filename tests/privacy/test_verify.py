from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from candidates import built, fields
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataweir.errors import ConfigError
from dataweir.flow.sharing.verify import verify_bundle
from dataweir.privacy.bundle import publish
from dataweir.privacy.signing import public_pem
from dataweir.privacy.verify import VerifyReport, verify

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PUBLIC = KEY.public_key()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("published")
    candidate = built(root)
    publish(candidate.folder, root / "bundle", fields(candidate), KEY)
    return root / "bundle"


@pytest.fixture
def bundle(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "bundle"))


def _data(manifest: dict) -> dict:
    return next(file for file in manifest["files"] if file["path"].startswith("data/"))


def resign(bundle: Path, change: Callable[[dict], object] | bytes) -> VerifyReport:
    """Verify the bundle after its own publisher signed another manifest."""
    if isinstance(change, bytes):
        content = change
    else:
        manifest = json.loads((bundle / "manifest.json").read_bytes())
        change(manifest)
        content = json.dumps(manifest).encode()
    (bundle / "manifest.json").write_bytes(content)
    (bundle / "manifest.sig").write_bytes(KEY.sign(content))
    return verify(bundle, PUBLIC)


def test_a_good_bundle_verifies_with_the_key_in_every_form(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "their.pub").write_bytes(public_pem(PUBLIC))
    for key in (PUBLIC, public_pem(PUBLIC), tmp_path / "their.pub", str(tmp_path / "their.pub")):
        report = verify(str(bundle), key)
        assert report.ok, report.problems
        assert report.problems == []
    assert all(check.ok for check in report.checks)
    assert [c.name for c in report.checks] == [
        "public key",
        "signature",
        "manifest",
        "files",
        "nothing else",
        "contents",
        "review",
    ]
    assert (report.release["name"], report.release["rows"]) == ("posts", 39)
    moved = bundle.rename(tmp_path / "elsewhere")
    assert verify(moved, PUBLIC).ok


def test_one_flipped_bit_anywhere_is_detected(bundle: Path) -> None:
    for file in sorted(p for p in bundle.rglob("*") if p.is_file()):
        whole = file.read_bytes()
        for bit in range(0, len(whole) * 8, max(1, len(whole) * 8 // 150)):
            changed = bytearray(whole)
            changed[bit // 8] ^= 1 << bit % 8
            file.write_bytes(changed)
            report = verify(bundle, PUBLIC)
            assert not report.ok, f"{file.name}, bit {bit}"
            assert report.problems
        file.write_bytes(whole)
    assert verify(bundle, PUBLIC).ok


def test_every_bit_of_the_signature_counts(bundle: Path) -> None:
    file = bundle / "manifest.sig"
    whole = file.read_bytes()
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        file.write_bytes(changed)
        assert not verify(bundle, PUBLIC).ok


def test_truncated_grown_emptied_and_missing_files_are_detected(bundle: Path) -> None:
    for file in sorted(p for p in bundle.rglob("*") if p.is_file()):
        whole = file.read_bytes()
        for changed in (whole[:-1], whole + b"\n", whole + b"\0", b""):
            file.write_bytes(changed)
            assert not verify(bundle, PUBLIC).ok, file.name
        file.unlink()
        report = verify(bundle, PUBLIC)
        assert not report.ok
        assert any(f"{file.name} is missing" in problem for problem in report.problems)
        file.write_bytes(whole)
    assert verify(bundle, PUBLIC).ok


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("extra.txt", lambda p: p.write_text("x")),
        (".hidden", lambda p: p.write_text("")),
        ("data/part-00009.parquet", lambda p: p.write_text("x")),
        ("data/sub/x", lambda p: (p.parent.mkdir(), p.write_text("x"))),
        ("empty", lambda p: p.mkdir()),
        ("link", lambda p: p.symlink_to("README.md")),
        ("folder", lambda p: p.symlink_to("/tmp")),
        ("pipe", os.mkfifo),
    ],
)
def test_whatever_is_added_is_detected(bundle: Path, name: str, make: Callable[[Path], object]) -> None:
    make(bundle / name)
    report = verify(bundle, PUBLIC)
    assert not report.ok
    assert any(name.split("/x")[0] in problem for problem in report.problems)


def test_renamed_and_swapped_files_are_detected(bundle: Path) -> None:
    one, two = sorted((bundle / "data").iterdir())
    one.rename(bundle / "data" / "part-00005.parquet")
    assert len(verify(bundle, PUBLIC).problems) == 2
    two.rename(one)
    (bundle / "data" / "part-00005.parquet").rename(two)
    assert len(verify(bundle, PUBLIC).problems) == 2


def test_links_and_pipes_in_the_place_of_files_are_refused(bundle: Path, tmp_path: Path) -> None:
    for file in sorted(p for p in bundle.rglob("*") if p.is_file()):
        outside = tmp_path / "outside"
        file.rename(outside)
        file.symlink_to(outside)
        assert any("not a plain file" in p for p in verify(bundle, PUBLIC).problems), file.name
        file.unlink()
        os.mkfifo(file)
        assert any("not a plain file" in p for p in verify(bundle, PUBLIC).problems), file.name
        file.unlink()
        outside.rename(file)
    (bundle / "data").rename(tmp_path / "data")
    (bundle / "data").symlink_to(tmp_path / "data")
    assert "data is a link" in verify(bundle, PUBLIC).problems


def test_another_key_never_verifies_whatever_the_bundle_brings(bundle: Path) -> None:
    other = Ed25519PrivateKey.generate()
    assert not verify(bundle, other.public_key()).ok
    forged = json.loads((bundle / "manifest.json").read_bytes())
    content = json.dumps({**forged, "rows": 1}).encode()
    (bundle / "signing.pub").write_bytes(public_pem(other.public_key()))
    (bundle / "manifest.json").write_bytes(content)
    (bundle / "manifest.sig").write_bytes(other.sign(content))
    assert not verify(bundle, PUBLIC).ok
    assert not verify(bundle, other.public_key()).ok


def test_a_bad_key_or_no_bundle_is_a_report_and_no_exception(bundle: Path, tmp_path: Path) -> None:
    for key in (b"", b"x", tmp_path / "none.pub", bundle / "README.md", tmp_path):
        report = verify(bundle, key)
        assert not report.ok
        assert report.checks[0].name == "public key"
    for place in (tmp_path / "nothing", bundle / "README.md", "a\0b", ""):
        assert not verify(place, PUBLIC).ok


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "/etc/hostname",
        "data/../../outside",
        "data/../README.md",
        "data//x.parquet",
        "data/.x.parquet",
        "data\\x.parquet",
        "data/x.parquet\n",
        "data/x.xls",
        "manifest.json",
        "",
        7,
        None,
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_even_when_signed(bundle: Path, path: object) -> None:
    entry = {"path": path, "bytes": 1, "sha256": "0" * 64, "rows": 0}
    report = resign(bundle, lambda m: m["files"].append(entry))
    assert any("a path that no bundle may hold" in p for p in report.problems)
    assert not any("outside" in p or "etc" in p for p in report.problems), "the path was followed"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda m: m.update(format="weir-bundle/9"), "the format"),
        (lambda m: m.update(rows=38), "add up"),
        (lambda m: _data(m).update(rows=1), "rows"),
        (lambda m: m["schema"].update(extra="string"), "columns"),
        (lambda m: m["files"].append(m["files"][1]), "twice"),
        (lambda m: m["files"].pop(1), "README.md"),
        (lambda m: m["files"][1].update(bytes=True), "no size or hash"),
        (lambda m: m["files"][1].update(sha256="zz"), "no size or hash"),
        (lambda m: m.pop("files"), "lists no files"),
        (lambda m: m["review"].update(decision="rejected"), "no approval"),
        (lambda m: m["review"].update(reviewer="Bob"), "the reviewer is the requester"),
        (lambda m: m["review"].update(reviewer="b.ob@example.org"), "the reviewer is the requester"),
        (lambda m: m["review"].update(reviewer="Eve"), "not signed by this key"),
        (lambda m: m["review"].update(signature="00"), "not signed by this key"),
        (lambda m: m.update(public_key="0" * 16), "not the one that signed"),
    ],
)
def test_a_signed_manifest_that_contradicts_itself_is_refused(
    bundle: Path, change: Callable[[dict], object], word: str
) -> None:
    report = resign(bundle, change)
    assert not report.ok
    assert any(word in problem for problem in report.problems), report.problems


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b"\xff\xfe",
        b'{"files": 1}',
        b"[" * 100_000,
        b'{"files":[],"files":[]}',
        b"9" * 9999,
    ],
)
def test_garbage_in_the_manifest_is_reported(bundle: Path, content: bytes) -> None:
    assert not resign(bundle, content).ok


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["files", "review", "schema", "rows", "format", "public_key", "entry"]), JSON)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_signed_nonsense_raises(published: Path, tmp_path: Path, name: str, value: object) -> None:
    place = tmp_path / "fuzz"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(published, place)

    def change(manifest: dict) -> None:
        if name == "entry":
            manifest["files"][0] = value
        else:
            manifest[name] = value

    assert not resign(place, change).ok


def test_verifying_needs_the_folder_and_the_key_and_nothing_heavy(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "their.pub").write_bytes(public_pem(PUBLIC))
    code = (
        "import sys; from dataweir.privacy.verify import verify; report = verify(sys.argv[1], sys.argv[2]);"
        "heavy = {'dask', 'pandas', 'presidio_analyzer', 'spacy', 'sqlalchemy', 'pyiceberg', 'duckdb', 'pydantic'};"
        "print(report.ok, sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(bundle), str(tmp_path / "their.pub")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "True []"


def test_who_has_no_project_is_told_to_name_the_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        verify_bundle(str(tmp_path), None, str(tmp_path))
    assert "--key" in told.value.cure
