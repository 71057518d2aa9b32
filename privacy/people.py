"""Whether two names are one person's, so that nobody becomes somebody else by spelling."""

from __future__ import annotations

import unicodedata

_ALIKE = str.maketrans("аеорсухівѕјԁɡӏαεορυνικ", "aeopcyxibsjdglaeopuvik")
"""Letters of Cyrillic and Greek that look like Latin ones, the commonest (Unicode TR 39)."""


def same_person(one: str, other: str) -> bool:
    """Whether two names are spellings of one; a name without a letter or digit is nobody's.

    Case, blanks, punctuation, diacritics and letters that look alike do not count; of an e-mail address the part
    before the @ is compared with plain names too.
    """
    first, second = _spellings(one), _spellings(other)
    return bool(first & second)


def _spellings(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_ALIKE)
    local = plain.partition("@")[0] if "@" in plain.strip("@") else plain
    return {"".join(c for c in text if c.isalnum()) for text in (plain, local)} - {""}
