"""Log lines: one line an event, with its request id, as text or JSON."""

import json
import logging
import sys
from datetime import UTC, datetime

from flask import g, has_request_context

from homeport.core.config import Config

_STANDARD = set(vars(logging.makeLogRecord({})))


class LineFormatter(logging.Formatter):
    """`time LEVEL logger message key=value …` on one line.

    Line breaks and control characters in values are escaped, so that nobody can forge a line (ASVS V16.4.1).
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        extra = "".join(f" {key}={_plain(value)}" for key, value in _extra(record).items())
        return f"{when} {record.levelname} {record.name} {_plain(record.getMessage())}{extra}{self._trace(record)}"

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
            **_extra(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _extra(record: logging.LogRecord) -> dict[str, object]:
    extra = {key: value for key, value in vars(record).items() if key not in _STANDARD and key != "taskName"}
    if has_request_context() and "request_id" in g:
        extra["request"] = g.request_id
    return extra


def _plain(value: object) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(value))


def configure(config: Config) -> None:
    """Send every log line of this process to standard error, in the configured form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if config.log_format == "json" else LineFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.log_level.upper())
