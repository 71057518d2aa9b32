"""Excel and OpenDocument sheets, by calamine (Rust; the reader that pandas offers beside openpyxl)."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, ClassVar

from ...errors import ConfigError, MissingExtra, SourceError
from ...registry import nearest
from ..stored import opened
from ..streams import reading
from .base import ObjectFormat, damaged

_LARGEST = 1024**3


class Excel(ObjectFormat):
    """One sheet of a workbook (.xlsx, .xlsm, .xlsb, .xls, .ods): its first row that holds something is the header."""

    name: ClassVar[str] = "excel"
    endings: ClassVar[tuple[str, ...]] = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
    begins: ClassVar[tuple[bytes, ...]] = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)

    def objects(self, path: str, file: str) -> Iterator[Mapping[str, Any]]:
        """Yield the rows below the header, empty ones too, so that each keeps its number."""
        try:
            from python_calamine import CalamineError, CalamineWorkbook
        except ImportError:
            raise MissingExtra.of("formats", "reading Excel files") from None
        with reading(file), opened(path) as handle:
            try:
                self._check_size(handle, file)
                book = CalamineWorkbook.from_filelike(handle)
                rows = iter(book.get_sheet_by_name(self._sheet(book.sheet_names, file)).iter_rows())
                header: list[str] = []
                for row in rows:
                    if any(cell != "" for cell in row):
                        header = [str(cell) for cell in row]
                        break
                for row in rows:
                    yield dict(zip(_named(header, len(row)), map(_value, row), strict=True))
            except (CalamineError, zipfile.BadZipFile, NotImplementedError):
                raise damaged(file, "Excel") from None

    def _sheet(self, names: list[str], file: str) -> str:
        wanted = self.options.sheet
        if wanted is not None and wanted not in names:
            raise ConfigError(
                f"sources.{self.options.label}.sheet: {file} has no sheet '{wanted}'{nearest(wanted, names)}",
                f"its sheets are: {', '.join(names)}",
            )
        if not names:
            raise damaged(file, "Excel")
        return wanted or names[0]

    def _check_size(self, handle: BinaryIO, file: str) -> None:
        """Refuse a workbook that would expand past the limit: a sheet is held in memory whole."""
        if zipfile.is_zipfile(handle):
            handle.seek(0)
            with zipfile.ZipFile(handle) as parts:
                size = sum(part.file_size for part in parts.infolist())
            if size > min(self.options.limit, _LARGEST):
                raise SourceError(
                    f"{file} expands to more than {min(self.options.limit, _LARGEST):,} bytes",
                    "export the sheet as CSV",
                    file=file,
                    retryable=False,
                )
        handle.seek(0)


def _named(header: list[str], width: int) -> list[str]:
    """Return a name for each cell of a row; a cell without one, or with one that is taken, is numbered."""
    names: dict[str, None] = {}
    for place in range(width):
        name = (header[place] if place < len(header) else "") or f"column_{place + 1}"
        names[name if name not in names else f"{name}_{place + 1}"] = None
    return list(names)


def _value(cell: Any) -> Any:
    """Return a cell as text would spell it: Excel keeps whole numbers as decimal ones."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    if isinstance(cell, dt.date | dt.datetime | dt.time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, dt.timedelta) else cell
