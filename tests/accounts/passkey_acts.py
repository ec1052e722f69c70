"""What people do with passkeys in more than one test."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from homeport.accounts.models import AuthSession, Passkey
from homeport.core import clock
from homeport.core.db import commit, db
from tests.accounts.acts import log_in
from tests.accounts.authenticator import Authenticator
from tests.cast import Person
from tests.conftest import Browser

LOGIN, CODE, CONFIRM, ADD = "/login/passkey", "/login/code/passkey", "/account/confirm/passkey", "/account/passkeys/add"
OPTIONS = {path: f"{path}/options" for path in (LOGIN, CODE, CONFIRM)} | {ADD: "/account/passkeys/options"}


def ask(browser: Browser, path: str) -> dict[str, Any]:
    """The options that a page's script gets before it asks the browser."""
    answer = browser.submit(OPTIONS[path], headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def add(browser: Browser, device: Authenticator, name: str = "Laptop") -> TestResponse:
    """Make a passkey on a device and send it."""
    return browser.submit(ADD, {"name": name, "credential": device.create(ask(browser, ADD))})


def show(browser: Browser, device: Authenticator, path: str = LOGIN, **fields: str) -> TestResponse:
    """Show the newest passkey of a device: at the login, or where `path` says."""
    return browser.submit(path, {"credential": device.get(ask(browser, path)), **fields})


def passkeys_of(app: Flask, person: Person) -> list[Passkey]:
    """What is stored of somebody's passkeys."""
    with app.app_context():
        theirs = select(Passkey).where(Passkey.user_id == person.id).order_by(Passkey.id)
        found = list(db.session.scalars(theirs))
        db.session.expunge_all()
        return found


def let_the_proof_grow_old(app: Flask, person: Person) -> None:
    """Have somebody's sessions be from so long ago that they have to show again who they are."""
    with app.app_context():
        old = clock.now() - timedelta(minutes=16)
        db.session.execute(update(AuthSession).where(AuthSession.user_id == person.id).values(authenticated_at=old))
        commit()


def waiting_at(
    path: str, app: Flask, person: Person, browser: Callable[[Person], Browser], device: Authenticator
) -> Browser:
    """Somebody who has a passkey on the device, where they are asked for it."""
    visitor = browser(person)
    add(visitor, device)
    if path == CONFIRM:
        let_the_proof_grow_old(app, person)
        return visitor
    stranger = cast(Browser, app.test_client())
    if path == CODE:
        log_in(stranger, person)
    return stranger
