"""The console lists and checks the audit log, and the worker checks it once a day."""

import json
import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from homeport import cli
from homeport.accounts import audit, audit_check
from homeport.accounts.jobs import check_audit_log
from homeport.core.config import Config
from homeport.core.db import commit
from homeport.core.errors import Problem
from homeport.jobs.service import SCHEDULES
from tests.accounts.log import DAY, at, behind_its_back, fill, last_hash, run
from tests.cast import Cast


def test_the_command_ends_with_one_and_a_sentence(
    app: Flask, everybody: Cast, config: Config, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(app, everybody)
    behind_its_back(app, "UPDATE audit_events SET action = 'logout'")
    monkeypatch.setattr("sys.argv", ["homeport", "audit", "verify", "--data", str(config.data)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    out, err = capfd.readouterr()
    assert out.count("is not as it was written") == 6
    assert "The audit log is not as it was written." in err
    assert "Traceback" not in err


def test_the_command_lists_the_last_events_for_the_console(app: Flask, everybody: Cast, config: Config) -> None:
    fill(app, everybody)
    lines = run(app, "list").output.splitlines()
    assert len(lines) == 6
    sentence = "Olga changed Bob’s role from author to editor (Firefox on Linux, 192.0.2.1)"
    assert lines[-1] == f"2026-11-24 08:32:00       6  {sentence}"
    assert "Homeport made a link with which Bob can set a new password" in lines[-2]
    assert len(run(app, "list", "--last", "2").output.splitlines()) == 2
    assert len(run(app, "list", "--person", "olga@example.com").output.splitlines()) == 2
    nobody = run(app, "list", "--person", "nobody")
    assert isinstance(nobody.exception, Problem)
    assert nobody.exception.code == "no_such_person"


def test_nobodys_words_move_the_cursor_of_the_console(app: Flask, everybody: Cast, config: Config) -> None:
    with app.app_context():
        audit.record("passkey_added", by=at(everybody.bob), now=DAY, name="\x1b[2Jkey\n2026 forged")
        commit()
    output = run(app, "list").output
    assert "\x1b" not in output
    assert len(output.splitlines()) == 1


def test_once_a_day_the_log_is_checked_and_an_end_cut_off_meanwhile_is_found(
    app: Flask, everybody: Cast, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    assert SCHEDULES["check_audit_log"].interval == timedelta(hours=24)
    assert audit_check.last(config) is None
    fill(app, everybody)
    with app.app_context():
        check_audit_log()
    checked = audit_check.last(config)
    assert checked is not None
    assert (checked.events, checked.hash, checked.faults) == (6, last_hash(app), ())
    assert caplog.records == []
    behind_its_back(app, "DELETE FROM audit_details WHERE event_id = 6", "DELETE FROM audit_events WHERE id = 6")
    for _ in range(2):  # and it is not forgotten the day after
        with app.app_context():
            check_audit_log()
        found = audit_check.last(config)
        assert found is not None
        assert found.hash == checked.hash
        assert "its end was cut off" in found.faults[0]
    assert "not as it was written" in caplog.text


def test_a_check_is_no_writer(app: Flask, everybody: Cast, config: Config) -> None:
    fill(app, everybody)
    with sqlite3.connect(config.data / "homeport.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with app.app_context():
            check_audit_log()
        other.execute("ROLLBACK")
    other.close()
    assert audit_check.last(config) is not None


@pytest.mark.parametrize("content", ["", "{}", "[]", json.dumps({"at": 1, "events": 1, "hash": "", "faults": []})])
def test_a_note_that_cannot_be_read_is_as_none(config: Config, content: str) -> None:
    (config.data / audit_check.FILE).write_text(content)
    assert audit_check.last(config) is None
