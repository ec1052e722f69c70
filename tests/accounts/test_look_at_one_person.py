"""A person's page: where they are logged in, what protects them, what happened; and each change asks who one is."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from homeport.accounts import audit, queries, recovery
from homeport.accounts.models import AuditEvent, User
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.http import Role
from tests.accounts.acts import is_logged_in, log_in, present_code
from tests.cast import Cast, open_session
from tests.conftest import Browser
from tests.reading.page import Page

CHANGES = ("role", "suspend", "readmit", "link", "sessions/end")


def main_of(answer: Any) -> str:
    return Page(answer).one("main").text


def stale(app: Flask, everybody: Cast) -> Browser:
    """Olga's browser, a quarter of an hour after she showed who she is."""
    browser: Any = app.test_client()
    with app.app_context():
        browser.set_cookie("sid", open_session(everybody.olga.id, clock.now() - timedelta(minutes=16)))
    return browser  # type: ignore[no-any-return]  # it is a Browser


def last_event(app: Flask) -> tuple[str, int | None, int | None]:
    with app.app_context():
        event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
        return event.action, event.actor_id, event.subject_id


def test_the_page_tells_what_protects_somebody_and_where_they_are(app: Flask, everybody: Cast, browser: Any) -> None:
    eve: Any = app.test_client()
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    log_in(eve, everybody.eve, headers={"User-Agent": agent}, environ_overrides={"REMOTE_ADDR": "192.168.1.20"})
    eve.submit(
        "/login/code",
        {"code": present_code()},
        headers={"User-Agent": agent},
        environ_overrides={"REMOTE_ADDR": "192.168.1.20"},
    )
    with app.app_context():
        recovery.renew(everybody.eve.id)
        commit()
    page = browser(everybody.olga).get(f"/admin/people/{everybody.eve.id}")
    text = main_of(page)
    assert "Authenticator app, 10 recovery codes left" in text
    assert "Firefox on Linux" in text
    assert "Home network, 192.168.1.20" in text
    assert "Eve logged in with" in text
    assert eve.token not in page.text


def test_who_hardly_has_recovery_codes_left_is_noticed(app: Flask, everybody: Cast, browser: Any) -> None:
    text = main_of(browser(everybody.olga).get(f"/admin/people/{everybody.eve.id}"))
    assert "0 recovery codes left: they should make new ones" in text
    assert "Second factorNone" in main_of(browser(everybody.olga).get(f"/admin/people/{everybody.bob.id}"))


def test_the_owner_ends_all_sessions_of_somebody(app: Flask, everybody: Cast, browser: Any) -> None:
    olga, bob, bob_elsewhere, alice = (
        browser(person) for person in (everybody.olga, everybody.bob, everybody.bob, everybody.alice)
    )
    answer = olga.submit(f"/admin/people/{everybody.bob.id}/sessions/end")
    assert answer.status_code == 303
    assert "Bob is logged out everywhere." in olga.get(answer.location).text
    assert not is_logged_in(bob)
    assert not is_logged_in(bob_elsewhere)
    assert is_logged_in(alice)
    assert last_event(app) == ("session_ended", everybody.olga.id, everybody.bob.id)
    assert "Olga logged Bob out everywhere" in main_of(olga.get(answer.location))
    assert log_in(bob, everybody.bob).status_code == 303, "and may log in again"


def test_a_login_that_waits_for_its_code_ends_too(app: Flask, everybody: Cast, browser: Any) -> None:
    eve: Any = app.test_client()
    log_in(eve, everybody.eve)
    browser(everybody.olga).submit(f"/admin/people/{everybody.eve.id}/sessions/end")
    assert eve.submit("/login/code", {"code": present_code()}).location == "/login?after=too-late"


def test_ending_ones_own_sessions_keeps_this_one(everybody: Cast, browser: Any) -> None:
    olga, elsewhere = browser(everybody.olga), browser(everybody.olga)
    assert olga.submit(f"/admin/people/{everybody.olga.id}/sessions/end").status_code == 303
    assert is_logged_in(olga)
    assert not is_logged_in(elsewhere)


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_asks_again_who_it_is(app: Flask, everybody: Cast, browser: Any, change: str) -> None:
    bob, olga, path = browser(everybody.bob), stale(app, everybody), f"/admin/people/{everybody.bob.id}"
    answer = olga.submit(f"{path}/{change}", {"role": "owner"}, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.get_json()["error"]["code"] == "proof_too_old"
    assert is_logged_in(bob)
    with app.app_context():
        user = queries.by_id(everybody.bob.id)
        assert user is not None
        assert (user.role, user.suspended_at) == (Role.AUTHOR, None)
        assert db.session.scalar(select(AuditEvent.id)) is None
    page = olga.get(path).text
    assert f'href="/account/confirm?next={path}"' in page, "and the page says so before anything is pressed"
    assert "confirm that it is you" not in browser(everybody.olga).get(path).text


def test_a_change_of_role_can_be_undone_and_is_told(app: Flask, everybody: Cast, browser: Any) -> None:
    olga, path = browser(everybody.olga), f"/admin/people/{everybody.bob.id}"
    olga.submit(f"{path}/role", {"role": "editor"})
    assert "Bob is now editor. Before: author." in olga.get(path).text
    assert "Olga changed Bob’s role from author to editor" in main_of(olga.get(path))
    olga.submit(f"{path}/role", {"role": "author"})
    assert "Olga changed Bob’s role from editor to author" in main_of(olga.get(path))


def test_an_owner_who_steps_down_lands_where_they_may_be(app: Flask, everybody: Cast, browser: Any) -> None:
    with app.app_context():
        db.session.get_one(User, everybody.eve.id).role = Role.OWNER
        commit()
    olga = browser(everybody.olga)
    answer = olga.submit(f"/admin/people/{everybody.olga.id}/role", {"role": "author"})
    assert answer.location == "/account"
    assert "Olga is now author." in olga.get("/account").text


def test_who_added_somebody_is_said(app: Flask, everybody: Cast, browser: Any) -> None:
    olga = browser(everybody.olga)
    olga.submit("/admin/people/add", {"name": "Zoe", "email": "zoe@example.com", "role": "reader"})
    with app.app_context():
        zoe = queries.by_email("zoe@example.com")
        assert zoe is not None
        path = f"/admin/people/{zoe.id}"
    text = main_of(olga.get(path))
    assert "added by Olga" in text
    assert "Waiting" in text
    assert "Olga made an account for Zoe as reader" in text


def test_a_name_cannot_pass_for_an_event(app: Flask, everybody: Cast, browser: Any) -> None:
    with app.app_context():
        db.session.get_one(User, everybody.bob.id).display_name = "Bob changed Olga’s role from owner to reader"
        audit.record("login", by=everybody.bob.viewer, now=clock.now(), means="{actor} [x]")
        commit()
    page = browser(everybody.olga).get(f"/admin/people/{everybody.bob.id}")
    assert Page(page).links()["Bob changed Olga’s role from owner to reader"] == f"/admin/people/{everybody.bob.id}"
    assert "logged in with {actor} [x]" in main_of(page)
