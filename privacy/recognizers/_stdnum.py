"""Identity numbers with a checksum: a table of documents, proven by python-stdnum."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from ..contract import Match, Recognizer


class Document(NamedTuple):
    """One kind of number: its module in python-stdnum, its form, and how much form and checksum prove together."""

    module: str
    regex: str
    score: float


class Documents(Recognizer):
    """A recogniser over a table of documents: what fits a form and passes its checksum is found."""

    documents: ClassVar[tuple[Document, ...]]

    @classmethod
    def sieve(cls) -> tuple[tuple[str, bool], ...]:
        """Return the forms of the documents."""
        return tuple((document.regex, True) for document in cls.documents)

    @classmethod
    def search(cls, text: str, language: str) -> Iterator[Match]:
        """Yield proven numbers; where the score is low, only a context word makes them findings."""
        for regex, check, score in _compiled(cls.documents):
            for match in regex.finditer(text):
                if len(set(match[0])) > 2 and check(match[0]):
                    yield Match(match.start(), match.end(), score)


@functools.cache
def _compiled(documents: tuple[Document, ...]) -> list[tuple[Any, Any, float]]:
    import regex

    return [
        (
            regex.compile(rf"(?<![\w.,/-])(?:{document.regex})(?![\w/-]|[.,]\d)", regex.IGNORECASE),
            importlib.import_module(f"stdnum.{document.module}").is_valid,
            document.score,
        )
        for document in documents
    ]
