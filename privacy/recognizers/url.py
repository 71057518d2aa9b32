"""Web addresses: with a scheme (user, port, query and fragment included), with www, or a bare domain."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from ..contract import Pattern, Recognizer, recognizer

_TAIL = r"[^\s<>\"'`{}|\\^\u00ab\u00bb\u201c\u201d\u3001\u3002\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]"
_LAST = r"(?<![.,;:!?*_\u2026\])])"


@recognizer("url")
class Url(Recognizer):
    """Web addresses: whole, from the scheme to the end of the query; bare domains under a known public suffix."""

    entity = "URL"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?<![a-z0-9])[a-z][a-z0-9+.-]{{1,20}}://{_TAIL}+{_LAST}", 0.9),
        Pattern(rf"(?<![\w@.-])www\d{{0,3}}\.[\w-]+\.{_TAIL}+{_LAST}", 0.85),
        Pattern(
            rf"(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.){{1,8}}[a-z][a-z0-9-]{{1,23}}(?![\w@-])"
            rf"(?::\d{{1,5}})?(?:[/?#]{_TAIL}*)?{_LAST}",
            0.5,
        ),
        Pattern(
            r"(?<![\w.-])w ?w ?w ?\. ?[a-z0-9][a-z0-9-]{1,40}(?: ?\. ?[a-z0-9-]{2,40}){0,2}(?: ?\. ?| (?=(?:com|net|org)(?!\w)))"
            r"(?:com|net|org|info|biz|io|tv|me|eu|uk|us|br|de|fr|es|it|nl|pt|ru|cn|tk)(?: ?\. ?(?:br|uk|au|mx|cn|tk))?(?![\w-])(?: ?/ ?[\w-]+)*",
            0.7,
        ),
    )
    positives = (
        "see «https://user:pw@shop.example.com:8443/a/b?token=abc&x=1#top», ok",
        "(«http://10.0.0.5/reset?key=9f8a7»)",
        "go to «www.jane-doe.net/cv»!",
        "my site is «janedoe.me».",
        "photos at «cdn.photos.co.uk/p/77?u=jane»",
        "watch «ww w . jodao . com» now",
        "em «w w w.telexloja com/jodao», sim",
        "or «www . site . com . br / jodao», thanks",
    )
    negatives = (
        "That was great.It really was",
        "e.g. this or i.e. that",
        "file.xyzzy is gone",
        "Node.js 18.2",
    )

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop bare words whose last label is no public suffix, or which look like a missing space."""
        if "://" in value or value[:6].lower().replace(" ", "").startswith("www"):
            return None
        host = value.partition("/")[0].partition("?")[0].partition("#")[0].partition(":")[0]
        last = host.rpartition(".")[2]
        if last[0].isupper() and not host.isupper():
            return False
        return None if _extract()(host).suffix else False


@functools.lru_cache(maxsize=1)
def _extract() -> Any:
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), cache_dir=None)
