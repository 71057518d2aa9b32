"""Texts that are the same but for case, width and white space."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

from ..hashing import string_hashes, to_hex


def text_keys(texts: pa.ChunkedArray, min_chars: int) -> pa.ChunkedArray:
    """Return a 128-bit hash (hex) of each normalised text; null for a null, and for one under `min_chars`.

    Normalised means: NFKC, case folded (Unicode Standard 3.13, D146), white space collapsed. The length
    counts after that.
    """
    return pa.chunked_array([_keys(chunk, min_chars) for chunk in texts.chunks], pa.string())


def normalise(text: str) -> str:
    """Return the form of a text in which two texts are compared."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def _keys(texts: pa.Array, min_chars: int) -> pa.Array:
    # NFKC leaves ASCII as it is, and folding it is lower case: only other texts go through Python, once each.
    plain = pc.replace_substring_regex(pc.ascii_lower(texts), "[\t-\r\x1c-\x20]+", " ")
    folded = pc.ascii_trim(plain, " ")
    other = pc.fill_null(pc.invert(pc.string_is_ascii(texts)), False)
    if pc.any(other).as_py():
        encoded = pc.dictionary_encode(texts.filter(other))
        new = pa.array([normalise(text) for text in encoded.dictionary.to_pylist()], pa.string())
        folded = pc.replace_with_mask(folded, other, new.take(encoded.indices))
    long = pc.fill_null(pc.greater_equal(pc.utf8_length(folded), min_chars), False)
    return pc.if_else(long, to_hex(string_hashes(folded)), pa.scalar(None, pa.string()))
