"""How long a login lasts, and what ends it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from sqlite3 import connect
from typing import Any, cast

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from homeport.accounts import queries, sessions
from homeport.accounts.models import AuthSession
from homeport.app import create_app
from homeport.core import clock
from homeport.core import db as database
from homeport.core.config import Config
from homeport.core.db import commit, db, site_version
from homeport.core.http import Role
from tests.accounts.acts import is_logged_in, log_in
from tests.cast import Cast, Person, open_session
from tests.conftest import Browser
from tests.patience import FOR_EVER, without_waiting

START = datetime.fromisoformat("2026-05-01T12:00:00+00:00")


def last_seen(app: Flask) -> datetime:
    with app.app_context():
        return db.session.scalars(select(AuthSession.last_seen_at)).one()


def visit(browser: Browser) -> int:
    """Open a page and let go of the answer, as a server does when it has sent it."""
    answer = browser.get("/account/password")
    answer.close()
    return answer.status_code


@contextmanager
def logged_in_at(browser: Browser, person: Person, moment: datetime) -> Iterator[Any]:
    with time_machine.travel(moment, tick=False) as clock_hand:
        log_in(browser, person)
        yield clock_hand


def test_a_login_ends_after_two_weeks_without_a_visit(everybody: Cast, client: Browser) -> None:
    with logged_in_at(client, everybody.alice, START) as clock_hand:
        clock_hand.shift(sessions.IDLE - timedelta(seconds=1))
        assert visit(client) == 200
        clock_hand.shift(sessions.IDLE - timedelta(seconds=1))
        assert visit(client) == 200
        clock_hand.shift(sessions.IDLE)
        assert visit(client) == 303


def test_a_login_ends_after_sixty_days_however_often_one_comes(everybody: Cast, client: Browser) -> None:
    with logged_in_at(client, everybody.alice, START) as clock_hand:
        for _ in range(59):
            clock_hand.shift(timedelta(days=1))
            assert visit(client) == 200
        clock_hand.shift(timedelta(hours=23, minutes=59))
        assert visit(client) == 200
        clock_hand.shift(timedelta(minutes=1))
        assert visit(client) == 303


def test_a_dead_cookie_is_cleared(app: Flask, everybody: Cast, client: Browser) -> None:
    client.set_cookie("sid", "no such session")
    answer = client.get("/")
    assert answer.status_code == 200
    assert "sid=;" in answer.headers["Set-Cookie"]
    assert client.token == ""
    assert "Set-Cookie" not in client.get("/").headers


@pytest.mark.parametrize("value", ["", "x" * 4000, "é", "'; DROP TABLE users --", "%00"])
def test_a_strange_cookie_is_nobodys(everybody: Cast, client: Browser, value: str) -> None:
    client.set_cookie("sid", value)
    assert client.get("/account").status_code == 303


def test_another_role_counts_from_the_next_request_on(app: Flask, everybody: Cast, browser: Any) -> None:
    olga, bob = browser(everybody.olga), browser(everybody.bob)
    assert bob.get("/admin/people").status_code == 403
    olga.submit(f"/admin/people/{everybody.bob.id}/role", {"role": "owner"})
    assert bob.get("/admin/people").status_code == 200
    olga.submit(f"/admin/people/{everybody.bob.id}/role", {"role": "reader"})
    assert bob.get("/admin/people").status_code == 403


def test_who_is_suspended_is_out_at_the_next_request(app: Flask, everybody: Cast, browser: Any) -> None:
    bob = browser(everybody.bob)
    with app.app_context():  # however it comes about: the session's row is still there
        user = queries.by_id(everybody.bob.id)
        assert user is not None
        user.suspended_at = clock.now()
        commit()
    assert bob.get("/account").status_code == 303
    assert bob.submit("/account", {"display_name": "x"}).status_code == 401


def test_a_visit_is_noted_once_a_minute(app: Flask, everybody: Cast, client: Browser) -> None:
    with logged_in_at(client, everybody.alice, START) as clock_hand:
        clock_hand.shift(59)
        visit(client)
        assert last_seen(app) == START
        clock_hand.shift(1)
        visit(client)
        assert last_seen(app) == START + timedelta(minutes=1)


def test_a_visit_leaves_the_site_as_it_is(app: Flask, everybody: Cast, client: Browser) -> None:
    with app.app_context():
        before = site_version()
    with logged_in_at(client, everybody.alice, START) as clock_hand:
        clock_hand.shift(90)
        visit(client)
        client.submit("/logout")
    with app.app_context():
        assert site_version() == before


def test_noting_a_visit_waits_for_no_writer(config: Config, everybody: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (database, sessions):
        monkeypatch.setattr(module, "BUSY_SECONDS", FOR_EVER)
    app = create_app(config)
    app.test_client_class = Browser
    client = cast(Browser, app.test_client())
    with logged_in_at(client, everybody.alice, START) as clock_hand:
        clock_hand.shift(90)
        writer = connect(config.data / "homeport.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        without_waiting(lambda: visit(client))
        writer.execute("ROLLBACK")
        writer.close()
        assert last_seen(app) == START
        visit(client)
        assert last_seen(app) == START + timedelta(seconds=90)
    with app.app_context():
        timeout = db.session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar()
        assert timeout == FOR_EVER * 1000, "others are as patient as before"
        db.engine.dispose()


def test_a_session_is_not_revived_by_a_late_note(app: Flask, everybody: Cast) -> None:
    with app.app_context():
        value = open_session(everybody.alice.id)
        sessions.end(value)
        commit()
        sessions.touch(value, clock.now())
        assert sessions.find(value, clock.now()) is None


def test_the_viewer_is_who_the_session_belongs_to(app: Flask, everybody: Cast, browser: Any) -> None:
    for person in (everybody.olga, everybody.charlie):
        page = browser(person).get("/account")
        assert f'value="{person.name}"' in page.text
    assert everybody.charlie.role is Role.READER
    assert is_logged_in(browser(everybody.charlie))
