"""What people do in more than one test."""

from datetime import datetime
from typing import Any

import pyotp
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from homeport.accounts import presence, protection, queries, service
from homeport.accounts.models import AuthSession, User
from homeport.core import clock, site
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM
from tests.cast import PASSWORD, SECRET, Person
from tests.conftest import Browser

NEW_PASSWORD = "seven tired boats at noon"


def log_in(browser: Browser, person: Person, password: str = PASSWORD, **options: Any) -> TestResponse:
    """Send the login form."""
    return browser.submit("/login", {"email": person.email, "password": password}, **options)


def present_code(at: datetime | None = None) -> str:
    """What the authenticator apps of the cast show now."""
    return pyotp.TOTP(SECRET).at(at or clock.now())


def send_code(browser: Browser, code: str, **more: str) -> TestResponse:
    """Send the form of a login's second step."""
    return browser.submit("/login/code", {"code": code, **more})


def codes_of(app: Flask, person: Person) -> list[str]:
    """New recovery codes for somebody."""
    with app.app_context():
        codes = protection.make_codes(db.session.get_one(User, person.id), by=SYSTEM, now=clock.now())
        commit()
        return codes


def log_in_with_code(browser: Browser, person: Person) -> TestResponse:
    """Both steps of a login."""
    log_in(browser, person)
    return send_code(browser, present_code())


def is_logged_in(browser: Browser) -> bool:
    """Whether the browser is let in to an account."""
    return browser.get("/account").status_code == 200


def setup_token(app: Flask) -> str:
    """The token that `homeport serve` prints."""
    with app.app_context():
        token = service.issue_setup_link(clock.now())
        commit()
        return token


def reset_token(app: Flask, person: Person) -> str:
    """The token of a link with which somebody chooses a password."""
    with app.app_context():
        user = queries.by_id(person.id)
        assert user is not None
        token = service.issue_link(user, by=SYSTEM, now=clock.now()).token
        commit()
        return token


def open_registration(app: Flask) -> None:
    """Let anybody register."""
    with app.app_context():
        site.change(registration="open")
        commit()


def stored_hash(app: Flask, person: Person) -> str:
    """What the database keeps of somebody's password."""
    with app.app_context():
        user = queries.by_id(person.id)
        assert user is not None
        assert user.password_hash is not None
        return user.password_hash


def masked(response: TestResponse) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, without what is different in each answer."""
    headers = {name: value for name, value in response.headers if name != "X-Request-Id"}
    return response.status_code, headers, response.data.replace(response.headers["X-Request-Id"].encode(), b"")


def grow_stale(app: Flask) -> None:
    """Let it be a while since anybody showed who they are."""
    with app.app_context():
        long_ago = clock.now() - presence.PROOF_LIFETIME
        db.session.execute(update(AuthSession).values(authenticated_at=long_ago))
        commit()
