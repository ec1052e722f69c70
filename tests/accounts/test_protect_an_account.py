"""What protects an account: setting an authenticator app up, its recovery codes, and what has to stay."""

import re
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from homeport.accounts import recovery, totp
from homeport.accounts.models import RecoveryCode, Totp
from homeport.core import clock, site
from homeport.core.db import commit, db
from tests.accounts.acts import NEW_PASSWORD, codes_of, log_in, present_code, send_code
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def noon() -> Any:
    """The clock stands still, at a time that a test may move."""
    with time_machine.travel(START, tick=False) as hand:
        yield hand


def set_up(browser: Browser) -> str:
    """Set an authenticator app up, as somebody who types the key; returns the page that answers."""
    browser.submit("/account/app/begin")
    page = browser.get("/account/app").text
    found = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page)
    assert found
    assert 'src="data:image/svg+xml' in page
    return browser.submit("/account/app", {"code": pyotp.TOTP(found[1].replace(" ", "")).at(clock.now())}).text


def test_alice_sets_an_app_up_and_gets_ten_codes(noon: Any, app: Flask, everybody: Cast, browser: Any) -> None:
    alice = browser(everybody.alice)
    codes = re.findall(r"<li><code>([a-z0-9-]+)</code>", set_up(alice))
    assert len(set(codes)) == recovery.NUMBER >= 10
    for place in ("/account/security", "/account/app", "/account"):
        assert not any(code in alice.get(place, follow_redirects=True).text for code in codes), "shown once"
    with app.app_context():
        secret, *stored = db.session.scalars(select(Totp.sealed_secret).where(Totp.user_id == everybody.alice.id))
        assert not stored
        assert len(secret) > 100, "sealed"
        kept = set(db.session.scalars(select(RecoveryCode.digest)))
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in kept)
    alice.submit("/logout")
    assert log_in(alice, everybody.alice).location == "/login/code"
    assert send_code(alice, codes[0].upper().replace("-", " ")).status_code == 303
    alice.submit("/logout")
    log_in(alice, everybody.alice)
    assert send_code(alice, codes[0]).status_code == 422, "used up"


def test_nothing_counts_before_the_first_code(noon: Any, everybody: Cast, browser: Any) -> None:
    alice = browser(everybody.alice)
    alice.submit("/account/app/begin")
    answer = alice.submit("/account/app", {"code": "000000"})
    assert answer.status_code == 422
    assert "clock" in answer.text
    alice.submit("/logout")
    assert log_in(alice, everybody.alice).location == "/write"


def test_few_codes_left_are_said_so(noon: Any, app: Flask, everybody: Cast, browser: Any) -> None:
    eve, codes = browser(everybody.eve), codes_of(app, everybody.eve)
    assert "You have 10 left." in eve.get("/account/security").text
    with app.app_context():
        for code in codes[: recovery.NUMBER - recovery.FEW]:
            assert recovery.use(everybody.eve.id, code, clock.now())
        commit()
    assert "You have only 3 left." in eve.get("/account/security").text
    assert "shown here and never again" in eve.submit("/account/recovery-codes").text
    assert "You have 10 left." in eve.get("/account/security").text
    with app.app_context():
        assert not recovery.use(everybody.eve.id, codes[-1], clock.now()), "the old ones are void"


def test_the_last_second_factor_of_an_editor_stays(noon: Any, app: Flask, everybody: Cast, browser: Any) -> None:
    eve = browser(everybody.eve)
    answer = eve.submit("/account/app/remove")
    assert answer.status_code == 409
    assert "Your role needs a second factor" in answer.text
    with app.app_context():
        assert totp.is_on(everybody.eve.id)
        site.change(second_factor="nobody")
        commit()
    assert eve.submit("/account/app/remove").status_code == 303
    with app.app_context():
        assert not totp.is_on(everybody.eve.id)
        assert recovery.left(everybody.eve.id) == 0, "they stand in for nothing any more"


def test_beside_a_second_factor_a_shorter_password_is_enough_and_then_it_has_to_stay(
    noon: Any, app: Flask, everybody: Cast, browser: Any
) -> None:
    alice = browser(everybody.alice)
    short = "oaken-mug"
    assert alice.submit("/account/password", {"new": short}).status_code == 422
    set_up(alice)
    assert 'minlength="8"' in alice.get("/account/password").text
    assert alice.submit("/account/password", {"new": "oaken-m"}).status_code == 422
    assert alice.submit("/account/password", {"new": short}).status_code == 303
    answer = alice.submit("/account/app/remove")
    assert answer.status_code == 409
    assert "too short to be all that protects your account" in answer.text
    assert alice.submit("/account/password", {"new": NEW_PASSWORD}).status_code == 303
    assert alice.submit("/account/app/remove").status_code == 303


def test_who_becomes_an_editor_sees_only_where_to_enrol(noon: Any, app: Flask, everybody: Cast, browser: Any) -> None:
    bob, olga = browser(everybody.bob), browser(everybody.olga)
    olga.submit(f"/admin/people/{everybody.bob.id}/role", {"role": "editor"})
    for place in ("/account", "/write", "/write/new", "/admin/settings"):
        assert bob.get(place).location == "/account/security"
    assert bob.submit("/write/new", {"title": "x", "body": "y", "do": "save"}).status_code == 403
    page = bob.get("/account/security")
    assert page.status_code == 200
    assert "One step before you begin" in page.text
    assert len(re.findall(r"<li><code>", set_up(bob))) == recovery.NUMBER
    assert bob.get("/write").status_code == 200


@pytest.mark.parametrize("change", ["password", "app"])
def test_another_password_or_app_ends_all_trust(
    noon: Any, app: Flask, everybody: Cast, client: Browser, change: str
) -> None:
    log_in(client, everybody.eve)
    send_code(client, present_code(), trust="y")
    if change == "password":
        client.submit("/account/password", {"new": NEW_PASSWORD})
    else:
        with app.app_context():
            site.change(second_factor="nobody")
            commit()
        client.submit("/account/app/remove")
        set_up(client)
    client.submit("/logout")
    again = log_in(client, everybody.eve, NEW_PASSWORD if change == "password" else PASSWORD)
    assert again.location == "/login/code"
