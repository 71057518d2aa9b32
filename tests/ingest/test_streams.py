"""Blocks of whole lines out of stored files: every codec, every cut, every damage."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.errors import SourceError
from dataweir.ingest import streams
from dataweir.ingest.streams import TextFile

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
TEXT = b"".join(b"line %d of the file\n" % i for i in range(5000))


def stored(folder: Path, data: bytes) -> TextFile:
    path = folder / "log"
    path.write_bytes(data)
    return TextFile(str(path), "log")


@pytest.mark.parametrize("codec", COMPRESS)
def test_compression_is_told_by_content_and_members_are_read_through(codec: str, tmp_path: Path) -> None:
    compress = COMPRESS[codec]
    text = stored(tmp_path, compress(TEXT[:1000]) + compress(TEXT[1000:]))
    assert text.codec == codec
    assert b"".join(text.blocks(size=4096)) == TEXT
    assert text.head(10) == TEXT[:10]


@pytest.mark.parametrize("codec", COMPRESS)
def test_a_compressed_file_cut_short_is_an_error(codec: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="middle of its|damaged"):
        list(stored(tmp_path, COMPRESS[codec](TEXT)[:-5]).blocks())


@pytest.mark.parametrize("codec", COMPRESS)
def test_a_compressed_file_with_a_flipped_byte_is_an_error(codec: str, tmp_path: Path) -> None:
    data = bytearray(COMPRESS[codec](TEXT))
    data[len(data) // 2] ^= 0x40
    if codec == "zstd":
        pytest.skip("zstd frames carry no checksum unless the writer asks for one")
    with pytest.raises(SourceError, match="damaged"):
        list(stored(tmp_path, bytes(data)).blocks())


def test_zero_padding_behind_a_gzip_member_is_no_damage(tmp_path: Path) -> None:
    padded = gzip.compress(TEXT) + b"\0" * 20_000 + gzip.compress(b"more\n")
    assert b"".join(stored(tmp_path, padded).blocks()) == TEXT + b"more\n"


@pytest.mark.parametrize(
    ("data", "mark"),
    [(b"a\nb", b"\n"), (b"a\r\nb\r\n", b"\n"), (b"a\rb\r", b"\r"), (b"", b"\n"), (b"one", b"\n"), (b"a\rb\nc", b"\n")],
)
def test_line_ends_are_told_by_the_head(data: bytes, mark: bytes, tmp_path: Path) -> None:
    assert stored(tmp_path, data).mark == mark


def test_a_byte_order_mark_is_no_text_and_utf16_is_refused(tmp_path: Path) -> None:
    assert b"".join(stored(tmp_path, b"\xef\xbb\xbfabc\n").blocks()) == b"abc\n"
    with pytest.raises(SourceError, match="UTF-16"):
        stored(tmp_path, "abc\n".encode("utf-16"))


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LONGEST", 1000)
    with pytest.raises(SourceError, match="longer than"):
        list(stored(tmp_path, b"x" * 5000).blocks(size=100))


def test_a_file_that_shrinks_while_it_is_read_is_retryable(tmp_path: Path) -> None:
    text = stored(tmp_path, TEXT)
    with pytest.raises(SourceError, match="became shorter") as caught:
        list(text.blocks(0, len(TEXT) + 1))
    assert caught.value.retryable


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot read gone: No such file"):
        TextFile(str(tmp_path / "gone"), "gone")


@pytest.mark.parametrize("codec", [None, *COMPRESS])
def test_parts_are_ranges_of_the_text(codec: str | None, tmp_path: Path) -> None:
    text = stored(tmp_path, COMPRESS[codec](TEXT) if codec else TEXT)
    for start, end in [(0, 0), (0, 7), (5, 70_000), (66_000, None), (0, None), (len(TEXT), None)]:
        assert b"".join(text.parts(start, end, 1000)) == TEXT[start:end]


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), max_size=30),
    size=st.integers(1, 64),
    ended=st.booleans(),
)
def test_blocks_are_whole_lines_and_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], size: int, ended: bool
) -> None:
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or streams.codec(data) or (b"\r" in data and b"\n" not in data):
        return
    blocks = list(stored(tmp_path_factory.mktemp("s"), data).blocks(size=size))
    assert b"".join(blocks) == data
    assert all(block.endswith(b"\n") for block in blocks[:-1])
