"""Invitations: made by the owner, used by whoever has the link, as often as was said and no longer than was said."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from sqlite3 import connect
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from homeport.accounts import invitations, queries
from homeport.accounts.models import AuditEvent, Invitation
from homeport.app import create_app
from homeport.core import clock, site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.http import Role
from tests.accounts.acts import NEW_PASSWORD, masked
from tests.accounts.letterbox import last_letter, link_of, token_of
from tests.cast import Cast
from tests.conftest import Browser

FORM = {"role": "author", "uses": "1", "days": "7", "note": "For Dora"}
DORA = {"name": "Dora", "email": "dora@example.com", "password": NEW_PASSWORD}


@pytest.fixture(autouse=True)
def registration_is_by_invitation(app: Flask) -> None:
    """Whoever has a link may come in."""
    set_mode(app, "invitation")


def set_mode(app: Flask, mode: str) -> None:
    with app.app_context():
        site.change(registration=mode)
        commit()


def invite(owner: Browser, **changes: str) -> str:
    """The token of a new invitation."""
    answer = owner.submit("/admin/invitations/add", {**FORM, **changes})
    assert answer.status_code == 200
    found = re.search(r'value="http://localhost:8000/invitation\?token=([\w-]{43})"', answer.text)
    assert found
    return found[1]


def role_of(app: Flask, email: str) -> Role | None:
    with app.app_context():
        user = queries.by_email(email)
        return user.role if user else None


def test_the_owner_invites_somebody_who_comes_in_as_an_author(
    app: Flask, everybody: Cast, browser: Any, client: Browser
) -> None:
    olga = browser(everybody.olga)
    assert "Nobody is invited yet" in olga.get("/admin/invitations").text
    token = invite(olga)
    page = client.get(f"/invitation?token={token}")
    assert "You are invited" in page.text
    assert "with the role author" in page.text
    assert page.headers["Referrer-Policy"] == "strict-origin"
    answer = client.submit("/invitation", {**DORA, "token": token})
    assert answer.location == "/login?after=registration"
    assert client.submit("/login", DORA).location == "/write"
    assert role_of(app, "dora@example.com") is Role.AUTHOR


def test_the_owner_sees_who_came_by_which(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    olga = browser(everybody.olga)
    client.submit("/invitation", {**DORA, "token": invite(olga)})
    page = olga.get("/admin/invitations").text
    for words in ("For Dora", "0 of 1 use left", "Used up", "by Olga", ">Dora</a>"):
        assert words in page
    assert "Revoke" not in page
    with app.app_context():
        dora = queries.by_email("dora@example.com")
        assert dora is not None
        path = f"/admin/people/{dora.id}"
    assert re.search(r"Came by</dt><dd><a [^>]+>For Dora</a>, from <a [^>]+>Olga</a>", olga.get(path).text)
    assert re.search(r"Invited</dt><dd><a [^>]+>Dora</a>", olga.get(f"/admin/people/{everybody.olga.id}").text)
    assert "Invited</dt>" not in olga.get(f"/admin/people/{everybody.alice.id}").text


def test_the_link_is_shown_once_and_stored_as_its_digest(everybody: Cast, browser: Any, config: Config) -> None:
    olga = browser(everybody.olga)
    token = invite(olga)
    assert token not in olga.get("/admin/invitations").text
    with closing(connect(config.data / "homeport.db")) as connection:
        assert token not in "\n".join(connection.iterdump())


def test_opening_the_page_uses_nothing_up(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    token = invite(browser(everybody.olga))
    for _ in range(5):
        assert client.get(f"/invitation?token={token}").status_code == 200
    assert client.submit("/invitation", {**DORA, "token": token, "password": "short"}).status_code == 422
    assert client.submit("/invitation", {**DORA, "token": token}).status_code == 303


def test_who_holds_an_invitation_may_make_many_mistakes(everybody: Cast, browser: Any, client: Browser) -> None:
    form = {**DORA, "token": invite(browser(everybody.olga)), "password": "too short"}
    with time_machine.travel(clock.now(), tick=False):
        assert {client.submit("/invitation", form).status_code for _ in range(35)} == {422}


def test_a_mistake_keeps_the_invitation_and_what_was_typed(everybody: Cast, browser: Any, client: Browser) -> None:
    token = invite(browser(everybody.olga))
    page = client.submit("/invitation", {**DORA, "token": token, "password": "too short"})
    assert "Use at least 15 characters; these are 9." in page.text
    for kept in ('value="Dora"', 'value="dora@example.com"', f'value="{token}"'):
        assert kept in page.text
    assert "too short" not in page.text


def test_a_single_use_under_two_threads_is_one_account(app: Flask, everybody: Cast, browser: Any) -> None:
    token = invite(browser(everybody.olga))
    forms = [{**DORA, "email": f"dora{number}@example.com", "token": token} for number in range(2)]
    clients: list[Any] = [app.test_client() for _ in forms]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one, form: one.submit("/invitation", form).status_code, clients, forms))
    assert sorted(answers) == [303, 403]
    with app.app_context():
        assert len(queries.people()) == 6
        assert db.session.scalars(select(Invitation.uses)).one() == 1


def test_an_invitation_ends(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    olga = browser(everybody.olga)
    revoked, expired = invite(olga, note="Revoked one"), invite(olga, days="2")
    assert olga.submit("/admin/invitations/1/revoke").status_code == 303
    assert client.get(f"/invitation?token={revoked}").status_code == 403
    assert client.submit("/invitation", {**DORA, "token": revoked}).status_code == 403
    with time_machine.travel(clock.now() + timedelta(days=2, minutes=1)):
        assert client.get(f"/invitation?token={expired}").status_code == 403
        answer = client.submit("/invitation", {**DORA, "token": expired}, headers={"Accept": "application/json"})
    assert answer.json["error"]["code"] == "wrong_invitation"  # type: ignore[index]  # this answer is JSON
    assert role_of(app, "dora@example.com") is None
    assert olga.get("/admin/invitations").text.count("Revoked") >= 1


def test_many_come_by_one_invitation_until_it_is_used_up(everybody: Cast, browser: Any, client: Browser) -> None:
    token = invite(browser(everybody.olga), uses="3")
    forms = [{**DORA, "email": f"dora{number}@example.com", "token": token} for number in range(4)]
    assert [client.submit("/invitation", form).status_code for form in forms] == [303] * 3 + [403]


@pytest.mark.parametrize(
    ("mode", "register", "invitation"), [("open", 303, 303), ("invitation", 403, 303), ("closed", 403, 403)]
)
def test_who_may_come_in_by_which_door(
    app: Flask, everybody: Cast, browser: Any, client: Browser, mode: str, register: int, invitation: int
) -> None:
    token = invite(browser(everybody.olga))
    set_mode(app, mode)
    assert client.submit("/register", {**DORA, "email": "one@example.com"}).status_code == register
    assert client.submit("/register", {**DORA, "email": "two@example.com", "token": token}).status_code == register
    assert client.submit("/invitation", {**DORA, "token": token}).status_code == invitation
    assert client.submit("/invitation", {**DORA, "email": "four@example.com"}).status_code == 403
    came = [role_of(app, f"{who}@example.com") for who in ("one", "two", "dora", "four")]
    by_form = Role.READER if register == 303 else None
    assert came == [by_form, by_form, Role.AUTHOR if invitation == 303 else None, None]


@pytest.mark.parametrize(("mode", "words"), [("closed", "Registration is closed"), ("invitation", "By invitation")])
def test_a_door_that_is_shut_says_what_to_do(app: Flask, client: Browser, mode: str, words: str) -> None:
    set_mode(app, mode)
    page = client.get("/register")
    assert words in page.text
    assert "<input" not in page.text


def test_the_owner_is_told_that_registration_is_closed(app: Flask, everybody: Cast, browser: Any) -> None:
    set_mode(app, "closed")
    for path in ("/admin/invitations", "/admin/invitations/add"):
        assert "Registration is closed" in browser(everybody.olga).get(path).text


@pytest.mark.parametrize(
    ("field", "value"),
    [("uses", "0"), ("uses", "101"), ("uses", "x"), ("days", "0"), ("days", "91"), ("role", "owner"), ("role", ""),
     ("note", "a\nb"), ("note", "x" * 201)],
)  # fmt: skip
def test_what_an_invitation_can_not_be_is_said_at_its_field(
    app: Flask, everybody: Cast, browser: Any, field: str, value: str
) -> None:
    page = browser(everybody.olga).submit("/admin/invitations/add", {**FORM, field: value})
    assert page.status_code == 422
    assert f'<a href="#{field}">' in page.text
    with app.app_context():
        assert db.session.scalars(select(Invitation)).all() == []


def test_nobody_becomes_an_owner_by_a_link(app: Flask, everybody: Cast) -> None:
    with app.app_context(), pytest.raises(Exception, match="Nobody becomes an owner by a link"):
        invitations.make(Role.OWNER, 1, 1, "", by=everybody.olga.viewer, now=clock.now())


@pytest.mark.parametrize("who", ["eve", "alice", "charlie"])
def test_only_the_owner_invites(everybody: Cast, browser: Any, who: str) -> None:
    person = browser(getattr(everybody, who))
    invite(browser(everybody.olga))
    assert person.get("/admin/invitations").status_code == 403
    for path in ("/admin/invitations/add", "/admin/invitations/1/revoke"):
        assert person.submit(path, FORM).status_code == 403


def test_what_happens_is_on_record(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    olga = browser(everybody.olga)
    client.submit("/invitation", {**DORA, "token": invite(olga, uses="2")})
    olga.submit("/admin/invitations/1/revoke")
    olga.submit("/admin/invitations/1/revoke")
    with app.app_context():
        events = db.session.execute(select(AuditEvent.action, AuditEvent.target).order_by(AuditEvent.id)).all()
    actions = ("invitation_made", "account_created", "invitation_revoked")
    assert [tuple(event) for event in events] == [(action, "invitation:1") for action in actions]


def test_an_invitation_that_is_not_there_is_not_found(everybody: Cast, browser: Any) -> None:
    assert browser(everybody.olga).submit("/admin/invitations/9/revoke").status_code == 404


def test_a_known_address_uses_no_invitation_up(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    token = invite(browser(everybody.olga), uses="2")
    known = client.submit("/invitation", {**DORA, "email": "alice@example.com", "token": token})
    new = client.submit("/invitation", {**DORA, "token": token})
    assert masked(known) == masked(new)
    with app.app_context():
        assert db.session.scalars(select(Invitation.uses)).one() == 1


def test_where_mail_is_sent_the_use_is_taken_when_the_account_is_made(everybody: Cast, config: Config) -> None:
    app = create_app(replace(config, smtp_url="smtp://127.0.0.1:9"))
    app.test_client_class = Browser
    olga, client = app.test_client().login(everybody.olga), app.test_client()  # type: ignore[attr-defined]  # a Browser
    token = invite(olga)
    for email in ("dora@example.com", "emil@example.com"):
        client.submit("/invitation", {**DORA, "email": email, "token": token})  # type: ignore[attr-defined]  # as above
    first, second = (last_letter(app, email) for email in ("dora@example.com", "emil@example.com"))
    assert "1 of 1 use left" in olga.get("/admin/invitations").text
    with time_machine.travel(clock.now() + timedelta(hours=23)):
        assert "with the address dora@example.com" in client.get(link_of(first)).text
        confirm = client.submit  # type: ignore[attr-defined]  # as above
        assert confirm("/register/confirm", {"token": token_of(first)}).status_code == 303
        assert confirm("/register/confirm", {"token": token_of(second)}).status_code == 403
    assert role_of(app, "dora@example.com") is Role.AUTHOR
    assert role_of(app, "emil@example.com") is None
    with app.app_context():
        db.engine.dispose()
