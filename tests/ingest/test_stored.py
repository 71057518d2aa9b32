"""Files on disk, in an S3 server, behind HTTP and inside archives: one way to find and open them."""

from __future__ import annotations

import http.server
import io
import tarfile
import threading
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
import pytest

from dataweir.config import validate
from dataweir.errors import ConfigError, SourceError
from dataweir.ingest.sources.files import Files
from dataweir.ingest.stored import display, find, opened, split_member
from dataweir.storage import delete_files, exists, filesystem, list_files, write_parquet

CSV = b"id,name\n1,Ann\n2,Bob\n"
LIMIT = 10**9


def source(folder: Path, path: str | list[str], **options: Any) -> Files:
    return Files("s", validate(Files.Config, {"type": "files", "path": path, **options}, "s"), str(folder))


def read(made: Files, cursor: dict | None = None) -> tuple[list[tuple], dict, list[tuple[str, str]]]:
    plan = made.plan(cursor or {})
    pulled = [part for split in plan.splits for part in made.read(split)]
    assert not any(len(p.rejects) for p in pulled)
    return (
        [(r["file"], r["line"], r["id"], r["name"]) for p in pulled for r in p.rows.to_pylist()],
        plan.cursor,
        plan.skipped,
    )


def zipped(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def tarred(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> None:
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


# archives


@pytest.mark.parametrize("name", ["all.zip", "all.tar", "all.tar.gz", "all.tgz", "all.tar.bz2", "all.tar.xz"])
def test_an_archive_is_read_as_the_files_in_it(tmp_path: Path, name: str) -> None:
    files = {"b/two.csv": b"id,name\n3,Cy\n", "a.csv": CSV, "readme.md": b"# no table\n"}
    if name.endswith("zip"):
        zipped(tmp_path / name, files)
    else:
        mode = {"r": "w", "z": "w:gz", "2": "w:bz2"}.get(name[-1], "w:xz")
        tarred(tmp_path / name, files, "w:gz" if name.endswith("gz") else mode)
    made = source(tmp_path, f"{name}!/**.csv")
    rows, cursor, _ = read(made)
    assert rows == [
        (f"{name}!/a.csv", 1, 1, "Ann"),
        (f"{name}!/a.csv", 2, 2, "Bob"),
        (f"{name}!/b/two.csv", 1, 3, "Cy"),
    ]
    assert read(source(tmp_path, f"{name}!/**.csv"), cursor)[0] == []


def test_an_archive_may_be_named_without_its_members_and_by_a_pattern(tmp_path: Path) -> None:
    zipped(tmp_path / "1.zip", {"a.csv": CSV})
    zipped(tmp_path / "2.zip", {"a.csv": b"id,name\n3,Cy\n"})
    assert [row[0] for row in read(source(tmp_path, "*.zip"))[0]] == ["1.zip!/a.csv", "1.zip!/a.csv", "2.zip!/a.csv"]


def test_what_was_read_as_a_file_is_not_read_again_from_an_archive(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    _, cursor, _ = read(source(tmp_path, "*.csv"))
    zipped(tmp_path / "old.zip", {"a.csv": CSV})
    rows, _, skipped = read(source(tmp_path, ["*.csv", "old.zip"]), cursor)
    assert rows == []
    assert ("old.zip!/a.csv", "same content as a.csv") in skipped


def test_what_is_no_file_in_an_archive_is_passed_over_and_named(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x.csv", CSV)
    with tarfile.open(tmp_path / "all.tar", "w") as out:
        link = tarfile.TarInfo("link.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
        for name, data in (("inner.zip", inner.getvalue()), ("../up.csv", CSV)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    rows, _, skipped = read(source(tmp_path, "all.tar"))
    assert {row[0] for row in rows} == {"all.tar!/../up.csv"}  # a name only: nothing is ever unpacked
    assert dict(skipped) == {
        "all.tar!/link.csv": "no regular file",
        "all.tar!/inner.zip": "an archive inside an archive",
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == ["all.tar"]


def test_an_archive_that_expands_past_the_limit_is_refused_unread(tmp_path: Path) -> None:
    zipped(tmp_path / "bomb.zip", {"zeros.csv": bytes(3_000_000)})
    assert (tmp_path / "bomb.zip").stat().st_size < 10_000
    with pytest.raises(SourceError, match="expands to more than 1,000,000 bytes"):
        source(tmp_path, "bomb.zip", archive_bytes=1_000_000).plan({})
    tarred(tmp_path / "bomb.tar.gz", {"zeros.csv": bytes(3_000_000)})
    with pytest.raises(SourceError, match="expands to more than"):
        source(tmp_path, "bomb.tar.gz", archive_bytes=1_000_000).plan({})


def test_a_zip_that_lies_about_its_sizes_gives_no_more_than_it_claims(tmp_path: Path) -> None:
    zipped(tmp_path / "lie.zip", {"a.csv": b"id,name\n" + b"1,x\n" * 100_000})
    data = bytearray((tmp_path / "lie.zip").read_bytes())
    central = data.rfind(b"PK\x01\x02")
    for at in (central + 24, data.find(b"PK\x03\x04") + 22):
        data[at : at + 4] = (1000).to_bytes(4, "little")
    (tmp_path / "lie.zip").write_bytes(data)
    with pytest.raises(SourceError, match="damaged"):
        read(source(tmp_path, "lie.zip", archive_bytes=2000))


@pytest.mark.parametrize("name", ["cut.zip", "cut.tar.gz", "none.zip", "none.tar"])
def test_a_damaged_archive_is_refused(tmp_path: Path, name: str) -> None:
    if name.startswith("none"):
        data = b"no archive at all" * 100
    else:
        (zipped if name.endswith("zip") else tarred)(tmp_path / name, {"a.csv": CSV * 1000, "b.csv": CSV})
        data = (tmp_path / name).read_bytes()[:-60]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=name):
        read(source(tmp_path, name))


def test_an_encrypted_member_is_passed_over(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", {"a.csv": CSV})
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[6] |= 1
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    _, _, skipped = read(source(tmp_path, "a.zip"))
    assert skipped == [("a.zip!/a.csv", "encrypted")]


# object stores


def put(location: str, data: bytes) -> None:
    fs, inner = filesystem(location)
    with fs.open_output_stream(inner) as out:
        out.write(data)


def test_files_in_s3_are_found_by_pattern_and_read_once(tmp_path: Path, s3: dict[str, str]) -> None:
    for name in ("logs/2024/a.csv", "logs/2024/b.csv", "logs/2025/c.csv", "logs/2025/deep/d.csv", "other/e.csv"):
        put(f"s3://data/{name}", f"id,name\n{ord(name[-5])},{name[-5]}\n".encode())
    rows, cursor, _ = read(source(tmp_path, "s3://data/logs/*/*.csv"))
    assert [row[3] for row in rows] == ["a", "b", "c"]
    assert rows[0][0] == "s3://data/logs/2024/a.csv"
    assert read(source(tmp_path, "s3://data/logs/*/*.csv"), cursor)[0] == []
    assert [r[3] for r in read(source(tmp_path, "s3://data/logs/**/*.csv"), cursor)[0]] == ["d"]
    put("s3://data/logs/2024/a.csv", b"id,name\n97,a\n98,more\n")
    assert [r[3] for r in read(source(tmp_path, "s3://data/logs/*/*.csv"), cursor)[0]] == ["more"]


@pytest.mark.parametrize(("server", "root"), [("google", "gs://data"), ("azure", "az://data")])
def test_other_stores_are_read_and_written_alike(
    tmp_path: Path, server: str, root: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in request.getfixturevalue(server).items():
        monkeypatch.setenv(name, value)
    if server == "azure":
        filesystem(root)[0].create_dir("data")
    put(f"{root}/orders/a.csv", b"id,name\n1,a\n2,b\n")
    put(f"{root}/orders/deep/b.csv", b"id,name\n3,c\n")
    put(f"{root}/orders/c.txt", b"nothing")
    made = source(tmp_path, f"{root}/orders/**/*.csv")
    found, cursor, _ = read(made)
    assert sorted(row[2] for row in found) == [1, 2, 3]
    assert read(made, cursor)[0] == []
    write_parquet(pa.table({"id": [1]}), f"{root}/house/t.parquet")
    assert list_files(f"{root}/house") == [f"{root}/house/t.parquet"]
    delete_files([f"{root}/house/t.parquet"])
    assert not exists(f"{root}/house/t.parquet")
    with pytest.raises((ConfigError, SourceError)) as caught:
        read(source(tmp_path, f"{root.replace('data', 'elsewhere')}/*.csv"))
    assert "Eby8" not in str(caught.value.as_dict())


def test_a_large_object_is_read_in_ranges_and_an_archive_in_place(tmp_path: Path, s3: dict[str, str]) -> None:
    lines = b"".join(b'{"id": %d, "name": "n%d"}\n' % (n, n) for n in range(50_000))
    put("s3://data/big.jsonl", lines)
    zipped(tmp_path / "a.zip", {"in.csv": CSV})
    put("s3://data/a.zip", (tmp_path / "a.zip").read_bytes())
    made = source(tmp_path, "s3://data/big.jsonl", split_bytes=400_000)
    assert len(made.plan({}).splits) > 2
    assert [row[2] for row in read(made)[0]] == list(range(50_000))
    assert [row[0] for row in read(source(tmp_path, "s3://data/a.zip"))[0]] == ["s3://data/a.zip!/in.csv"] * 2


def test_what_is_not_in_s3_says_so_and_tells_no_key(tmp_path: Path, s3: dict[str, str], monkeypatch: Any) -> None:
    for path in ("s3://data/none.csv", "s3://nobucket/*.csv"):
        with pytest.raises((ConfigError, SourceError)) as caught:
            read(source(tmp_path, path))
        assert path.split("/")[2] in caught.value.message
        assert "canary" not in str(caught.value.as_dict())
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(ConfigError, match="sftp:// is no storage"):
        read(source(tmp_path, "sftp://host/a.csv"))


# http


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves one file, with ranges unless told otherwise."""

    ranges = True
    data = CSV

    def do_GET(self) -> None:
        if self.path.startswith("/missing") or self.path.startswith("/denied"):
            self.send_error(404 if "missing" in self.path else 403)
            return
        low, high = 0, len(self.data)
        wanted = self.headers.get("Range")
        if wanted and self.ranges:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            low, high = int(first), min(int(last) + 1, high) if last else high
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {low}-{high - 1}/{len(self.data)}")
        else:
            self.send_response(200)
        if self.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(high - low))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(self.data[low:high])

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=[True, False], ids=["ranges", "whole"])
def web(request: pytest.FixtureRequest) -> Iterator[str]:
    pytest.importorskip("aiohttp", reason="aiohttp is not installed: pip install 'dataweir[http]'")
    handler = type("Handler", (_Handler,), {"ranges": request.param})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_file_behind_http_is_read_once_and_shows_no_secret(tmp_path: Path, web: str) -> None:
    url = f"{web}/export/a.csv?signature=canary"
    rows, cursor, _ = read(source(tmp_path, url))
    assert rows == [(f"{web}/export/a.csv", 1, 1, "Ann"), (f"{web}/export/a.csv", 2, 2, "Bob")]
    assert "canary" not in str(cursor)
    assert read(source(tmp_path, url), cursor)[0] == []


@pytest.mark.parametrize("path", ["missing.csv", "denied.csv"])
def test_what_a_server_does_not_give_is_an_error_without_the_secret(tmp_path: Path, web: str, path: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(source(tmp_path, f"{web}/{path}?signature=canary"))
    assert path in caught.value.message
    assert "canary" not in str(caught.value.as_dict())


# paths


def test_names() -> None:
    assert split_member("s3://a/b.tar.gz!/x/y.csv") == ("s3://a/b.tar.gz", "x/y.csv")
    assert split_member("b.zip") == ("b.zip", None)
    assert display("https://user:canary@host/a.csv?token=canary#canary", "/") == "https://host/a.csv"


def test_patterns_on_disk_and_in_a_store_find_the_same(tmp_path: Path, s3: dict[str, str]) -> None:
    names = ["a.csv", "x1.csv", "x2.csv", "d/a.csv", "d/e/a.csv", "d/e/x1.log"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(CSV)
        put(f"s3://data/{name}", CSV)
    for pattern in ("*.csv", "*/*.csv", "**/*.csv", "x[12].csv", "x[!1].csv", "?.csv", "d/**/*.log", "d/e/*"):
        local, _ = find(pattern, str(tmp_path), "s", False, LIMIT)
        remote, _ = find(f"s3://data/{pattern}", str(tmp_path), "s", False, LIMIT)
        assert local == [f"{tmp_path}/{p.removeprefix('s3://data/')}" for p in remote], pattern


def test_nothing_is_left_open(tmp_path: Path, s3: dict[str, str]) -> None:
    put("s3://data/a.csv", CSV)
    zipped(tmp_path / "a.zip", {"in.csv": CSV})
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        for path in ("s3://data/a.csv", str(tmp_path / "a.zip!/in.csv")):
            with opened(path) as file:
                assert file.read() == CSV
            assert file.closed
    assert isinstance(filesystem("s3://data/a.csv")[0], pafs.S3FileSystem)
