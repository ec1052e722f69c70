"""Somebody reads the log: one line an event, whatever is in it, and with the number of its request."""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, g

from homeport.core import log
from homeport.core.config import Config
from homeport.core.http import request_id
from homeport.core.log import JsonFormatter, LineFormatter


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("homeport.test", logging.WARNING, __file__, 1, message, args, None)
    vars(made).update(extra)
    return made


def test_nobody_can_forge_a_line() -> None:
    line = LineFormatter().format(
        record("login of %s failed", "x\n2026-01-01T00:00:00 INFO root all is well", who="a\r\nb\x1b[2J\u2028c")
    )
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert r"x\n2026" in line
    assert line.endswith(r"who=a\r\nb\x1b[2J\u2028c")


def test_a_line_says_when_how_bad_and_where() -> None:
    line = LineFormatter().format(record("it happened", post=7))
    assert line.endswith("+00:00 WARNING homeport.test it happened post=7")


def test_json_is_one_object_on_one_line() -> None:
    line = JsonFormatter().format(record("it\nhappened", post=7, where=Path("/x")))
    assert "\n" not in line
    found = json.loads(line)
    assert found["message"] == "it\nhappened"
    assert (found["post"], found["where"], found["level"]) == (7, "/x", "WARNING")


@pytest.mark.parametrize("formatter", [LineFormatter(), JsonFormatter()])
def test_a_crash_is_one_line_with_its_trace(formatter: logging.Formatter) -> None:
    failed = record("crash")
    try:
        raise ValueError("what\nwent wrong")
    except ValueError:
        failed.exc_info = sys.exc_info()
    line = formatter.format(failed)
    assert len(line.splitlines()) == 1
    assert "test_read_the_log.py" in line


def test_a_line_carries_the_number_of_its_request(app: Flask) -> None:
    with app.test_request_context():
        g.request_id = "abc"
        assert LineFormatter(request_id).format(record("it happened")).endswith("request=abc")
        assert json.loads(JsonFormatter(request_id).format(record("it happened")))["request"] == "abc"
    assert "request" not in LineFormatter(request_id).format(record("it happened"))


def test_the_settings_say_what_is_logged_and_how(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log.configure(Config(data=tmp_path, log_format="json", log_level="warning"))
    logging.getLogger("homeport.test").info("quiet")
    logging.getLogger("homeport.test").warning("loud")
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["loud"]


def test_the_number_on_the_error_page_is_the_one_in_the_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def crash() -> str:
        raise ZeroDivisionError

    crash.mark = None  # type: ignore[attr-defined]  # as @public does
    app.add_url_rule("/crash", view_func=crash)
    caplog.handler.setFormatter(LineFormatter(request_id))
    answer = app.test_client().get("/crash")
    assert answer.status_code == 500
    assert f"request={answer.headers['X-Request-Id']}" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in answer.text
