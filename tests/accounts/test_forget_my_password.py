"""A forgotten password: a link by mail, the same for whoever has an account and whoever has none."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from sqlite3 import connect
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from homeport.accounts import queries
from homeport.accounts.models import KnownDevice, OneTimeToken
from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import Base, commit, db
from homeport.jobs.jobs import send_mails
from homeport.jobs.models import Mail
from tests.accounts.acts import NEW_PASSWORD, is_logged_in, log_in, masked, reset_token
from tests.accounts.letterbox import last_letter, letters, link_of, masked_letter, token_of
from tests.cast import Cast, Person
from tests.conftest import Browser

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def config(config: Config) -> Config:
    """A blog with a mail server."""
    return replace(config, smtp_url="smtp://127.0.0.1:9")


def ask(client: Browser, email: str, **options: Any) -> Any:
    return client.submit("/forgot", {"email": email}, **options)


def mailed_token(app: Flask, client: Browser, person: Person) -> str:
    assert ask(client, person.email).status_code == 303
    return token_of(last_letter(app, person.email))


def set_password(client: Browser, token: str, password: str = NEW_PASSWORD) -> Any:
    return client.submit("/reset", {"token": token, "password": password})


def test_alice_forgets_her_password_and_gets_in_again(
    app: Flask, everybody: Cast, client: Browser, browser: Any
) -> None:
    elsewhere = browser(everybody.alice)
    assert 'href="/forgot"' in client.get("/login").text
    answer = ask(client, "ALICE@example.com")
    assert "Look into your mail" in client.get(answer.location).text
    mail = last_letter(app, everybody.alice.email)
    assert mail.subject == "A blog at home: set a new password"
    assert is_logged_in(elsewhere), "asking changes nothing"
    assert client.get(link_of(mail)).status_code == 200
    assert set_password(client, token_of(mail)).location == "/login?after=reset"
    assert not is_logged_in(client), "a link opens no session"
    assert not is_logged_in(elsewhere), "and ends those that there are"
    assert log_in(client, everybody.alice, NEW_PASSWORD).status_code == 303
    assert "A new password was set by a link" in last_letter(app, everybody.alice.email).text


def test_known_and_unknown_addresses_are_answered_alike_after_the_same_work(
    app: Flask, everybody: Cast, client: Browser
) -> None:
    def rows() -> dict[str, int]:
        with app.app_context():
            tables = Base.metadata.sorted_tables
            return {one.name: db.session.scalar(select(func.count()).select_from(one)) or 0 for one in tables}

    seen = []
    with time_machine.travel(NOON, tick=False):
        for email in (everybody.alice.email, "nobody@example.com"):
            before = rows()
            answer = ask(client, email)
            written = {name: number - before[name] for name, number in rows().items() if number != before[name]}
            seen.append((masked(answer), masked(client.get(answer.location)), written))
    assert seen[0] == seen[1]
    assert seen[0][2] == {"one_time_tokens": 1, "mails": 1, "audit_events": 1, "audit_details": 1, "attempts": 2}
    known, unknown = (masked_letter(last_letter(app, to)) for to in (everybody.alice.email, "nobody@example.com"))
    assert known == unknown


def test_while_they_have_to_wait_both_are_answered_alike_too(app: Flask, everybody: Cast, client: Browser) -> None:
    seen = []
    with time_machine.travel(NOON, tick=False):
        for email, network in ((everybody.alice.email, "203.0.113.1"), ("nobod@example.com", "203.0.113.2")):
            answers = [masked(ask(client, email, environ_overrides={"REMOTE_ADDR": network})) for _ in range(5)]
            seen.append([(code, headers, body.replace(email.encode(), b"")) for code, headers, body in answers])
    assert seen[0] == seen[1]
    assert [code for code, _, _ in seen[0]] == [303, 303, 303, 429, 429]
    assert len(letters(app, everybody.alice.email)) == 3


def test_one_network_does_not_write_to_everybody(app: Flask, client: Browser) -> None:
    with time_machine.travel(NOON, tick=False):
        statuses = [ask(client, f"somebody{number}@example.com").status_code for number in range(12)]
    assert statuses == [303] * 10 + [429] * 2


def test_whoever_has_no_account_is_told_so_where_only_they_read_it(app: Flask, client: Browser) -> None:
    ask(client, "nobody@example.com")
    mail = last_letter(app, "nobody@example.com")
    assert "there is no account that can log in" in " ".join(mail.text.split())
    assert link_of(mail) == "/forgot"


def test_who_is_suspended_gets_no_link(app: Flask, everybody: Cast, client: Browser, browser: Any) -> None:
    browser(everybody.olga).submit(f"/admin/people/{everybody.bob.id}/suspend")
    ask(client, everybody.bob.email)
    assert link_of(last_letter(app, everybody.bob.email)) == "/forgot"


def test_a_newer_link_voids_the_older_whoever_made_it(app: Flask, everybody: Cast, client: Browser) -> None:
    first = mailed_token(app, client, everybody.alice)
    second = mailed_token(app, client, everybody.alice)
    by_the_owner = reset_token(app, everybody.alice)
    third = mailed_token(app, client, everybody.alice)
    assert [set_password(client, old).status_code for old in (first, second, by_the_owner)] == [403] * 3
    assert set_password(client, third).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(OneTimeToken).where(OneTimeToken.user_id.is_not(None))).all() == []


def test_somebody_elses_wish_voids_no_link_of_mine(app: Flask, everybody: Cast, client: Browser) -> None:
    alices = mailed_token(app, client, everybody.alice)
    mailed_token(app, client, everybody.bob)
    ask(client, "nobody@example.com")
    ask(client, "nobody.else@example.com")
    assert set_password(client, alices).status_code == 303


def test_the_link_works_once_and_for_an_hour(app: Flask, everybody: Cast, client: Browser) -> None:
    with time_machine.travel(NOON, tick=False) as clock_hand:
        alices, bobs = (mailed_token(app, client, person) for person in (everybody.alice, everybody.bob))
        clock_hand.shift(timedelta(minutes=59))
        assert set_password(client, alices).status_code == 303
        assert set_password(client, alices).status_code == 403
        clock_hand.shift(timedelta(minutes=2))
        assert client.get(f"/reset?token={bobs}").status_code == 403
        assert set_password(client, bobs).status_code == 403


def test_a_changed_password_ends_the_link(app: Flask, everybody: Cast, client: Browser, browser: Any) -> None:
    token = mailed_token(app, client, everybody.alice)
    assert browser(everybody.alice).submit("/account/password", {"new": "four other sad words"}).status_code == 303
    assert set_password(client, token).status_code == 403


def test_looking_at_the_link_uses_nothing_up(app: Flask, everybody: Cast, client: Browser) -> None:
    token = mailed_token(app, client, everybody.alice)
    for agent in ("curl/8", "Microsoft Office/16.0", ""):
        assert client.get(f"/reset?token={token}", headers={"User-Agent": agent}).status_code == 200
    assert set_password(client, token).status_code == 303


def test_the_link_is_stored_as_its_digest(app: Flask, everybody: Cast, client: Browser, config: Config) -> None:
    token = mailed_token(app, client, everybody.alice)
    with app.app_context():
        kept = db.session.get_one(Mail, last_letter(app, everybody.alice.email).id)
        kept.text, kept.html = "", None  # as it is once the mail is sent
        commit()
    with closing(connect(config.data / "homeport.db")) as connection:
        assert token not in "\n".join(connection.iterdump())


def test_a_link_gets_nobody_past_the_second_factor(app: Flask, everybody: Cast, client: Browser) -> None:
    with app.app_context():
        moment = clock.now()
        facts = {"created_at": moment, "last_used_at": moment, "expires_at": moment + timedelta(days=9)}
        db.session.add(
            KnownDevice(digest="x", user_id=everybody.eve.id, trusted_until=moment + timedelta(days=9), **facts)
        )
        commit()
    assert set_password(client, mailed_token(app, client, everybody.eve)).status_code == 303
    assert log_in(client, everybody.eve, NEW_PASSWORD).location == "/login/code"
    assert not is_logged_in(client)
    with app.app_context():
        assert db.session.scalars(select(KnownDevice.trusted_until)).one() is None, "no browser is trusted any more"


def test_a_mail_is_not_sent_after_its_links_life(app: Flask, everybody: Cast, client: Browser) -> None:
    ask(client, everybody.alice.email)
    with time_machine.travel(clock.now() + timedelta(minutes=61)), app.app_context():
        send_mails()
        commit()
    mail = last_letter(app, everybody.alice.email)
    assert (mail.status, mail.text, mail.html) == ("failed", "", None)


@pytest.mark.parametrize("email", ["", "alice", "alice@", "x" * 250 + "@example.com", "a@example.com\nBcc: b@c.de"])
def test_what_is_no_address_is_said_at_the_field(app: Flask, client: Browser, email: str) -> None:
    page = ask(client, email)
    assert page.status_code == 422
    assert '<a href="#email">' in page.text
    assert letters(app) == []


def test_without_a_mail_server_the_page_says_whom_to_ask(config: Config) -> None:
    app = create_app(replace(config, smtp_url=""))
    app.test_client_class = Browser
    client: Any = app.test_client()
    page = client.get("/forgot").text
    assert "ask its owner" in page
    assert "homeport user reset" in page
    assert "<input" not in page
    answer = ask(client, "alice@example.com")
    assert answer.status_code == 409
    assert letters(app) == []
    with app.app_context():
        assert queries.people() == []
        db.engine.dispose()
