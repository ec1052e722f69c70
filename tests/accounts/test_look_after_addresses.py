"""Another e-mail address: what is refused, what is noted, and the owner's way where no mail is sent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from homeport.accounts import addresses
from homeport.accounts.models import AuditDetail, AuditEvent
from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import SYSTEM
from tests.accounts.letterbox import last_letter, letters, token_of
from tests.accounts.test_change_my_address import NEW, NEWER, address_of, ask, change, undo
from tests.cast import Cast
from tests.conftest import Browser


@pytest.fixture
def config(config: Config) -> Config:
    """A blog with a mail server."""
    return replace(config, smtp_url="smtp://127.0.0.1:9")


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("charlie@example.com", "This is your address already."),
        ("charlie", "Enter an e-mail address like name@example.org."),
        ("", "Fill this in."),
    ],
)
def test_a_mistake_is_said_at_the_field(app: Flask, everybody: Cast, browser: Any, email: str, sentence: str) -> None:
    page = ask(browser(everybody.charlie), email)
    assert page.status_code == 422
    assert sentence in page.text
    assert letters(app) == []


def test_nobody_has_mails_sent_to_everybody(app: Flask, everybody: Cast, browser: Any) -> None:
    charlie = browser(everybody.charlie)
    statuses = [ask(charlie, f"somebody{number}@example.org").status_code for number in range(5)]
    assert statuses == [303] * 3 + [429] * 2


def test_with_a_stale_proof_it_asks_again_who_it_is(app: Flask, everybody: Cast, browser: Any) -> None:
    charlie = browser(everybody.charlie)
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert charlie.get("/account/email").location.startswith("/account/confirm")
        assert ask(charlie).status_code == 401
    assert letters(app) == []


def test_what_happens_is_on_record(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    undo(client, change(app, browser(everybody.charlie), everybody.charlie.email, NEW))
    with app.app_context():
        pairs = select(AuditEvent, AuditDetail).join(AuditDetail, AuditDetail.event_id == AuditEvent.id)
        found = [(event.action, event.subject_id, detail.facts) for event, detail in db.session.execute(pairs)]
    actions = ["email_change_asked", "email_changed", "email_change_undone"]
    assert [(action, subject) for action, subject, _ in found] == [(one, everybody.charlie.id) for one in actions]
    assert (found[1][2]["before"], found[1][2]["after"]) == (everybody.charlie.email, NEW)


def test_the_owner_writes_down_another_address(app: Flask, everybody: Cast, browser: Any, client: Browser) -> None:
    olga, path = browser(everybody.olga), f"/admin/people/{everybody.charlie.id}"
    back = change(app, browser(everybody.charlie), everybody.charlie.email, NEW)
    assert f'href="{path}/email"' in olga.get(path).text
    assert olga.submit(f"{path}/email", {"email": "alice@example.com"}).status_code == 409
    assert olga.submit(f"{path}/email", {"email": "charlie"}).status_code == 422
    assert olga.submit(f"{path}/email", {"email": NEWER}).location == path
    assert address_of(app, everybody.charlie) == NEWER
    assert undo(client, back).status_code == 403, "the owner's word is the last one"
    told = last_letter(app, NEW)
    assert "The owner of A blog at home gave your account there another e-mail address" in " ".join(told.text.split())
    assert "token" not in told.text, "the old mailbox may be in other hands"
    with app.app_context():
        changed = select(AuditEvent.actor_id).where(AuditEvent.action == "email_changed").order_by(AuditEvent.id.desc())
        assert db.session.scalars(changed).first() == everybody.olga.id


def test_without_a_mail_server_the_page_says_whom_to_ask(everybody: Cast, config: Config) -> None:
    app = create_app(replace(config, smtp_url=""))
    app.test_client_class = Browser
    charlie, olga = (app.test_client().login(person) for person in (everybody.charlie, everybody.olga))  # type: ignore[attr-defined]  # a Browser
    page = charlie.get("/account/email").text
    assert "Ask its owner to change it." in page
    assert 'name="email"' not in page
    assert ask(charlie).status_code == 409
    assert f'href="/admin/people/{everybody.olga.id}/email"' in olga.get("/account/email").text
    with app.app_context():
        db.engine.dispose()


def test_a_link_of_somebody_who_is_suspended_is_over(app: Flask, everybody: Cast, browser: Any) -> None:
    ask(browser(everybody.charlie))
    token = token_of(last_letter(app, NEW))
    browser(everybody.olga).submit(f"/admin/people/{everybody.charlie.id}/suspend")
    with app.app_context(), pytest.raises(Problem):
        addresses.confirm(token, by=SYSTEM, now=clock.now())
