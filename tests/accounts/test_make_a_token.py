"""Alice lets her own program in, on the pages of her account, and shuts it out again."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from homeport.accounts import api_tokens, queries, service
from homeport.accounts.jobs import clean_accounts
from homeport.accounts.models import ApiToken, AuditEvent, AuthSession, User
from homeport.core import clock, site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM, Role
from homeport.core.ids import digest
from homeport.core.programs import READ, WRITE
from homeport.jobs.models import Mail
from tests.accounts.acts import NEW_PASSWORD, masked, reset_token
from tests.cast import Cast, Person
from tests.conftest import Browser

Login = Callable[[Person], Browser]
BOTH = {"name": "Backup script", "read": "y", "write": "y", "days": "30"}


def make(browser: Browser, **form: str) -> str:
    """Fill in the form on the page and copy the token from the one that answers."""
    page = browser.submit("/account/tokens", BOTH | form)
    assert page.status_code == 200, page.text
    found = re.search(r'value="(hp_[\w-]{43})"', page.text)
    assert found, page.text
    return found[1]


def works(client: Any, token: str) -> bool:
    """Whether the API answers."""
    answer = client.get("/api/posts", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in {200, 401}
    return bool(answer.status_code == 200)


def test_a_token_is_shown_once_and_only_its_digest_is_stored(
    app: Flask, config: Config, everybody: Cast, browser: Login, client: Browser
) -> None:
    alice = browser(everybody.alice)
    token = make(alice)
    assert works(client, token)
    for address in ("/account/tokens", "/account/security", "/account"):
        assert token not in alice.get(address).text
    with app.app_context():
        assert db.session.scalars(select(ApiToken.digest)).one() == digest(token)
        db.engine.dispose()
    for file in config.data.glob("homeport.db*"):
        assert token.encode() not in file.read_bytes()


def test_the_page_that_shows_it_is_kept_by_nobody(everybody: Cast, browser: Login) -> None:
    assert browser(everybody.alice).submit("/account/tokens", BOTH).headers["Cache-Control"] == "no-store"


def test_the_list_says_what_a_token_may_until_when_and_when_it_was_used(
    everybody: Cast, browser: Login, client: Browser
) -> None:
    alice = browser(everybody.alice)
    token = make(alice, name="Laptop")
    assert 'href="/account/tokens"' in alice.get("/account/security").text
    page = alice.get("/account/tokens").text
    for words in ("Laptop", "Read your posts", "Write: make", "never used"):
        assert words in page
    client.get("/api/posts", headers={"Authorization": f"Bearer {token}"}).close()
    page = alice.get("/account/tokens").text
    assert "never used" not in page
    assert "last used" in page


def test_a_use_is_noted_once_a_minute(app: Flask, everybody: Cast, browser: Login, client: Browser) -> None:
    start = clock.now()
    token = make(browser(everybody.alice))
    for seconds in (0, 30, 70):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            client.get("/api/posts", headers={"Authorization": f"Bearer {token}"}).close()
            with app.app_context():
                expected = start + timedelta(seconds=70 if seconds == 70 else 0)
                noted = db.session.scalars(select(ApiToken.last_used_at)).one()
                assert noted is not None
                assert abs(noted - expected) < timedelta(seconds=1)


def test_alice_revokes_a_token_and_her_program_is_out_at_once(
    app: Flask, everybody: Cast, browser: Login, client: Browser
) -> None:
    alice = browser(everybody.alice)
    first, second = make(alice), make(alice)
    assert alice.get("/account/tokens/1/revoke").status_code == 404, "looking revokes nothing"
    assert alice.submit("/account/tokens/1/revoke").status_code == 303
    assert not works(client, first)
    assert works(client, second)
    assert "Backup script" in alice.get("/account/tokens").text


def test_somebody_elses_token_is_as_absent_as_none(everybody: Cast, browser: Login, client: Browser) -> None:
    token = make(browser(everybody.alice))
    bob = browser(everybody.bob)
    foreign, absent = bob.submit("/account/tokens/1/revoke"), bob.submit("/account/tokens/999/revoke")
    assert masked(foreign) == masked(absent)
    assert foreign.status_code == 404
    assert "Backup" not in bob.get("/account/tokens").text
    assert works(client, token)


def test_making_and_revoking_is_told_by_mail_and_kept_in_the_audit_log(
    app: Flask, everybody: Cast, browser: Login
) -> None:
    alice, alice_id = browser(everybody.alice), everybody.alice.id
    token = make(alice)
    alice.submit("/account/tokens/1/revoke")
    with app.app_context():
        actions = db.session.execute(select(AuditEvent.action, AuditEvent.subject_id)).all()
        assert [tuple(row) for row in actions] == [("token_made", alice_id), ("token_revoked", alice_id)]
        mails = db.session.scalars(select(Mail).order_by(Mail.id)).all()
        assert [mail.to for mail in mails] == ["alice@example.com"] * 2
        assert "API token" in mails[0].subject
        assert token not in f"{mails[0].text}{mails[0].html}"
        told = queries.events_of(everybody.alice.id, 9)
        assert all(token not in str(event.facts) for event in told)
        assert told[0].facts["name"] == "Backup script"


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_a_token_ends_with_its_time(app: Flask, everybody: Cast, browser: Login, client: Browser, days: int) -> None:
    token, start = make(browser(everybody.alice), days=str(days)), clock.now()
    with time_machine.travel(start + timedelta(days=days, minutes=-1), tick=False):
        assert works(client, token)
    with time_machine.travel(start + timedelta(days=days, seconds=1), tick=False):
        assert not works(client, token)
        assert "Expired" in browser(everybody.alice).get("/account/tokens").text, "it says why a program fails"
    with time_machine.travel(start + timedelta(days=days + 31), tick=False), app.app_context():
        clean_accounts()
        assert db.session.scalars(select(ApiToken)).all() == []


@pytest.mark.parametrize(
    "form", [{"days": "0"}, {"days": "3650"}, {"name": ""}, {"name": "x" * 81}, {"read": "", "write": ""}]
)
def test_what_cannot_be_a_token_is_refused(app: Flask, everybody: Cast, browser: Login, form: dict[str, str]) -> None:
    sent = {name: text for name, text in (BOTH | form).items() if text or name == "name"}
    answer = browser(everybody.alice).submit("/account/tokens", sent)
    assert answer.status_code == 422
    assert "your attention" in answer.text
    with app.app_context():
        assert db.session.scalars(select(ApiToken)).all() == []


def test_a_form_gives_a_token_nothing_that_is_not_on_it(app: Flask, everybody: Cast, browser: Login) -> None:
    more = {"user_id": "1", "scopes": "admin", "digest": "x", "expires_at": "2999-01-01", "id": "77"}
    make(browser(everybody.alice), **more)
    with app.app_context():
        token = db.session.scalars(select(ApiToken)).one()
        assert (token.id, token.user_id, token.scopes) == (1, everybody.alice.id, sorted([READ, WRITE]))
        assert token.expires_at < clock.now() + timedelta(days=31)


def test_readers_are_told_that_a_token_would_open_nothing(app: Flask, everybody: Cast, browser: Login) -> None:
    charlie = browser(everybody.charlie)
    page = charlie.get("/account/tokens")
    assert "would open nothing" in page.text
    assert "Make the token" not in page.text
    assert charlie.submit("/account/tokens", BOTH).status_code == 403


def test_an_old_login_has_to_show_who_it_is_first(app: Flask, everybody: Cast, browser: Login) -> None:
    alice = browser(everybody.alice)
    token = make(alice)
    with app.app_context():
        db.session.execute(update(AuthSession).values(authenticated_at=clock.now() - timedelta(minutes=16)))
        commit()
    assert alice.get("/account/tokens").location.startswith("/account/confirm")
    assert alice.submit("/account/tokens", BOTH).status_code == 401
    assert alice.submit("/account/tokens/1/revoke").status_code == 401
    with app.app_context():
        assert db.session.scalars(select(ApiToken.digest)).all() == [digest(token)]


def test_nobody_has_more_tokens_than_they_can_look_after(app: Flask, everybody: Cast, browser: Login) -> None:
    with app.app_context():
        user = db.session.get_one(User, everybody.alice.id)
        for _ in range(api_tokens.MOST):
            api_tokens.make(user, name="x", scopes=[READ], days=7, by=SYSTEM, now=clock.now())
        commit()
    answer = browser(everybody.alice).submit("/account/tokens", BOTH)
    assert answer.status_code == 409
    assert "Revoke one" in answer.text


def test_tokens_end_when_the_password_is_changed(everybody: Cast, browser: Login, client: Browser) -> None:
    alice = browser(everybody.alice)
    token, bobs = make(alice), make(browser(everybody.bob))
    assert alice.submit("/account/password", {"new": NEW_PASSWORD}).status_code == 303
    assert not works(client, token)
    assert works(client, bobs)
    assert "You have no tokens" in alice.get("/account/tokens").text


def test_tokens_end_when_the_password_is_reset(app: Flask, everybody: Cast, browser: Login, client: Browser) -> None:
    token = make(browser(everybody.alice))
    form = {"token": reset_token(app, everybody.alice), "password": NEW_PASSWORD}
    assert works(client, token), "asking for a link ends nothing yet"
    assert client.submit("/reset", form).status_code == 303
    assert not works(client, token)


def test_tokens_end_at_suspension_and_do_not_come_back(
    app: Flask, everybody: Cast, browser: Login, client: Browser
) -> None:
    token = make(browser(everybody.alice))
    olga = browser(everybody.olga)
    assert olga.submit(f"/admin/people/{everybody.alice.id}/suspend").status_code == 303
    assert not works(client, token)
    assert olga.submit(f"/admin/people/{everybody.alice.id}/readmit").status_code == 303
    assert not works(client, token)


def test_a_suspended_account_is_looked_up_at_each_request(
    app: Flask, everybody: Cast, browser: Login, client: Browser
) -> None:
    token = make(browser(everybody.alice))
    with app.app_context():  # without the verb that also ends tokens
        db.session.execute(update(User).where(User.id == everybody.alice.id).values(suspended_at=clock.now()))
        commit()
    assert not works(client, token)


def test_a_token_can_do_no_more_than_the_role_that_is_left(
    app: Flask, everybody: Cast, browser: Login, client: Browser
) -> None:
    token = make(browser(everybody.alice))
    with app.app_context():
        service.change_role(db.session.get_one(User, everybody.alice.id), Role.READER, by=SYSTEM, now=clock.now())
        commit()
    for method, path in (("GET", "/api/posts"), ("POST", "/api/posts"), ("GET", "/api/posts/1")):
        answer: Any = client.open(
            path, method=method, headers={"Authorization": f"Bearer {token}"}, json={"title": "x"}
        )
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "not_allowed")


def test_who_must_get_a_second_factor_first_has_no_program_that_may_either(
    app: Flask, everybody: Cast, browser: Login, client: Browser
) -> None:
    token = make(browser(everybody.alice))
    with app.app_context():
        site.change(second_factor="editors")
        service.change_role(db.session.get_one(User, everybody.alice.id), Role.EDITOR, by=SYSTEM, now=clock.now())
        commit()
    for method in ("GET", "POST"):
        answer: Any = client.open("/api/posts", method=method, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "second_factor_needed")
