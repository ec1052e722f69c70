"""Registering where mail can be sent: nobody has an account before they press the button that a mail leads to."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from sqlite3 import connect
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from homeport.accounts import queries, service
from homeport.accounts.jobs import clean_accounts
from homeport.accounts.models import Registration
from homeport.core import clock, site
from homeport.core.config import Config
from homeport.core.db import Base, commit, db
from homeport.core.http import SYSTEM, Role
from homeport.jobs.models import Mail
from tests.accounts.acts import NEW_PASSWORD, is_logged_in, log_in, masked, open_registration, stored_hash
from tests.accounts.conftest import CountingHasher
from tests.accounts.letterbox import last_letter, letters, link_of, masked_letter, token_of
from tests.cast import Cast
from tests.conftest import Browser

pytestmark = pytest.mark.usefixtures("stopped_clock")

DORA = {"name": "Dora Díaz", "email": "dora@example.com", "password": NEW_PASSWORD}
SCANNERS = ["Microsoft Office/16.0", "Mozilla/5.0 (compatible; Barracuda Sentinel)", "curl/8", "Proofpoint", ""]


@pytest.fixture
def config(config: Config) -> Config:
    """A blog with a mail server."""
    return replace(config, smtp_url="smtp://127.0.0.1:9")


@pytest.fixture(autouse=True)
def registration_is_open(app: Flask) -> None:
    """Anybody may register."""
    open_registration(app)


def rows(app: Flask) -> dict[str, int]:
    """How many rows each table has."""
    with app.app_context():
        tables = Base.metadata.sorted_tables
        return {table.name: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def content(config: Config) -> str:
    """All that is stored, but for what a session has seen."""
    with closing(connect(config.data / "homeport.db")) as connection:
        return "\n".join(connection.iterdump())


def test_somebody_registers_opens_the_mail_presses_the_button_and_logs_in(app: Flask, client: Browser) -> None:
    answer = client.submit("/register", DORA)
    assert answer.location == "/register/sent"
    assert "Look into your mail" in client.get(answer.location).text
    assert client.submit("/login", DORA).status_code == 422, "there is no account yet"
    mail = last_letter(app, "dora@example.com")
    assert mail.subject == "A blog at home: confirm your e-mail address"
    page = client.get(link_of(mail))
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Dora Díaz" in page.text
    done = client.submit("/register/confirm", {"token": token_of(mail)})
    assert "Your account is there." in client.get(done.location).text
    assert not is_logged_in(client), "a link alone opens no session"
    assert client.submit("/login", DORA).status_code == 303
    with app.app_context():
        dora = queries.by_email("dora@example.com")
        assert dora is not None
        assert dora.email_confirmed_at is not None
        assert dora.role is Role.READER


@pytest.mark.parametrize("agent", SCANNERS)
def test_a_scanner_that_opens_every_link_makes_no_account(
    app: Flask, client: Browser, config: Config, agent: str
) -> None:
    client.submit("/register", DORA)
    link = link_of(last_letter(app, "dora@example.com"))
    before = content(config)
    for _ in range(5):
        assert client.get(link, headers={"User-Agent": agent}).status_code == 200
        assert client.head(link, headers={"User-Agent": agent}).status_code == 200
    assert content(config) == before


def test_a_known_address_is_answered_like_a_new_one(
    app: Flask, everybody: Cast, client: Browser, hasher: CountingHasher
) -> None:
    before, seen = stored_hash(app, everybody.alice), []
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False):
        for email in (everybody.alice.email, "somebody.new@example.com"):
            count, work = rows(app), hasher.hashed
            answer = client.submit("/register", {**DORA, "email": email})
            written = {name: number - count[name] for name, number in rows(app).items() if number != count[name]}
            page = client.get(answer.location)
            seen.append((masked(answer), masked(page), written, hasher.hashed - work))
    assert seen[0] == seen[1]
    assert seen[0][2] == {"registrations": 1, "mails": 1, "audit_events": 1, "audit_details": 1, "attempts": 2}
    assert masked_letter(last_letter(app, everybody.alice.email)) == masked_letter(
        last_letter(app, "somebody.new@example.com")
    )
    assert stored_hash(app, everybody.alice) == before


def test_while_they_have_to_wait_both_are_answered_alike_too(app: Flask, everybody: Cast, client: Browser) -> None:
    def ask(email: str, network: str) -> list[tuple[int, dict[str, str], bytes]]:
        form, here = {**DORA, "email": email}, {"REMOTE_ADDR": network}
        answers = [masked(client.submit("/register", form, environ_overrides=here)) for _ in range(5)]
        return [(status, headers, body.replace(email.encode(), b"")) for status, headers, body in answers]

    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False):
        known, unknown = ask(everybody.alice.email, "203.0.113.1"), ask("nobod@example.com", "203.0.113.2")
    assert known == unknown
    assert [status for status, _, _ in known] == [303, 303, 303, 429, 429]


def test_whoever_has_an_account_is_told_so_and_keeps_it(app: Flask, everybody: Cast, client: Browser) -> None:
    client.submit("/register", {**DORA, "email": "ALICE@example.com"})
    mail = last_letter(app, everybody.alice.email)
    assert mail.subject == "A blog at home: you have an account already"
    assert link_of(mail) == "/login"
    assert "Dora" not in mail.text, "no stranger's words are sent on"
    assert log_in(client, everybody.alice, NEW_PASSWORD).status_code == 422
    assert log_in(client, everybody.alice).status_code == 303


def test_the_link_is_stored_nowhere_but_in_the_mail(app: Flask, client: Browser, config: Config) -> None:
    client.submit("/register", DORA)
    mail = last_letter(app, "dora@example.com")
    token = token_of(mail)
    with app.app_context():
        kept = db.session.get_one(Mail, mail.id)
        kept.text, kept.html = "", None  # as it is once the mail is sent
        commit()
    assert token not in content(config)
    assert NEW_PASSWORD not in content(config)


def test_the_link_works_once_and_for_a_day(app: Flask, client: Browser) -> None:
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False) as clock_hand:
        client.submit("/register", DORA)
        client.submit("/register", {**DORA, "email": "late@example.com"})
        token, late = (token_of(last_letter(app, to)) for to in ("dora@example.com", "late@example.com"))
        clock_hand.shift(timedelta(hours=23, minutes=59))
        assert client.submit("/register/confirm", {"token": token}).status_code == 303
        assert client.submit("/register/confirm", {"token": token}).status_code == 403
        clock_hand.shift(timedelta(minutes=1))
        assert client.submit("/register/confirm", {"token": late}).status_code == 403
        assert client.get(f"/register/confirm?token={late}").status_code == 403
    with app.app_context():
        assert [user.email for user in queries.people()] == ["dora@example.com"]


def test_pressing_the_button_twice_at_once_makes_one_account(app: Flask, client: Browser) -> None:
    client.submit("/register", DORA)
    token = token_of(last_letter(app, "dora@example.com"))
    clients: list[Any] = [app.test_client(), app.test_client()]
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda one: one.submit("/register/confirm", {"token": token}).status_code, clients)
    assert sorted(answers) == [303, 403]
    with app.app_context():
        assert len(queries.people()) == 1


def test_of_two_who_ask_with_one_address_the_one_who_reads_its_mail_decides(app: Flask, client: Browser) -> None:
    client.submit("/register", {**DORA, "name": "An intruder", "password": "the intruder's own choice"})
    client.submit("/register", DORA)
    intruders, own = (token_of(mail) for mail in letters(app, "dora@example.com"))
    assert "An intruder" in client.get(f"/register/confirm?token={intruders}").text
    assert client.submit("/register/confirm", {"token": own}).status_code == 303
    assert client.submit("/register/confirm", {"token": intruders}).status_code == 403
    assert client.submit("/login", DORA).status_code == 303


def test_an_address_that_got_an_account_meanwhile_is_left_alone(app: Flask, client: Browser) -> None:
    client.submit("/register", DORA)
    token = token_of(last_letter(app, "dora@example.com"))
    with app.app_context():
        who = {"name": "Dora", "email": "dora@example.com"}
        service.add(**who, role=Role.AUTHOR, password=None, by=SYSTEM, now=clock.now(), settings=site.Site())
        commit()
    assert client.submit("/register/confirm", {"token": token}).status_code == 409
    with app.app_context():
        assert [user.role for user in queries.people()] == [Role.AUTHOR]


@pytest.mark.parametrize("mode", ["closed", "invitation"])
def test_who_asked_while_it_was_open_does_not_come_in_once_it_is_not(app: Flask, client: Browser, mode: str) -> None:
    client.submit("/register", DORA)
    token = token_of(last_letter(app, "dora@example.com"))
    with app.app_context():
        site.change(registration=mode)
        commit()
    assert client.submit("/register/confirm", {"token": token}).status_code == 403
    with app.app_context():
        assert queries.people() == []


def test_guessing_at_links_is_slowed_down(app: Flask, client: Browser, hasher: CountingHasher) -> None:
    for path in ("/register/confirm", "/invitation", "/reset", "/account/email/confirm", "/account/email/undo"):
        here = {"REMOTE_ADDR": f"203.0.113.{len(path)}"}
        form = {**DORA, "token": "x" * 43}
        with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False):
            statuses = [client.submit(path, form, environ_overrides=here).status_code for _ in range(32)]
        assert statuses == [403] * 30 + [429] * 2, path
    assert hasher.hashed == hasher.compared == 0


def test_many_mails_to_one_address_are_not_sent(app: Flask, client: Browser) -> None:
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False) as clock_hand:
        for minute in range(60):
            for path in ("/register", "/forgot"):
                here = {"REMOTE_ADDR": f"203.0.113.{minute}"}
                client.submit(path, DORA, environ_overrides=here)
            clock_hand.shift(60)
    assert len(letters(app, "dora@example.com")) <= 7


def test_what_nobody_confirmed_is_cleared_away(app: Flask, client: Browser) -> None:
    client.submit("/register", DORA)
    with time_machine.travel(clock.now() + timedelta(days=2)), app.app_context():
        clean_accounts()
        commit()
        assert db.session.scalars(select(Registration)).all() == []
