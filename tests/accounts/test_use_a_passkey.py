"""Passkeys as their owner uses them: made, named, shown wherever it is asked who one is, removed."""

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from homeport.accounts.models import AuthSession, User
from homeport.core.db import commit, db
from homeport.jobs.models import Mail
from tests.accounts.acts import is_logged_in, log_in, log_in_with_code
from tests.accounts.authenticator import Authenticator
from tests.accounts.passkey_acts import ADD, CODE, CONFIRM, LOGIN, add, ask, let_the_proof_grow_old, passkeys_of, show
from tests.cast import Cast, Person
from tests.conftest import Browser

Login = Callable[[Person], Browser]


def means(app: Flask, person: Person) -> list[str]:
    """How the sessions of somebody began, the newest last."""
    with app.app_context():
        theirs = select(AuthSession.means).where(AuthSession.user_id == person.id).order_by(AuthSession.created_at)
        return list(db.session.scalars(theirs))


def make_it_the_only_way(app: Flask, person: Person) -> None:
    with app.app_context():
        db.session.execute(update(User).where(User.id == person.id).values(password_hash=None))
        commit()


def test_with_the_first_passkey_come_recovery_codes_shown_once(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator
) -> None:
    alice = browser(everybody.alice)
    page = alice.get(ADD).text
    assert 'value="Unknown browser"' in page
    assert 'name="credential"' in page
    answer = add(alice, device)
    codes = re.findall(r"<code>([a-z2-9-]{19})</code>", answer.text)
    assert len(codes) == 10
    assert answer.headers["Cache-Control"] == "no-store"
    assert not any(code in alice.get("/account/security").text for code in codes)
    second = add(alice, Authenticator(), "Key ring")
    assert (second.status_code, second.location) == (303, "/account/security")
    page = alice.get("/account/security").text
    assert "The passkey “Key ring” is added." in page
    assert page.index("Laptop") < page.index("Key ring</strong>")
    with app.app_context():
        told = db.session.scalars(select(Mail.subject).where(Mail.to == everybody.alice.email)).all()
        assert sum("a passkey was added" in subject for subject in told) == 2


@pytest.mark.parametrize("window", [0, 2, 4])
def test_each_of_five_windows_with_the_login_form_takes_the_passkey(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator, window: int
) -> None:
    add(browser(everybody.alice), device)
    offered = [ask(client, LOGIN) for _ in range(5)]
    assert client.submit(LOGIN, {"credential": device.get(offered[window])}).status_code == 303
    assert is_logged_in(client)


def test_what_is_kept_of_a_passkey(app: Flask, everybody: Cast, browser: Login, device: Authenticator) -> None:
    add(browser(everybody.alice), device, "  My telephone ")
    (kept,) = passkeys_of(app, everybody.alice)
    assert (kept.name, kept.rp_id, kept.sign_count, kept.backed_up) == ("My telephone", "localhost", 0, True)
    assert kept.transports == ["internal", "hybrid"]
    assert kept.public_key == device.keys[0].cose()
    with app.app_context():
        assert db.session.get_one(User, everybody.alice.id).webauthn_id == device.keys[0].user_handle


def test_a_passkey_is_a_whole_login(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    add(browser(everybody.olga), device)
    answer = show(client, device, next="/admin/settings")
    assert (answer.status_code, answer.location) == (303, "/admin/settings")
    assert client.get("/admin/settings").status_code == 200, "no code was asked for, though olga has an app"
    assert means(app, everybody.olga)[-1] == "passkey"
    assert client.get_cookie("device") is not None
    assert client.get_cookie("ceremony") is None
    assert passkeys_of(app, everybody.olga)[0].last_used_at is not None
    assert "Logged in" in client.get("/account/security").text


@pytest.mark.parametrize("next_", ["", "//evil.example", "https://evil.example/"])
def test_after_a_passkey_nobody_is_sent_off_the_site(
    everybody: Cast, browser: Login, client: Browser, device: Authenticator, next_: str
) -> None:
    add(browser(everybody.alice), device)
    assert show(client, device, next=next_).location == "/write"


def test_a_passkey_is_the_second_step_after_the_password(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    add(browser(everybody.alice), device)
    assert log_in(client, everybody.alice).location == "/login/code"
    client.submit("/login", {"email": everybody.alice.email, "password": "correct horse battery staple", "next": "/x"})
    page = client.get("/login/code").text
    assert "Use a passkey" in page
    assert "One of your recovery codes." in page
    answer = show(client, device, CODE)
    assert (answer.status_code, answer.location) == (303, "/x")
    assert means(app, everybody.alice)[-1] == "password and passkey"


def test_an_open_page_to_log_in_ends_no_half_login(
    everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    add(browser(everybody.alice), device)
    log_in(client, everybody.alice)
    ask(client, LOGIN)
    assert show(client, device, CODE).status_code == 303


def test_after_a_while_a_passkey_confirms_who_one_is(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator
) -> None:
    alice = browser(everybody.alice)
    add(alice, device)
    let_the_proof_grow_old(app, everybody.alice)
    assert alice.get("/account/password").location.startswith("/account/confirm?next=")
    assert alice.submit("/account/passkeys/options").status_code == 401
    before = alice.token
    answer = show(alice, device, CONFIRM, next="/account/password")
    assert (answer.status_code, answer.location) == (303, "/account/password")
    assert alice.token != before
    assert alice.get("/account/password").status_code == 200


def test_who_has_no_password_is_asked_for_a_passkey_alone(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator
) -> None:
    alice = browser(everybody.alice)
    add(alice, device)
    make_it_the_only_way(app, everybody.alice)
    page = alice.get("/account/confirm").text
    assert 'data-options="/account/confirm/passkey/options"' in page
    assert 'type="password"' not in page


def test_somebody_who_is_suspended_is_not_let_in(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    add(browser(everybody.bob), device)
    browser(everybody.olga).submit(f"/admin/people/{everybody.bob.id}/suspend")
    answer = show(client, device)
    assert answer.status_code == 403
    assert "This account is suspended." in answer.text
    assert not is_logged_in(client)


def test_what_a_browser_is_asked_to_make(everybody: Cast, browser: Login, device: Authenticator) -> None:
    alice = browser(everybody.alice)
    first = ask(alice, ADD)
    assert len(base64.urlsafe_b64decode(first["challenge"] + "=")) == 32
    assert len(base64.urlsafe_b64decode(first["user"]["id"] + "=")) == 32
    assert {name: value for name, value in first.items() if name not in {"challenge", "user"}} == {
        "rp": {"name": "A blog at home", "id": "localhost"},
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in (-8, -7, -257)],
        "timeout": 300_000,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }
    assert first["user"] == {"id": first["user"]["id"], "name": "alice@example.com", "displayName": "Alice"}
    add(alice, device)
    again = ask(alice, ADD)
    known = [{"id": kept_id(device), "type": "public-key", "transports": ["internal", "hybrid"]}]
    assert again["excludeCredentials"] == known
    assert again["user"]["id"] == first["user"]["id"]
    assert again["challenge"] != first["challenge"]


def kept_id(device: Authenticator) -> str:
    return base64.urlsafe_b64encode(device.keys[0].id).rstrip(b"=").decode()


def test_what_a_browser_is_asked_to_show(
    everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    alice = browser(everybody.alice)
    add(alice, device)
    asked = {"timeout": 300_000, "rpId": "localhost", "userVerification": "required"}
    known = [{"id": kept_id(device), "type": "public-key", "transports": ["internal", "hybrid"]}]
    expected: dict[str, tuple[Browser, list[Any]]] = {
        LOGIN: (client, []),
        CONFIRM: (alice, known),
        CODE: (client, known),
    }
    for path, (visitor, allowed) in expected.items():
        if path == CODE:
            log_in(client, everybody.alice)
        options = ask(visitor, path)
        options.pop("challenge")
        assert options == asked | {"allowCredentials": allowed}, path


def test_nobody_learns_which_passkeys_there_are(
    everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    add(browser(everybody.alice), device)
    before, after = ask(client, LOGIN), client.submit("/login/passkey/options", {"email": everybody.alice.email}).json
    assert {**before, "challenge": ""} == {**(after or {}), "challenge": ""}
    assert client.submit("/login/code/passkey/options").status_code == 403
    log_in(client, everybody.bob)
    assert client.submit("/login/code/passkey/options").status_code == 403


def test_the_login_offers_passkeys_in_its_first_field(client: Browser) -> None:
    page = client.get("/login").text
    assert 'autocomplete="username webauthn"' in page
    button = re.search(r"<p[^>]*data-passkeys[^>]*>.*?</p>", page)
    assert button is not None
    assert " hidden" in button[0].partition(">")[0], "the script shows it"
    assert "data-autofill" in button[0]
    assert "<noscript>" in page


def test_a_code_still_does_beside_a_passkey(
    everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    add(browser(everybody.olga), device)
    assert log_in_with_code(client, everybody.olga).location == "/write"
