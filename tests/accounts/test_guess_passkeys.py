"""Guessing with passkeys: slowed down like guessing passwords, by account where it is known, else by network."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from homeport.accounts import ceremonies, throttle
from homeport.accounts.models import Attempt, Ceremony
from homeport.core import clock
from homeport.core.db import db
from tests.accounts.authenticator import Authenticator, encode
from tests.accounts.passkey_acts import CODE, CONFIRM, LOGIN, OPTIONS, add, show, waiting_at
from tests.cast import Cast, Person
from tests.conftest import Browser

pytestmark = pytest.mark.usefixtures("stopped_clock")

Login = Callable[[Person], Browser]
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def guess(visitor: Browser, device: Authenticator, path: str, address: str) -> TestResponse:
    """A wrong signature from an address of one's own."""
    here = {"environ_overrides": {"REMOTE_ADDR": address}}
    options = visitor.submit(OPTIONS[path], headers={"Accept": "application/json"}, **here).get_json()
    return visitor.submit(path, {"credential": device.get(options, signature=encode(b"wrong"))}, **here)


@pytest.mark.parametrize("path", [LOGIN, CODE, CONFIRM])
def test_wrong_passkeys_are_counted_like_wrong_passwords(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator, path: str
) -> None:
    visitor = waiting_at(path, app, everybody.alice, browser, device)
    free = throttle.ACCOUNT.free
    with time_machine.travel(clock.now(), tick=False):
        statuses = [guess(visitor, device, path, f"127.0.0.{number}").status_code for number in range(1, 31)]
        assert statuses[: free + 1] == [422] * free + [429]
        assert statuses.count(429) >= 20
        assert "There were too many attempts" in guess(visitor, device, path, "127.0.1.1").text


def test_right_ones_take_the_count_back(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    add(browser(everybody.alice), device)
    for _ in range(throttle.ACCOUNT.free - 1):
        guess(client, device, LOGIN, "127.0.0.1")
    assert show(client, device).status_code == 303
    with app.app_context():
        left = select(func.count()).select_from(Attempt).where(Attempt.subject.like("account:%"))
        assert db.session.scalar(left) == 0


def test_passkeys_of_nobody_are_counted_by_network(everybody: Cast, client: Browser) -> None:
    device = Authenticator()
    device.create({"user": {"id": "x"}, "challenge": ""})
    with time_machine.travel(clock.now(), tick=False):
        statuses = [guess(client, device, LOGIN, "127.0.0.1").status_code for _ in range(throttle.NETWORK.free + 1)]
        assert statuses == [422] * throttle.NETWORK.free + [429]
        assert guess(client, device, LOGIN, "127.0.0.2").status_code == 422


def test_one_network_asks_for_so_many_challenges(app: Flask, everybody: Cast, client: Browser) -> None:
    with time_machine.travel(MAY, tick=False):
        answers = [client.submit(OPTIONS[LOGIN]) for _ in range(throttle.CHALLENGE.free + 1)]
    assert [answer.status_code for answer in answers[-2:]] == [200, 429]
    assert answers[-1].headers["Retry-After"] == "1"
    with app.app_context():
        kept = db.session.scalar(select(func.count()).select_from(Ceremony))
        assert kept == ceremonies.WINDOWS, "each further one takes the place of the oldest"
