"""Web archives against warcio's own writer: every record once, text decoded, damage refused."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataweir.config import validate
from dataweir.errors import SourceError
from dataweir.ingest.sources.warc import Warc

pytest.importorskip("warcio", reason="warcio is not installed: pip install 'dataweir[warc]'")
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

HTML = "<html><body>Grüner Tee</body></html>"
DAY = "2024-05-01T10:00:00Z"


def archive(records: list[tuple[str, str, bytes, list[tuple[str, str]]]], packed: bool = True) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed)
    out.write(b"")
    writer.write_record(writer.create_warcinfo_record("a.warc", {"software": "tests"}))
    for kind, url, body, headers in records:
        http = StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1") if kind == "response" else None
        writer.write_record(
            writer.create_warc_record(
                url,
                kind,
                payload=io.BytesIO(body),
                http_headers=http,
                warc_headers_dict={"WARC-Date": DAY},
                warc_content_type="text/plain" if kind == "conversion" else None,
            )
        )
    return out.getvalue()


def read(folder: Path, data: bytes, name: str = "a.warc.gz", **options: Any) -> tuple[list[dict], list[dict]]:
    (folder / name).write_bytes(data)
    made = Warc("crawl", validate(Warc.Config, {"type": "warc", "path": name, **options}, "crawl"), str(folder))
    pulled = [part for split in made.plan({}).splits for part in made.read(split)]
    return [r for p in pulled for r in p.rows.to_pylist()], [r for p in pulled for r in p.rejects.to_pylist()]


PAGES = [
    ("response", "https://a.example/1", HTML.encode("latin-1"), [("Content-Type", "text/html; charset=ISO-8859-1")]),
    ("response", "https://a.example/2", gzip.compress(HTML.encode()),
     [("Content-Type", "text/html"), ("Content-Encoding", "gzip")]),
    ("response", "https://a.example/3", b"5\r\nhello\r\n0\r\n\r\n",
     [("Content-Type", "text/plain"), ("Transfer-Encoding", "chunked")]),
    ("response", "https://a.example/4.png", b"\x89PNG", [("Content-Type", "image/png")]),
    ("conversion", "https://a.example/1", b"Gr\xc3\xbcner Tee", []),
]  # fmt: skip


@pytest.mark.parametrize("packed", [True, False])
def test_pages_come_as_text(tmp_path: Path, packed: bool) -> None:
    rows, rejects = read(tmp_path, archive(PAGES, packed))
    assert not rejects
    assert [r["content"] for r in rows] == [HTML, HTML, "hello", None, "Grüner Tee"]
    assert [r["line"] for r in rows] == [2, 3, 4, 5, 6]  # the first record says who made the archive
    assert [r["status"] for r in rows] == [200, 200, 200, 200, None]
    assert [r["content_type"] for r in rows] == ["text/html", "text/html", "text/plain", "image/png", "text/plain"]
    assert {r["ts"] for r in rows} == {dt.datetime(2024, 5, 1, 10, tzinfo=dt.UTC)}
    assert all(r["record_id"].startswith("<urn:uuid:") and r["length"] > 0 for r in rows)


def test_kinds_of_record_are_chosen_and_long_pages_cut(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, archive(PAGES), records=["warcinfo", "conversion"], content_bytes=2)
    assert [(r["kind"], r["content"]) for r in rows] == [("warcinfo", None), ("conversion", "Gr")]


def test_a_date_that_is_none_is_a_reject(tmp_path: Path) -> None:
    data = archive(PAGES[:2], packed=False).replace(DAY.encode(), b"2024-13-01T10:00:00Z", 1)
    rows, rejects = read(tmp_path, data)
    assert [r["url"] for r in rows] == ["https://a.example/2"]
    assert [(r["line"], r["reason"]) for r in rejects] == [(2, "type:ts")]
    assert b"WARC-Target-URI: https://a.example/1" in rejects[0]["raw"]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("cut", [1, 40, 200])
def test_an_archive_cut_short_is_refused(tmp_path: Path, packed: bool, cut: int) -> None:
    data = archive(PAGES, packed)
    end = len(data) - cut if packed or cut > 4 else len(data) - 5
    with pytest.raises(SourceError, match=r"a\.warc\.gz"):
        read(tmp_path, data[:end])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10**6), byte=st.integers(1, 255), raw=st.binary(max_size=60))
def test_no_bytes_crash_it(tmp_path: Path, at: int, byte: int, raw: bytes) -> None:
    data = bytearray(archive(PAGES, packed=False))
    data[at % len(data)] ^= byte
    for content in (bytes(data), raw, b"WARC/1.0\r\n" + raw):
        with contextlib.suppress(SourceError):
            read(tmp_path, content, "fuzz.warc")


def test_a_broken_record_is_not_quoted(tmp_path: Path, capfd: Any, caplog: Any) -> None:
    """The library prints the line that it stumbles over, and warns with addresses: both may name people."""
    good = archive(PAGES[:1], packed=False)
    broken = good.replace(b"https://a.example/1", b"https://a.example/?user=jane canary") + b"canary line\r\n\r\n"
    for content in (broken, b"canary line of no archive\n" * 3):
        with contextlib.suppress(SourceError):
            read(tmp_path, content, "broken.warc")
    assert "canary" not in "".join(capfd.readouterr()) + caplog.text
