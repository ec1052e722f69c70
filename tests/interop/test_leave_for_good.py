"""Somebody deletes their account: what they are told, how they change their mind, and what becomes of their posts."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from homeport.accounts import audit, queries, service
from homeport.accounts.models import AuditDetail, Departure, Invitation, User
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM, Role
from homeport.core.site import Site
from homeport.jobs.jobs import send_mails
from homeport.jobs.models import Mail
from homeport.posts import service as posts
from homeport.posts.models import Post
from tests.accounts.acts import grow_stale, is_logged_in, log_in
from tests.conftest import Browser
from tests.interop.conftest import Leaving

PAGES = ("/account", "/account/security", "/account/sessions", "/account/picture", "/account/export", "/account/delete")


def test_asking_tells_when_and_what_and_nothing_is_gone_yet(leaving: Leaving, client: Browser) -> None:
    page = leaving.alice.get("/account/delete").text
    for word in ("What goes", "What stays", "7 days", "at most 30 days", "1 post", "Bob", "Eve", "Olga"):
        assert word in page
    assert "Charlie" not in page, "a reader could not look after posts"
    assert leaving.ask("hand_over", leaving.everybody.bob).location == "/account/delete"
    assert "go to Bob" in leaving.alice.get("/account/delete").text
    ((to, subject),) = leaving.mails()
    assert (to, "your account will be deleted on" in subject) == ("alice@example.com", True)
    assert client.get("/posts/harbour-lights").status_code == 200
    assert leaving.actions()[-1] == "departure_asked"


def test_for_a_week_every_page_of_the_account_offers_to_keep_it(leaving: Leaving, app: Flask) -> None:
    leaving.ask()
    again: Any = app.test_client()
    log_in(again, leaving.everybody.alice)
    for page in PAGES:
        assert "Keep my account" in again.get(page).text, page
    assert again.submit("/account/keep").location == "/account"
    assert "Keep my account" not in again.get("/account").text
    assert [subject.partition(": ")[2][:12] for _, subject in leaving.mails()] == ["your account", "your account"]
    leaving.a_week_passes()
    assert is_logged_in(leaving.alice)
    assert leaving.actions()[-1] in {"departure_cancelled", "login"}


def test_the_account_ends_with_its_sessions_and_logins(leaving: Leaving, app: Flask) -> None:
    leaving.ask()
    leaving.a_week_passes()
    assert leaving.actions()[-1] == "account_deleted"
    assert not is_logged_in(leaving.alice)
    stranger: Any = app.test_client()
    assert log_in(stranger, leaving.everybody.alice).status_code == 422
    assert leaving.mails() == [("alice@example.com", "A blog at home: your account is deleted")]
    assert leaving.count(User) == 4


def test_the_last_mail_goes_with_its_address(leaving: Leaving, app: Flask) -> None:
    leaving.ask()
    leaving.a_week_passes()
    with app.app_context():
        db.session.execute(update(Mail).values(expires_at=clock.now()))
        commit()
        send_mails()
        commit()
    assert leaving.mails() == []


@pytest.mark.parametrize("heir", ["", "5", "3", "99", "x"])
def test_only_somebody_who_writes_here_can_have_the_posts(leaving: Leaving, heir: str) -> None:
    answer = leaving.alice.submit("/account/delete", {"posts": "hand_over", "heir": heir})
    assert answer.status_code == 422
    assert leaving.count(Departure) == 0


def test_a_choice_has_to_be_made_where_there_are_posts(leaving: Leaving, browser: Callable[..., Browser]) -> None:
    answer = leaving.alice.submit("/account/delete")
    assert answer.status_code == 422
    assert "Choose what becomes of your posts." in answer.text
    charlie = browser(leaving.everybody.charlie)
    assert "Hand them" not in charlie.get("/account/delete").text
    assert charlie.submit("/account/delete").status_code == 303


def test_the_last_owner_cannot_leave(leaving: Leaving, browser: Callable[..., Browser]) -> None:
    olga = browser(leaving.everybody.olga)
    assert "only owner who can log in" in olga.get("/account/delete").text
    answer = olga.submit("/account/delete")
    assert answer.status_code == 409
    assert "Make somebody else an owner first." in answer.text
    with leaving.app.app_context():
        db.session.get_one(User, leaving.everybody.bob.id).role = Role.OWNER
        commit()
    assert olga.submit("/account/delete").status_code == 303
    with leaving.app.app_context():
        db.session.get_one(User, leaving.everybody.bob.id).role = Role.AUTHOR
        commit()
    leaving.a_week_passes()
    assert is_logged_in(olga)
    assert leaving.count(Departure) == 0
    assert leaving.mails()[-1] == ("olga@example.com", "A blog at home: your account was not deleted")


def test_the_log_forgets_all_but_a_number_and_still_holds(leaving: Leaving) -> None:
    with leaving.app.app_context():
        now, eve = clock.now(), leaving.everybody.eve.viewer
        post = db.session.scalars(select(Post)).first()
        assert post is not None
        posts.unpublish(post, eve, now)
        service.record("registration_asked", by=SYSTEM, now=now, email="alice@example.com")
        service.record("login_failed", by=SYSTEM, now=now, subject=leaving.everybody.alice.id, name="Alice")
        service.record("login", by=eve, now=now, note="eve's own")
        commit()
    leaving.ask("delete")
    leaving.a_week_passes()
    with leaving.app.app_context():
        known = [detail.facts for detail in db.session.scalars(select(AuditDetail))]
        assert "eve's own" in str(known)
        for word in ("Alice", "alice@example.com", "Harbour"):
            assert word not in str(known)
        assert audit.verify().faults == []


def test_invitations_of_who_left_let_nobody_in(leaving: Leaving) -> None:
    with leaving.app.app_context():
        now = clock.now()
        facts = {"digest": "x", "role": Role.READER, "note": "for Alice's mother", "most_uses": 3}
        row = Invitation(**facts, created_by_id=leaving.everybody.alice.id, created_at=now, expires_at=now)
        db.session.add(row)
        commit()
    leaving.ask()
    leaving.a_week_passes()
    with leaving.app.app_context():
        (left,) = db.session.scalars(select(Invitation))
        assert (left.created_by_id, left.note, left.revoked_at is not None) == (None, "", True)


def test_nobody_gets_the_number_of_somebody_who_left(leaving: Leaving, browser: Callable[..., Browser]) -> None:
    last = leaving.everybody.charlie
    browser(last).submit("/account/delete")
    leaving.a_week_passes()
    with leaving.app.app_context():
        facts: dict[str, Any] = {"name": "Dan", "email": "dan@example.com", "role": Role.READER, "password": None}
        dan = service.add(**facts, by=SYSTEM, settings=Site(), now=clock.now())
        commit()
        assert dan.id > last.id
        assert [told.action for told in queries.events_of(dan.id, 9)] == ["account_created"]


def test_a_job_that_runs_twice_deletes_once(leaving: Leaving) -> None:
    leaving.ask()
    leaving.a_week_passes()
    before = leaving.actions()
    leaving.a_week_passes()
    assert leaving.actions() == before


def test_leaving_asks_again_who_it_is_and_staying_does_not(leaving: Leaving) -> None:
    grow_stale(leaving.app)
    assert leaving.alice.get("/account/delete").location == "/account/confirm?next=/account/delete"
    assert leaving.ask().status_code == 401
    assert leaving.count(Departure) == 0
    with leaving.app.app_context():
        moment = clock.now()
        row = {"user_id": leaving.everybody.alice.id, "asked_at": moment, "due_at": moment, "posts": "keep"}
        db.session.add(Departure(**row))
        commit()
    assert leaving.alice.submit("/account/keep").status_code == 303
    assert leaving.count(Departure) == 0
