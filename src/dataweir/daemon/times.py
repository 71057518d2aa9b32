"""When a project is due: cron expressions as Debian's cron reads them, in a time zone of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from ..config import ScheduleConfig


@dataclass(frozen=True)
class Times:
    """The moments of a cron expression; days of the month and of the week are alternatives where both are given.

    A clock that is put forward skips no daily run, one that is put back repeats none: crontab(5).
    """

    cron: str
    zone: ZoneInfo

    @classmethod
    def of(cls, schedule: ScheduleConfig) -> Times:
        """Read a schedule. Raises ConfigError where expression or zone is wrong, MissingExtra without cronsim."""
        try:
            zone = ZoneInfo(schedule.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(
                f"schedule.timezone: there is no zone '{schedule.timezone}'", "name one such as Europe/Berlin"
            ) from None
        made = cls(schedule.cron, zone)
        made.next(datetime.now(UTC))
        return made

    def next(self, after: datetime) -> datetime:
        """Return the first moment after `after`, in UTC. Raises ConfigError where there is none."""
        try:
            found: datetime = next(self._simulate(after))
            return found.astimezone(UTC)
        except StopIteration:
            raise ConfigError(f"schedule.cron: '{self.cron}' never comes", "check day and month") from None

    def coming(self, after: datetime, count: int) -> list[datetime]:
        """Return the next `count` moments."""
        found: list[datetime] = []
        for _ in range(count):
            found.append(self.next(found[-1] if found else after))
        return found

    def explain(self) -> str:
        """Say the expression in words."""
        return str(self._simulate(datetime.now(UTC)).explain())

    def fields(self) -> dict[str, list[int] | None]:
        """Return the values of each field, None where all of them are meant.

        Raises ConfigError for what plain cron does not know (last days, n-th weekdays).
        """
        parsed = self._simulate(datetime.now(UTC))
        names = {"minutes": 60, "hours": 24, "days": 31, "months": 12, "weekdays": 8}
        found: dict[str, list[int] | None] = {}
        for name, whole in names.items():
            values = getattr(parsed, name)
            if not all(isinstance(value, int) and value >= 0 for value in values):
                raise ConfigError(f"schedule.cron: '{self.cron}' is more than plain cron knows", "use 'weir daemon'")
            found[name] = None if len(values) == whole else sorted(values)
        return found

    def _simulate(self, after: datetime) -> Any:
        try:
            from cronsim import CronSim, CronSimError
        except ImportError:
            raise MissingExtra.of("daemon", "a schedule") from None
        try:
            if len(self.cron.split()) != 5:
                raise CronSimError("it has not five fields")
            return CronSim(self.cron, after.astimezone(self.zone))
        except CronSimError as error:
            raise ConfigError(
                f"schedule.cron: '{self.cron}' is no cron expression ({str(error)[:1].lower()}{str(error)[1:]})",
                'write minute, hour, day of month, month and day of week, such as "0 * * * *"',
            ) from None
