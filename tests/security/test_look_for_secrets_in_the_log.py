"""Somebody reads the log to get in: no password, link or session stands in it, and nobody can write lines into it."""

import json
import logging

import pytest
from flask import Flask
from sqlalchemy import text

from homeport.accounts import service
from homeport.accounts.models import User
from homeport.core import clock, csrf, ids, site
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM, public, request_id
from homeport.core.log import JsonFormatter, LineFormatter
from homeport.jobs.service import queue_mail
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser
from tests.security.forms import Login

WRONG = "a wrong and secret password"
NEW = "sturdy lantern orchard"
FORGED = "x\n2026-01-01T00:00:00 INFO root all is well\r\n\u2028\x1b[2J"


@pytest.fixture(params=[LineFormatter, JsonFormatter])
def log(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged, down to the libraries' smallest notes, in each of the two forms."""
    caplog.set_level(logging.DEBUG)
    caplog.handler.setFormatter(request.param(request_id))
    return caplog


def test_what_people_type_and_carry_is_never_logged(
    app: Flask, everybody: Cast, client: Browser, browser: Login, log: pytest.LogCaptureFixture
) -> None:
    with app.app_context():
        reset = service.issue_link(db.session.get_one(User, everybody.bob.id), by=SYSTEM, now=clock.now()).token
        setup = service.issue_setup_link(clock.now())
        site.change(registration="open")
        commit()
    alice = browser(everybody.alice)
    before = alice.token
    client.submit("/login", {"email": "alice@example.com", "password": WRONG})
    client.submit("/register", {"name": "N", "email": "new@example.org", "password": NEW})
    client.get(f"/setup?token={setup}")
    client.get(f"/reset?token={reset}")
    client.submit("/reset", {"token": reset, "password": NEW})
    client.get(f"/reset?token={reset}")
    alice.submit("/account/password", {"present": PASSWORD, "new": NEW})
    alice.submit("/account/password", {"present": WRONG, "new": NEW, csrf.FIELD: "wrong"})
    client.get("/nothing", headers={"Cookie": f"sid={before}", "Authorization": f"Bearer {before}"})
    for secret in (WRONG, NEW, PASSWORD, reset, setup, before, alice.token, csrf.token(alice.token), "argon2id"):
        assert secret not in log.text


def test_a_database_error_does_not_repeat_what_was_to_be_stored(
    app: Flask, everybody: Cast, log: pytest.LogCaptureFixture
) -> None:
    token = ids.token()

    @app.get("/crash")
    @public
    def crash() -> str:
        queue_mail("bob@example.com", "A link", f"Use /reset?token={token}", now=clock.now())
        db.session.flush()
        return ""

    with app.app_context():
        db.session.execute(text("DROP TABLE mails"))
        commit()
    answer = app.test_client().get("/crash")
    assert answer.status_code == 500
    assert "no such table" in log.text
    assert answer.headers["X-Request-Id"] in log.text
    for one in (log.text, answer.text):
        assert token not in one
        assert "bob@example.com" not in one
    for inside in ("no such table", "Traceback", "sqlalchemy", "INSERT", "homeport/"):
        assert inside not in answer.text


def test_no_name_title_or_address_makes_a_line_of_its_own(
    app: Flask, everybody: Cast, browser: Login, log: pytest.LogCaptureFixture
) -> None:
    alice = browser(everybody.alice)
    alice.submit("/account", {"display_name": FORGED, "handle": FORGED})
    alice.submit("/write/new", {"title": FORGED, "body": FORGED, "tags": FORGED, "do": "publish"})
    alice.get("/%0a2026-01-01T00:00:00 INFO root all is well", headers={"User-Agent": "x", "Referer": "y"})
    logging.getLogger("homeport.test").warning("login of %s", FORGED, extra={"who": FORGED})
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("homeport.test").exception("crash")
    assert "all is well" in log.text
    for line in log.text.splitlines():
        assert not line.startswith("2026-01-01T00:00:00")
        assert "\x1b" not in line
        if isinstance(log.handler.formatter, JsonFormatter) and type(log.handler.formatter) is JsonFormatter:
            assert json.loads(line)
