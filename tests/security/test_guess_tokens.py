"""Somebody guesses tokens, or looks for one in what the blog leaves lying about."""

import logging
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from homeport.accounts.models import Attempt
from homeport.core import clock
from homeport.core.db import db
from homeport.core.programs import READ, WRITE
from tests.cast import Cast
from tests.conftest import Browser
from tests.security.tokens import call, token_of

pytestmark = pytest.mark.usefixtures("stopped_clock")

CALLS = [
    ("GET", "/api/posts"),
    ("POST", "/api/posts"),
    ("PUT", "/api/posts/1"),
    ("GET", "/account"),
    ("GET", "/nothing"),
]


def test_who_guesses_tokens_has_to_wait_and_no_other_network_does(app: Flask, everybody: Cast, client: Browser) -> None:
    right = f"Bearer {token_of(app, everybody.alice, READ, WRITE)}"
    here, elsewhere = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "192.0.2.2"}
    with time_machine.travel(clock.now(), tick=False) as clock_hand:
        for number in range(40):
            method = "POST" if number % 2 else "GET"
            answer = call(client, method, "/api/posts", f"Bearer hp_{number}", environ_base=here)
            assert answer.status_code == (401 if number < 30 else 429), number
        assert int(answer.headers["Retry-After"]) >= 1
        assert call(client, "GET", "/api/posts", right, environ_base=here).status_code == 429, "it is not looked up"
        assert call(client, "GET", "/api/posts", right, environ_base=elsewhere).status_code == 200
        with app.app_context():
            assert len(db.session.scalars(select(Attempt)).all()) == 30, "right ones and refused ones are not counted"
        clock_hand.shift(timedelta(seconds=2))
        assert call(client, "GET", "/api/posts", right, environ_base=here).status_code == 200


def test_a_token_is_never_logged(
    app: Flask, everybody: Cast, client: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    right = token_of(app, everybody.alice, READ, WRITE)
    for value in (right, "hp_" + "wrongwrong" * 4):
        for method, path in CALLS:
            call(client, method, path, f"Bearer {value}").close()
        assert value not in caplog.text


def test_the_page_cache_steps_aside_for_a_token(app: Flask, everybody: Cast, client: Browser) -> None:
    right = f"Bearer {token_of(app, everybody.alice, READ)}"
    assert call(client, "GET", "/api/posts", right).headers["Cache-Control"] == "no-store"
    assert call(client, "GET", "/api/posts", None).headers["Cache-Control"] == "no-store"
