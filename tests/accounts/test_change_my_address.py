"""Another e-mail address: confirmed at the new one, told and taken back at the old one."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from sqlite3 import connect
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from homeport.accounts import queries
from homeport.accounts.models import AuthSession, Departure, KnownDevice
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.jobs.models import Mail
from tests.accounts.acts import NEW_PASSWORD, is_logged_in, log_in, reset_token
from tests.accounts.letterbox import last_letter, letters, link_of, masked_letter, token_of
from tests.cast import Cast, Person
from tests.conftest import Browser

NEW, NEWER = "charlie@new.example.org", "charlie@newer.example.org"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def config(config: Config) -> Config:
    """A blog with a mail server."""
    return replace(config, smtp_url="smtp://127.0.0.1:9")


def ask(browser: Browser, email: str = NEW) -> Any:
    return browser.submit("/account/email", {"email": email})


def confirm(browser: Browser, token: str) -> Any:
    return browser.submit("/account/email/confirm", {"token": token})


def undo(browser: Browser, token: str) -> Any:
    return browser.submit("/account/email/undo", {"token": token})


def change(app: Flask, charlie: Browser, old: str, new: str) -> str:
    """Do it all; the token of the link that takes it back."""
    assert ask(charlie, new).status_code == 303
    assert confirm(charlie, token_of(last_letter(app, new))).status_code == 303
    return token_of(last_letter(app, old))


def address_of(app: Flask, person: Person) -> str:
    with app.app_context():
        user = queries.by_id(person.id)
        assert user is not None
        return user.email


def test_charlie_confirms_a_new_address(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    charlie = browser(everybody.charlie)
    assert 'href="/account/email"' in charlie.get("/account/security").text
    ask(charlie)
    assert f"A mail with a link is on its way to {NEW}." in charlie.get("/account/email").text
    assert "A link waits in the mail" in charlie.get("/account/email").text
    mail = last_letter(app, NEW)
    assert mail.subject == "A blog at home: confirm your new e-mail address"
    assert NEW in client.get(link_of(mail)).text, "it may be opened where nobody is logged in"
    assert address_of(app, everybody.charlie) == everybody.charlie.email
    done = confirm(client, token_of(mail))
    assert "Your new address is set" in client.get(done.location).text
    assert address_of(app, everybody.charlie) == NEW
    assert is_logged_in(charlie)
    assert client.submit("/login", {"email": NEW, "password": "correct horse battery staple"}).status_code == 303
    with app.app_context():
        found = queries.by_email(NEW)
        assert found is not None
        assert found.email_confirmed_at is not None


def test_the_old_address_is_told_and_takes_it_back(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    charlie = browser(everybody.charlie)
    change(app, charlie, everybody.charlie.email, NEW)
    mail = last_letter(app, everybody.charlie.email)
    assert mail.subject == "A blog at home: your e-mail address was changed"
    assert NEW not in mail.text, "whoever reads the old mail need not know the new address"
    page = client.get(link_of(mail))
    assert everybody.charlie.email in page.text
    assert page.headers["Referrer-Policy"] == "strict-origin"
    done = undo(client, token_of(mail))
    assert "The old address is back" in client.get(done.location).text
    assert address_of(app, everybody.charlie) == everybody.charlie.email
    assert not is_logged_in(charlie)
    assert "this one again" in last_letter(app, everybody.charlie.email).text
    assert undo(client, token_of(mail)).status_code == 403


def test_taking_it_back_ends_all_that_was_begun(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    charlie = browser(everybody.charlie)
    token = change(app, charlie, everybody.charlie.email, NEW)
    log_in(client, replace(everybody.charlie, email=NEW))
    ask(charlie, NEWER)
    pending = token_of(last_letter(app, NEWER))
    client.submit("/forgot", {"email": NEW})
    reset = token_of(last_letter(app, NEW))
    assert undo(client, token).status_code == 303
    assert confirm(client, pending).status_code == 403
    assert client.submit("/reset", {"token": reset, "password": NEW_PASSWORD}).status_code == 403
    with app.app_context():
        assert db.session.scalars(select(AuthSession)).all() == []
        assert db.session.scalars(select(KnownDevice)).all() == []


def test_a_thief_who_changes_it_twice_and_sets_a_password_is_undone_all_the_same(
    app: Flask, everybody: Cast, browser: Any, client: Browser
) -> None:
    thief = browser(everybody.charlie)
    with time_machine.travel(NOON, tick=False) as clock_hand:
        thief.login(everybody.charlie)
        owners = change(app, thief, everybody.charlie.email, NEW)
        clock_hand.shift(60)
        thiefs = change(app, thief, NEW, NEWER)
        assert thief.submit("/account/password", {"new": "the thief's own choice"}).status_code == 303
        clock_hand.shift(timedelta(days=6))
        assert undo(client, owners).status_code == 303
        assert address_of(app, everybody.charlie) == everybody.charlie.email
        assert undo(client, thiefs).status_code == 403, "a later link does not take it from the first owner"
        assert not is_logged_in(thief)


@pytest.mark.parametrize("who", ["thief", "Charlie, before the account was stolen"])
def test_taking_it_back_keeps_an_account_that_the_thief_had_deleted(
    app: Flask, everybody: Cast, browser: Any, client: Browser, who: str
) -> None:
    charlie = browser(everybody.charlie)
    with time_machine.travel(NOON, tick=False) as clock_hand:
        charlie.login(everybody.charlie)
        if who != "thief":
            assert charlie.submit("/account/delete").status_code == 303
            clock_hand.shift(60)
        token = change(app, charlie, everybody.charlie.email, NEW)
        clock_hand.shift(60)
        if who == "thief":
            assert charlie.submit("/account/delete").status_code == 303
        assert undo(client, token).status_code == 303
    with app.app_context():
        assert (db.session.get(Departure, everybody.charlie.id) is None) is (who == "thief")


def test_taking_back_only_the_last_of_two_changes_leaves_the_first_to_be_taken_back(
    app: Flask, everybody: Cast, browser: Any, client: Browser
) -> None:
    charlie = browser(everybody.charlie)
    first = change(app, charlie, everybody.charlie.email, NEW)
    second = change(app, charlie, NEW, NEWER)
    assert undo(client, second).status_code == 303
    assert address_of(app, everybody.charlie) == NEW
    assert undo(client, first).status_code == 303
    assert address_of(app, everybody.charlie) == everybody.charlie.email


def test_the_link_back_works_for_a_week(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    token = change(app, browser(everybody.charlie), everybody.charlie.email, NEW)
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        assert client.get(f"/account/email/undo?token={token}").status_code == 403
        assert undo(client, token).status_code == 403
    with time_machine.travel(clock.now() + timedelta(days=6, hours=23)):
        assert undo(client, token).status_code == 303


def test_an_address_of_somebody_else_is_answered_alike_and_its_owner_told(
    app: Flask, everybody: Cast, browser: Any
) -> None:
    bob, seen = browser(everybody.bob), []
    with time_machine.travel(NOON, tick=False):
        bob.login(everybody.bob)
        for email in ("alicf@example.com", everybody.alice.email):
            answer, page = ask(bob, email), bob.get("/account/email")
            body = page.text.replace(email, "").replace(page.headers["X-Request-Id"], "")
            seen.append((answer.status_code, answer.location, page.status_code, body))
    assert seen[0] == seen[1]
    new, taken = last_letter(app, "alicf@example.com"), last_letter(app, everybody.alice.email)
    assert masked_letter(new) == masked_letter(taken)
    assert "Your own account has it" in " ".join(taken.text.split())
    assert "token" not in taken.text


def test_an_address_that_was_taken_meanwhile_stays_where_it_is(
    app: Flask, everybody: Cast, browser: Any, client: Browser
) -> None:
    for person in (everybody.charlie, everybody.bob):
        ask(browser(person))
    tokens = [token_of(mail) for mail in letters(app, NEW)]
    assert [confirm(client, token).status_code for token in tokens] == [303, 409]
    assert address_of(app, everybody.bob) == everybody.bob.email


@pytest.mark.parametrize("agent", ["curl/8", "Microsoft Office/16.0", "Mozilla/5.0 (compatible; Barracuda)", "", "x"])
def test_a_scanner_that_opens_every_link_changes_nothing(
    app: Flask, everybody: Cast, browser: Any, client: Browser, agent: str
) -> None:
    charlie = browser(everybody.charlie)
    ask(charlie)
    new = link_of(last_letter(app, NEW))
    for _ in range(5):
        assert client.get(new, headers={"User-Agent": agent}).status_code == 200
    assert address_of(app, everybody.charlie) == everybody.charlie.email
    confirm(client, token_of(last_letter(app, NEW)))
    old = link_of(last_letter(app, everybody.charlie.email))
    for _ in range(5):
        assert client.get(old, headers={"User-Agent": agent}).status_code == 200
    assert address_of(app, everybody.charlie) == NEW


def test_a_newer_wish_takes_the_place_of_the_older(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    charlie = browser(everybody.charlie)
    for email in (NEW, NEWER):
        ask(charlie, email)
    assert confirm(client, token_of(last_letter(app, NEW))).status_code == 403
    assert confirm(client, token_of(last_letter(app, NEWER))).status_code == 303


def test_links_of_other_kinds_live_beside_it(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    charlie = browser(everybody.charlie)
    undo_token = change(app, charlie, everybody.charlie.email, NEW)
    ask(charlie, NEWER)
    reset = reset_token(app, everybody.charlie)
    for path in (f"/reset?token={reset}", f"/account/email/undo?token={undo_token}", link_of(last_letter(app, NEWER))):
        assert client.get(path).status_code == 200
    assert client.submit("/reset", {"token": undo_token, "password": NEW_PASSWORD}).status_code == 403
    assert undo(client, reset).status_code == 403


def test_a_reset_ends_a_change_that_waits_but_not_the_way_back(
    app: Flask, everybody: Cast, browser: Any, client: Browser
) -> None:
    charlie = browser(everybody.charlie)
    back = change(app, charlie, everybody.charlie.email, NEW)
    ask(charlie, NEWER)
    form = {"token": reset_token(app, everybody.charlie), "password": NEW_PASSWORD}
    assert client.submit("/reset", form).status_code == 303
    assert confirm(client, token_of(last_letter(app, NEWER))).status_code == 403
    assert undo(client, back).status_code == 303


def test_a_new_address_ends_the_links_that_went_to_the_old(
    app: Flask, everybody: Cast, browser: Any, client: Browser
) -> None:
    client.submit("/forgot", {"email": everybody.charlie.email})
    token = token_of(last_letter(app, everybody.charlie.email))
    change(app, browser(everybody.charlie), everybody.charlie.email, NEW)
    assert client.submit("/reset", {"token": token, "password": NEW_PASSWORD}).status_code == 403


def test_pressing_the_button_twice_at_once_changes_it_once(app: Flask, everybody: Cast, browser: Any) -> None:
    ask(browser(everybody.charlie))
    token = token_of(last_letter(app, NEW))
    clients: list[Any] = [app.test_client(), app.test_client()]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: confirm(one, token).status_code, clients))
    assert sorted(answers) == [303, 403]
    assert len(letters(app, everybody.charlie.email)) == 1


def test_the_tokens_are_stored_as_digests(app: Flask, everybody: Cast, browser: Any, config: Config) -> None:
    back = change(app, browser(everybody.charlie), everybody.charlie.email, NEW)
    token = token_of(last_letter(app, NEW))
    with app.app_context():
        for mail in db.session.scalars(select(Mail)):
            mail.text, mail.html = "", None  # as they are once they are sent
        commit()
    with closing(connect(config.data / "homeport.db")) as connection:
        stored = "\n".join(connection.iterdump())
    assert back not in stored
    assert token not in stored
