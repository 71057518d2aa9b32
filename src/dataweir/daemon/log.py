"""The daemon's log: one JSON object a line on standard error."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

_OWN = set(vars(logging.makeLogRecord({})))


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Write time, level and event, then the facts given as `extra`; of an exception its type only."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line, default=str, ensure_ascii=False)


def daemon_log() -> logging.Logger:
    """Return the log `weir.daemon`; the scheduler library's own messages come into it from warnings upwards."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines())
    for name, level in (("weir.daemon", logging.INFO), ("apscheduler", logging.WARNING)):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [handler], False
        log.setLevel(level)
    return logging.getLogger("weir.daemon")
