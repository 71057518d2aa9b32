"""Every error Weir raises on purpose: one line of cause, one line of cure, an exit code.

    WeirError                1  the run failed; what was committed stays whole
    ├── ConfigError          2  usage or configuration is wrong; nothing was touched
    │   └── MissingExtra     2  an optional dependency is not installed
    ├── SourceError          1  a source could not be read; `retryable` says whether again may help
    ├── DataError            1  data is not what the step demands
    ├── StorageError         1  the warehouse or the catalogue refused (disk full, no permission)
    ├── QualityGateFailed    3  a critical expectation failed
    ├── PrivacyGateFailed    4  nothing left the house
    └── ProjectLocked        5  another run holds the project

No error may carry a row value: name the file, line, column and rule instead. Dask ships errors between
processes, so each one survives pickling with its facts.
"""

from __future__ import annotations

from typing import Any, ClassVar


class WeirError(Exception):
    """The root: `message` is the cause, `cure` what to do about it, `facts` what a program may want."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, cure: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.facts = facts

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.cure, self.facts)

    def as_dict(self) -> dict[str, Any]:
        """Return the error as the JSON object that `--json` prints."""
        return {
            "error": type(self).__name__,
            "message": self.message,
            "cure": self.cure,
            "exit_code": self.exit_code,
            **({"facts": self.facts} if self.facts else {}),
        }


def _rebuild(kind: type[WeirError], message: str, cure: str, facts: dict[str, Any]) -> WeirError:
    return kind(message, cure, **facts)


class ConfigError(WeirError):
    """Usage or configuration is wrong; nothing was touched."""

    exit_code = 2


class MissingExtra(ConfigError):
    """An optional dependency is not installed; the cure is the exact install line."""

    @classmethod
    def of(cls, extra: str, purpose: str) -> MissingExtra:
        """Build the error for `extra`, saying what it is needed for."""
        return cls(f"{purpose} needs the extra '{extra}'", f"pip install 'dataweir[{extra}]'", extra=extra)


class SourceError(WeirError):
    """A source could not be read; `facts['retryable']` says whether trying again may help."""

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return bool(self.facts.get("retryable", False))


class DataError(WeirError):
    """Data is not what the step demands."""


class StorageError(WeirError):
    """The warehouse or the catalogue refused: disk full, no permission, unreachable."""


class QualityGateFailed(WeirError):
    """A critical expectation failed; the batch was not committed."""

    exit_code = 3


class PrivacyGateFailed(WeirError):
    """A privacy check failed; nothing left the house."""

    exit_code = 4


class ProjectLocked(WeirError):
    """Another run holds the project."""

    exit_code = 5
