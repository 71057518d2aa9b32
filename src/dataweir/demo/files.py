"""Writing the week's files so that the same bytes come out every time."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import zstandard

from .truth import FileTruth, Truth

WINDOW_LOG = 28
"""Real comment dumps use a window of 2 GiB (31), which readers must ask for. This one uses 256 MiB: still twice
what readers allow by default, so the same door is tried, without asking a small machine for 2 GiB."""


def write(folder: Path, name: str, data: bytes, truth: Truth) -> FileTruth:
    """Write one file below the folder, packed as its name says (.gz, .zst), and enter it into the truth.

    Packed bytes carry no time and no name; they are the same wherever the same zlib and libzstd are at work, and
    the unpacked bytes are the same everywhere.
    """
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".gz"):
        data = _gzip(data)
    elif name.endswith(".zst"):
        data = _zstd(data)
    path.write_bytes(data)
    return truth.files.setdefault(name, FileTruth())


def _gzip(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0, compresslevel=6) as stream:
        stream.write(data)
    return buffer.getvalue()


def _zstd(data: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        6, window_log=WINDOW_LOG, write_content_size=False, write_checksum=True
    )
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return bytes(stream.compress(data) + stream.flush())
