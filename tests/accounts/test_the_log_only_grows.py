"""The audit log only grows: the database refuses anything else, and what was changed behind its back is found."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from homeport.accounts import audit, queries
from homeport.accounts.jobs import clean_accounts
from homeport.accounts.models import AuditDetail, AuditEvent
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from tests.accounts.log import at, behind_its_back, fill, last_hash, run
from tests.cast import Cast, make_cast
from tests.conftest import migrated_app
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
    app = migrated_app(Config(data=tmp_path, database_url=url))
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
