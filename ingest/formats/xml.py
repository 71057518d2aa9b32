"""XML by record: streamed by Expat, which never fetches anything; a document that declares entities is refused.

External entities and "billion laughs" both begin with an entity declaration (OWASP, XML External Entity Prevention),
and no export of records needs one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from xml.parsers import expat

from ...errors import SourceError
from ..streams import LONGEST, TextFile
from .base import ObjectFormat, damaged

_PIECE = 256 * 1024
_DEEPEST = 64


class Xml(ObjectFormat):
    """XML: every element called `record` (or every child of the root) is a record.

    Its attributes and its children are the columns; what is repeated or nested becomes JSON text, and text of the
    element itself stands in `text`.
    """

    name: ClassVar[str] = "xml"
    endings: ClassVar[tuple[str, ...]] = (".xml",)
    begins: ClassVar[tuple[bytes, ...]] = (b"<",)

    def objects(self, path: str, file: str) -> Iterator[Mapping[str, Any]]:
        """Yield the records in order."""
        text = TextFile(path, file)
        builder = _Builder(self.options.record)
        parser = builder.parser()
        try:
            for piece in text.parts(0, None, _PIECE):
                parser.Parse(piece, False)
                yield from builder.taken()
                if builder.size > LONGEST:
                    raise _refused(file, "holds a record longer than 64 MiB", "name the tag of one record in 'record'")
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise damaged(file, "XML") from None
        except _ForbiddenError as error:
            raise _refused(file, str(error), "export it without a DTD of its own") from None
        yield from builder.taken()


class _ForbiddenError(Exception):
    """The document holds what none of ours may."""


def _refused(file: str, what: str, cure: str) -> SourceError:
    return SourceError(f"{file} {what}", cure, file=file, retryable=False)


class _Builder:
    """Builds a record from the events between its start and its end."""

    def __init__(self, tag: str | None) -> None:
        self.tag = tag
        self.size = 0
        self._depth = 0
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._done: list[dict[str, Any]] = []

    def parser(self) -> Any:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._forbid
        parser.SkippedEntityHandler = self._forbid
        return parser

    def taken(self) -> list[dict[str, Any]]:
        """Return the records that are whole, and forget them."""
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _ForbiddenError(f"nests elements more than {_DEEPEST} deep")
        local = name.rpartition(":")[2]
        begins = local == self.tag if self.tag is not None else self._depth == 2
        if self._open or begins:
            fields: dict[str, Any] = {key.rpartition(":")[2]: value for key, value in attributes.items()}
            self.size += sum(map(len, attributes.values()))
            self._open.append((local, fields, []))

    def _text(self, text: str) -> None:
        if self._open:
            self.size += len(text)
            self._open[-1][2].append(text)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if not self._open:
            return
        local, fields, texts = self._open.pop()
        text = "".join(texts).strip()
        if not self._open:
            self.size = 0
            self._done.append({**fields, "text": text} if text else fields)
            return
        value: Any = text
        if fields:
            value = {**fields, "text": text} if text else fields
        parent = self._open[-1][1]
        if local not in parent:
            parent[local] = value
        elif isinstance(parent[local], list):
            parent[local].append(value)
        else:
            parent[local] = [parent[local], value]

    def _forbid(self, *_: Any) -> None:
        raise _ForbiddenError("declares or needs entities of its own")
