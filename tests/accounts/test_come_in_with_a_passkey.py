"""An account from the start with a passkey and no password at all."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from homeport.accounts import invitations, queries
from homeport.accounts.models import Passkey
from homeport.app import create_app
from homeport.core import clock, site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM, Role
from tests.accounts.acts import is_logged_in, masked, open_registration
from tests.accounts.authenticator import Authenticator
from tests.accounts.conftest import CountingHasher
from tests.accounts.letterbox import last_letter, letters, token_of
from tests.accounts.passkey_acts import show
from tests.cast import Cast
from tests.conftest import Browser

DORA = {"name": "Dora", "email": "dora@example.com"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def registration_is_open(app: Flask) -> None:
    """Anybody may register."""
    open_registration(app)


def options(browser: Browser, **changes: str) -> Any:
    return browser.submit("/register/passkey/options", {**DORA, **changes}, headers=JSON)


def register(browser: Browser, device: Authenticator, path: str = "/register", **changes: str) -> Any:
    """Make a passkey, and send the form with it."""
    asked = {name: value for name, value in changes.items() if name == "token"}
    credential = device.create(options(browser, **asked).get_json())
    form = {**DORA, "password": "", "credential": credential, **changes}
    return browser.submit(path, form, headers={"User-Agent": FIREFOX})


def test_dora_registers_with_a_passkey_and_logs_in_with_it(app: Flask, client: Browser, hasher: CountingHasher) -> None:
    device = Authenticator()
    page = client.get("/register").text
    assert 'data-passkey="create" data-options="/register/passkey/options"' in page
    assert register(client, device).status_code == 303
    assert show(client, device).status_code == 303
    assert is_logged_in(client)
    assert hasher.hashed == 0
    with app.app_context():
        dora = queries.by_email("dora@example.com")
        assert dora is not None
        assert dora.password_hash is None
        assert dora.webauthn_id
        assert db.session.query(Passkey).one().name == "Firefox on Linux"


def test_dora_is_told_at_each_login_to_make_recovery_codes_until_she_has_some(client: Browser) -> None:
    device = Authenticator()
    register(client, device)
    for told, makes in ((True, False), (True, True), (False, False)):
        answer = show(client, device)
        assert ("You have no recovery codes" in client.get(answer.location).text) is told
        assert "You have no recovery codes" not in client.get("/").text, "once for each login"
        if makes:
            assert client.submit("/account/recovery-codes").status_code == 200
        client.submit("/logout")


def test_where_mail_is_sent_the_passkey_waits_for_the_button(config: Config) -> None:
    app = create_app(replace(config, smtp_url="smtp://127.0.0.1:9"))
    app.test_client_class = Browser
    open_registration(app)
    client, device = app.test_client(), Authenticator()
    assert register(client, device).location == "/register/sent"  # type: ignore[arg-type]  # a Browser
    assert show(client, device).status_code == 422, "there is no account yet"  # type: ignore[arg-type]  # as above
    token = token_of(last_letter(app, "dora@example.com"))
    assert client.submit("/register/confirm", {"token": token}).status_code == 303  # type: ignore[attr-defined]  # as above
    assert show(client, device).status_code == 303  # type: ignore[arg-type]  # as above
    assert is_logged_in(client)  # type: ignore[arg-type]  # as above
    with app.app_context():
        db.engine.dispose()


def test_an_invited_author_comes_in_with_a_passkey(app: Flask, client: Browser) -> None:
    with app.app_context():
        site.change(registration="invitation")
        token = invitations.make(Role.AUTHOR, 1, 7, "", by=SYSTEM, now=clock.now())
        commit()
    device = Authenticator()
    assert options(client).status_code == 403, "without an invitation nobody begins"
    assert options(client, token="x" * 43).status_code == 403
    assert "data-passkey" in client.get(f"/invitation?token={token}").text
    assert register(client, device, "/invitation", token=token).status_code == 303
    assert show(client, device).location == "/write"


def test_a_known_address_is_answered_like_a_new_one(app: Flask, everybody: Cast, client: Browser) -> None:
    known = register(client, Authenticator(), email=everybody.alice.email)
    new = register(client, Authenticator(), email="somebody.new@example.com")
    assert masked(known) == masked(new)
    with app.app_context():
        alice = queries.by_email(everybody.alice.email)
        assert alice is not None
        assert alice.webauthn_id is None
        assert db.session.query(Passkey).count() == 1


def test_the_challenge_is_for_this_browser_once_and_for_five_minutes(app: Flask, client: Browser) -> None:
    device, other = Authenticator(), app.test_client()
    credential = device.create(options(client).get_json())
    form = {**DORA, "credential": credential}
    options(other)  # type: ignore[arg-type]  # a Browser
    assert other.submit("/register", form).status_code == 422  # type: ignore[attr-defined]  # as above
    with time_machine.travel(clock.now() + timedelta(minutes=5, seconds=1)):
        assert client.submit("/register", form).status_code == 403
    third: Any = app.test_client()
    first = {**DORA, "credential": device.create(options(third).get_json())}
    assert third.submit("/register", first).status_code == 303
    assert third.submit("/register", {**first, "email": "two@example.com"}).status_code == 403


@pytest.mark.parametrize(
    "device",
    [Authenticator(origin="https://evil.example"), Authenticator(rp_id="evil.example"), Authenticator(verifies=False)],
)
def test_a_passkey_of_another_site_or_without_a_fingerprint_is_refused(
    app: Flask, client: Browser, device: Authenticator
) -> None:
    page = register(client, device)
    assert page.status_code == 422
    assert "This passkey could not be taken." in page.text
    assert 'value="dora@example.com"' in page.text
    with app.app_context():
        assert queries.people() == []


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("email", "dora"), ("email", "")])
def test_a_mistake_is_said_before_a_passkey_is_made(client: Browser, field: str, value: str) -> None:
    answer = options(client, **{field: value})
    assert answer.status_code == 422
    assert answer.get_json()["error"]["message"]


def test_a_closed_blog_begins_nothing(app: Flask, client: Browser) -> None:
    with app.app_context():
        site.change(registration="closed")
        commit()
    assert options(client).status_code == 403
    assert client.submit("/register", {**DORA, "credential": "{}"}).status_code == 403
    assert letters(app) == []


def test_without_password_and_passkey_the_form_says_what_is_missing(client: Browser) -> None:
    for credential in ("", "x" * 20_001):
        page = client.submit("/register", {**DORA, "password": "", "credential": credential})
        assert page.status_code == 422
        assert '<a href="#password">' in page.text
