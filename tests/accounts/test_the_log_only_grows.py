"""The audit log only grows: the database refuses anything else, and what was changed behind its back is found."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from homeport import cli
from homeport.accounts import audit, audit_check, queries
from homeport.accounts.jobs import check_audit_log, clean_accounts
from homeport.accounts.models import AuditDetail, AuditEvent
from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from homeport.jobs.service import SCHEDULES
from homeport.migrations.runner import upgrade
from tests.accounts.log import DAY, at, behind_its_back, fill
from tests.cast import Cast, make_cast
from tests.conftest import Browser
from tests.parts import postgresql

WRITERS, EACH = 4, 15


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A PostgreSQL server for this file."""
    with postgresql() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def blog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """A blog on either database, with an empty log."""
    kind = request.param
    url = request.getfixturevalue("address") if kind == "postgresql" else ""
    config = Config(data=tmp_path, database_url=url)
    upgrade(config)
    app = create_app(config)
    app.test_client_class = Browser
    yield app
    with app.app_context():
        if kind == "postgresql":
            connection = db.session.connection()
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
            db.session.commit()
        db.engine.dispose()


@pytest.fixture
def cast(blog: Flask, password_hash: str) -> Cast:
    """Everybody, and six events."""
    with blog.app_context():
        cast = make_cast(password_hash)
    fill(blog, cast)
    return cast


def faults(app: Flask, seen: str = "") -> list[str]:
    with app.app_context():
        return audit.verify(seen).faults


def last_hash(app: Flask) -> str:
    with app.app_context():
        return audit.verify().last_hash


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET action = 'login'",
        "UPDATE audit_events SET hash = 'x' WHERE id = 6",
        "DELETE FROM audit_events WHERE id = 6",
        "UPDATE audit_details SET salt = 'x'",
    ],
)
def test_the_database_refuses_to_change_it(blog: Flask, cast: Cast, statement: str) -> None:
    with blog.app_context():
        with pytest.raises(DBAPIError, match="the audit log only grows"):
            db.session.connection().exec_driver_sql(statement)
        db.session.rollback()
    assert faults(blog) == []


def insert(number: int) -> str:
    columns = "id, at, actor_id, subject_id, action, target, details_digest, hash"
    return f"INSERT INTO audit_events ({columns}) VALUES ({number}, '2026-11-24 09:00:00', 1, 1, 'login', '', 'x', 'y')"


PLANTED = {
    "another time": (["UPDATE audit_events SET at = '2026-11-01 08:00:00' WHERE id = 2"], "Event 2 is not"),
    "another actor": (["UPDATE audit_events SET actor_id = 5 WHERE id = 1"], "Event 1 is not"),
    "another subject": (["UPDATE audit_events SET subject_id = 5 WHERE id = 6"], "Event 6 is not"),
    "another action": (["UPDATE audit_events SET action = 'logout' WHERE id = 3"], "Event 3 is not"),
    "another target": (["UPDATE audit_events SET target = 'post:2' WHERE id = 3"], "Event 3 is not"),
    "another hash": (["UPDATE audit_events SET hash = 'x' WHERE id = 4"], "Event 4 is not"),
    "a removed event": (
        ["DELETE FROM audit_details WHERE event_id = 3", "DELETE FROM audit_events WHERE id = 3"],
        "After event 2 comes event 4",
    ),
    "a removed first event": (
        ["DELETE FROM audit_details WHERE event_id = 1", "DELETE FROM audit_events WHERE id = 1"],
        "After event 0 comes event 2",
    ),
    "a removed event, the others moved up": (
        [
            "DELETE FROM audit_details WHERE event_id >= 5",
            "DELETE FROM audit_events WHERE id = 5",
            "UPDATE audit_events SET id = 5 WHERE id = 6",
        ],
        "Event 5 is not",
    ),
    "an inserted event": ([insert(7)], "Event 7 is not"),
    "two events changed places": (
        [
            "DELETE FROM audit_details WHERE event_id IN (2, 3)",
            "UPDATE audit_events SET id = 99 WHERE id = 2",
            "UPDATE audit_events SET id = 2 WHERE id = 3",
            "UPDATE audit_events SET id = 3 WHERE id = 99",
        ],
        "Event 2 is not",
    ),
    "other details": (
        ["""UPDATE audit_details SET facts = '{"address": "192.0.2.99"}' WHERE event_id = 1"""],
        "The details of event 1 are not",
    ),
    "another salt": (["UPDATE audit_details SET salt = 'x' WHERE event_id = 6"], "The details of event 6 are not"),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_was_changed_behind_its_back_is_found(blog: Flask, cast: Cast, what: str) -> None:
    statements, sentence = PLANTED[what]
    assert faults(blog) == []
    behind_its_back(blog, *statements)
    assert any(fault.startswith(sentence) for fault in faults(blog))


def test_an_end_that_was_cut_off_is_found_by_a_hash_that_was_noted(blog: Flask, cast: Cast) -> None:
    noted = last_hash(blog)
    assert faults(blog, noted) == []
    with blog.app_context():
        audit.record("logout", by=at(cast.olga), now=clock.now())
        commit()
    assert faults(blog, noted) == [], "the log has grown, and what was noted is still in it"
    behind_its_back(blog, "DELETE FROM audit_details WHERE event_id >= 6", "DELETE FROM audit_events WHERE id >= 6")
    assert faults(blog) == []
    assert "its end was cut off" in faults(blog, noted)[0]


def test_writers_at_the_same_moment_leave_one_chain(blog: Flask, cast: Cast) -> None:
    def write(number: int) -> None:
        for _ in range(EACH):
            with blog.app_context():
                audit.record("login", by=at(cast.alice, f"192.0.2.{number}"), now=clock.now(), means="password")
                commit()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    with blog.app_context():
        found = audit.verify()
    assert (found.faults, found.events) == ([], 6 + WRITERS * EACH)


def test_details_go_after_400_days_and_the_events_stay(blog: Flask, cast: Cast) -> None:
    with blog.app_context():
        audit.record("logout", by=at(cast.olga), now=clock.now() - timedelta(days=399))
        audit.record("logout", by=at(cast.olga), now=clock.now() - timedelta(days=401))
        commit()
        assert queries.count_spent(clock.now()) == 1
        clean_accounts()
        commit()
        assert set(db.session.scalars(select(AuditDetail.event_id))) == set(range(1, 8))
        found = audit.verify()
        assert (found.faults, found.events, found.without_details) == ([], 8, 1)


def test_a_deleted_account_takes_its_details_along_and_the_chain_holds(blog: Flask, cast: Cast) -> None:
    with blog.app_context():
        audit.forget(cast.bob.id, cast.bob.email)
        commit()
        assert list(db.session.scalars(select(AuditDetail.event_id))) == [4]
        assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == 6
        found = audit.verify()
        assert (found.faults, found.without_details) == ([], 5)


def run(app: Flask, *args: str) -> Result:
    config: Config = app.config["HOMEPORT"]
    environment = {"HOMEPORT_DATABASE_URL": config.database_url} if config.database_url else {}
    return CliRunner().invoke(cli.group, ["audit", *args, "--data", str(config.data)], env=environment)


def test_the_command_says_that_it_is_whole_and_what_to_note(blog: Flask, cast: Cast) -> None:
    result = run(blog, "verify")
    assert result.exit_code == 0, result.output
    assert "whole. Events: 6. Without details: 0." in result.output
    assert last_hash(blog) in result.output
    assert run(blog, "verify", "--seen", last_hash(blog)).exit_code == 0


def test_the_command_names_the_event_that_is_not_as_it_was(blog: Flask, cast: Cast) -> None:
    behind_its_back(blog, "UPDATE audit_events SET actor_id = 5 WHERE id = 3")
    result = run(blog, "verify")
    assert result.exit_code == 1
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "audit_broken"
    assert "Event 3 is not as it was written." in result.output
    assert "whole" not in result.output


def test_the_command_finds_an_end_that_was_cut_off(blog: Flask, cast: Cast) -> None:
    noted = last_hash(blog)
    behind_its_back(blog, "DELETE FROM audit_details WHERE event_id = 6", "DELETE FROM audit_events WHERE id = 6")
    assert run(blog, "verify").exit_code == 0
    result = run(blog, "verify", "--seen", noted)
    assert result.exit_code == 1
    assert "its end was cut off" in result.output


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
