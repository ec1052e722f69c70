"""Log lines: one line an event, with its request id, as text or JSON.

Knows nothing of Flask: the supervisor, which stays in memory all the time, logs too.
"""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from homeport.core.config import Config

_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime"}  # the last two are another formatter's leavings


class LineFormatter(logging.Formatter):
    """`time LEVEL logger message key=value …` on one line.

    Line breaks and control characters in values are escaped, so that nobody can forge a line (ASVS V16.4.1).
    `request_id` returns the present request's id, or "" outside of one.
    """

    def __init__(self, request_id: Callable[[], str] = str) -> None:
        super().__init__()
        self._request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        extra = "".join(f" {key}={_plain(value)}" for key, value in self._extra(record).items())
        return f"{when} {record.levelname} {record.name} {_plain(record.getMessage())}{extra}{self._trace(record)}"

    def _extra(self, record: logging.LogRecord) -> dict[str, object]:
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD and key != "taskName"}
        request = self._request_id()
        return {**extra, "request": request} if request else extra

    def _trace(self, record: logging.LogRecord) -> str:
        return f" trace={_plain(self.formatException(record.exc_info))}" if record.exc_info else ""


class JsonFormatter(LineFormatter):
    """The same as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a JSON object."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._extra(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _plain(value: object) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(value))


def configure(config: Config, request_id: Callable[[], str] = str) -> None:
    """Send every log line of this process to standard error, in the configured form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((JsonFormatter if config.log_format == "json" else LineFormatter)(request_id))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.log_level.upper())
