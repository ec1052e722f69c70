"""Somebody's own browser is known: whoever guesses at the account from elsewhere keeps nobody out of it."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from homeport.accounts import throttle
from homeport.accounts.models import KnownDevice
from homeport.core.db import db
from homeport.core.ids import digest
from tests.accounts.acts import is_logged_in, log_in
from tests.accounts.conftest import CountingHasher
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser

pytestmark = pytest.mark.usefixtures("stopped_clock")


def guess(client: Any, email: str, address: str) -> int:
    form = {"email": email, "password": "wrong"}
    return int(client.submit("/login", form, environ_overrides={"REMOTE_ADDR": address}).status_code)


def attack(app: Flask, email: str) -> None:
    """A hundred and twenty wrong passwords from as many addresses."""
    stranger: Any = app.test_client()
    for number in range(120):
        guess(stranger, email, f"127.0.0.{number + 1}")


def test_the_owner_gets_in_from_a_known_device_while_others_guess(
    app: Flask, everybody: Cast, client: Browser, hasher: CountingHasher
) -> None:
    log_in(client, everybody.alice)
    client.submit("/logout")
    before = hasher.compared
    attack(app, everybody.alice.email)
    assert hasher.compared - before <= 100
    stranger: Any = app.test_client()
    assert log_in(stranger, everybody.alice).status_code == 429, "elsewhere even the right password waits"
    assert log_in(client, everybody.alice).status_code == 303
    assert is_logged_in(client)


def test_guessing_on_a_known_device_is_slowed_down_too(
    everybody: Cast, client: Browser, hasher: CountingHasher
) -> None:
    log_in(client, everybody.alice)
    client.submit("/logout")
    statuses = [guess(client, everybody.alice.email, "127.0.0.9") for _ in range(throttle.DEVICE.free + 2)]
    assert statuses == [422] * throttle.DEVICE.free + [429] * 2


def test_ones_device_is_known_for_ones_own_account_alone(app: Flask, everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.alice)
    client.submit("/logout")
    attack(app, everybody.bob.email)
    assert log_in(client, everybody.bob).status_code == 429


def test_the_cookie_opens_nothing_and_is_stored_as_its_digest(app: Flask, everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.alice)
    cookie = client.get_cookie("device")
    assert cookie
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    client.submit("/logout")
    assert client.get_cookie("device"), "it outlives the session"
    assert not is_logged_in(client)
    with app.app_context():
        assert db.session.scalars(select(KnownDevice.digest)).all() == [digest(cookie.value)]


def test_a_made_up_cookie_is_no_device(app: Flask, everybody: Cast, client: Browser) -> None:
    attack(app, everybody.alice.email)
    client.set_cookie("device", "x" * 43)
    assert log_in(client, everybody.alice).status_code == 429


def test_a_device_that_is_logged_out_from_elsewhere_is_forgotten(app: Flask, everybody: Cast, client: Browser) -> None:
    elsewhere: Any = app.test_client()
    log_in(elsewhere, everybody.alice)
    log_in(client, everybody.alice)
    client.submit("/account/sessions/end-others")
    assert not is_logged_in(elsewhere)
    attack(app, everybody.alice.email)
    form = {"email": everybody.alice.email, "password": PASSWORD}
    assert elsewhere.submit("/login", form).status_code == 429
    client.submit("/logout")
    assert log_in(client, everybody.alice).status_code == 303
