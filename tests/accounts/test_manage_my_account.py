"""One's own account: profile, password, devices."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from homeport.accounts import passwords, queries
from homeport.accounts.browsers import name_of
from homeport.core import clock
from homeport.core.db import site_version
from tests.accounts.acts import NEW_PASSWORD, is_logged_in, log_in, masked, reset_token, stored_hash
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser

PROFILE = {
    "display_name": "Alice Ærø",
    "handle": "alice-ærø",
    "bio": "Writes about ships.\r\nAnd harbours.",
    "link": "https://alice.example/",
    "time_zone": "Europe/Copenhagen",
}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


def test_alice_says_who_she_is(app: Flask, everybody: Cast, browser: Any) -> None:
    alice = browser(everybody.alice)
    assert alice.submit("/account", PROFILE).status_code == 303
    page = alice.get("/account").text
    assert "Your profile is saved." in page
    with app.app_context():
        user = queries.by_id(everybody.alice.id)
        assert user is not None
        assert (user.display_name, user.handle, user.time_zone) == ("Alice Ærø", "alice-ærø", "Europe/Copenhagen")
        assert (user.bio, user.link) == ("Writes about ships.\nAnd harbours.", "https://alice.example/")


def test_a_profile_is_public_and_renews_the_pages(app: Flask, everybody: Cast, browser: Any) -> None:
    def version() -> int:
        with app.app_context():
            return site_version()

    before, alice = version(), browser(everybody.alice)
    assert version() == before
    alice.submit("/account", PROFILE)
    assert version() == before + 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", ""),
        ("display_name", "x" * 81),
        ("display_name", "a\x0bb"),
        ("handle", ""),
        ("handle", "a/b"),
        ("handle", "-a"),
        ("handle", "a b"),
        ("handle", ".."),
        ("handle", "x" * 61),
        ("bio", "x" * 2001),
        ("link", "javascript:alert(1)"),
        ("link", "JaVaScRiPt:alert(1)"),
        ("link", "data:text/html,x"),
        ("link", "//evil.example"),
        ("link", "alice.example"),
        ("link", "https://"),
        ("link", "https://a\u202eb.example"),
        ("link", "https://[x"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
    ],
)
def test_what_can_not_be_stored_is_said_at_its_field(
    app: Flask, everybody: Cast, browser: Any, field: str, value: str
) -> None:
    answer = browser(everybody.alice).submit("/account", {**PROFILE, field: value})
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    with app.app_context():
        user = queries.by_id(everybody.alice.id)
        assert user is not None
        assert user.display_name == "Alice"


def test_a_handle_belongs_to_one_person(everybody: Cast, browser: Any) -> None:
    alice = browser(everybody.alice)
    answer = alice.submit("/account", {**PROFILE, "handle": "BOB"})
    assert answer.status_code == 409
    assert "Somebody else has this name." in answer.text
    assert alice.submit("/account", {**PROFILE, "handle": "alice"}).status_code == 303


def test_a_form_changes_nothing_that_is_not_on_it(app: Flask, everybody: Cast, browser: Any) -> None:
    extra = {"role": "owner", "email": "x@example.com", "id": "1", "password_hash": "x", "suspended_at": "2026-01-01"}
    assert browser(everybody.alice).submit("/account", {**PROFILE, **extra}).status_code == 303
    with app.app_context():
        user = queries.by_id(everybody.alice.id)
        assert user is not None
        assert (user.role, user.email) == (everybody.alice.role, everybody.alice.email)


def test_a_new_password_replaces_the_old_and_ends_every_other_session(
    app: Flask, everybody: Cast, client: Browser, browser: Any
) -> None:
    elsewhere = browser(everybody.alice)
    log_in(client, everybody.alice)
    before, token = client.token, reset_token(app, everybody.alice)
    answer = client.submit("/account/password", {"new": NEW_PASSWORD})
    assert answer.status_code == 303
    assert client.token != before, "the session goes on under a new id"
    assert "Your password is changed." in client.get("/account/security").text
    assert not is_logged_in(elsewhere)
    thief: Any = app.test_client()
    thief.set_cookie("sid", before)
    assert not is_logged_in(thief)
    assert thief.get("/reset", query_string={"token": token}).status_code == 403, "older links are void"
    assert log_in(thief, everybody.alice).status_code == 422
    assert log_in(thief, everybody.alice, NEW_PASSWORD).status_code == 303


def test_after_a_while_the_present_password_is_needed(app: Flask, everybody: Cast, client: Browser) -> None:
    before, begun = stored_hash(app, everybody.alice), clock.now()
    log_in(client, everybody.alice)
    with time_machine.travel(begun + timedelta(minutes=16), tick=False):
        to_confirm = client.get("/account/password").location
        assert to_confirm == "/account/confirm?next=/account/password"
        assert client.submit("/account/password", {"new": NEW_PASSWORD}).status_code == 401
        for present in ("", "wrong", NEW_PASSWORD):
            answer = client.submit("/account/confirm", {"password": present, "next": "/account/password"})
            assert answer.status_code == 422
        assert client.get("/account/password").location == to_confirm
        assert stored_hash(app, everybody.alice) == before
        answer = client.submit("/account/confirm", {"password": PASSWORD, "next": "/account/password"})
        assert answer.location == "/account/password"
        assert client.submit("/account/password", {"new": NEW_PASSWORD}).status_code == 303
    assert stored_hash(app, everybody.alice) != before


def test_alice_sees_where_she_is_logged_in(app: Flask, everybody: Cast) -> None:
    here: Any = app.test_client()
    there: Any = app.test_client()
    log_in(here, everybody.alice, headers={"User-Agent": FIREFOX})
    log_in(there, everybody.alice, headers={"User-Agent": SAFARI}, environ_overrides={"REMOTE_ADDR": "203.0.113.5"})
    page = here.get("/account/sessions").text
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert "203.0.113.5" in page
    assert page.count("This device") == 1
    assert here.token not in page
    assert there.token not in page


def handle_of_other(page: str) -> str:
    return next(part.split("/")[0] for part in page.split("/account/sessions/")[1:] if "Safari" in part)


def test_alice_logs_another_device_out(app: Flask, everybody: Cast) -> None:
    here: Any = app.test_client()
    there: Any = app.test_client()
    log_in(here, everybody.alice, headers={"User-Agent": FIREFOX})
    log_in(there, everybody.alice, headers={"User-Agent": SAFARI})
    handle = handle_of_other(here.get("/account/sessions").text)
    assert here.submit(f"/account/sessions/{handle}/end").status_code == 303
    assert not is_logged_in(there)
    assert is_logged_in(here)
    assert here.submit(f"/account/sessions/{handle}/end").status_code == 404


def test_alice_logs_every_other_device_out(everybody: Cast, browser: Any) -> None:
    here, there, elsewhere, bob = (browser(person) for person in [everybody.alice] * 3 + [everybody.bob])
    assert here.submit("/account/sessions/end-others").status_code == 303
    assert is_logged_in(here)
    assert is_logged_in(bob)
    assert not is_logged_in(there)
    assert not is_logged_in(elsewhere)


def test_ending_this_device_is_logging_out(app: Flask, everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.alice)
    with app.app_context():
        handle = queries.sessions_of(everybody.alice.id, clock.now())[0].handle
    assert client.submit(f"/account/sessions/{handle}/end").location == "/login"
    assert not is_logged_in(client)


def test_somebody_elses_session_is_as_absent_as_none(app: Flask, everybody: Cast) -> None:
    alice: Any = app.test_client()
    bob: Any = app.test_client()
    log_in(alice, everybody.alice)
    log_in(bob, everybody.bob, headers={"User-Agent": SAFARI})
    handle = handle_of_other(bob.get("/account/sessions").text)
    foreign = alice.submit(f"/account/sessions/{handle}/end")
    absent = alice.submit("/account/sessions/AAAAAAAAAAAAAAAA/end")
    assert masked(foreign) == masked(absent)
    assert foreign.status_code == 404
    assert is_logged_in(bob)


@pytest.mark.parametrize("path", ["/account", "/account/password", "/account/sessions"])
def test_strangers_are_asked_to_log_in(client: Browser, path: str) -> None:
    assert client.get(path).location == f"/login?next={path}"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        ("", "Unknown browser"),
        ("<script>", "Unknown browser"),
    ],
)
def test_a_browser_has_a_name(agent: str, name: str) -> None:
    assert name_of(agent) == name


def test_a_reset_while_the_old_password_is_being_replaced_wins(
    app: Flask, everybody: Cast, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knows the old password cannot wait with a change until the reset against them has been made."""
    token, owner = reset_token(app, everybody.alice), browser(everybody.bob)

    class Slow(passwords.Hasher):
        def hash(self, password: str) -> str:
            if password == "the intruder's own choice":
                answer = owner.submit("/reset", {"token": token, "password": NEW_PASSWORD})
                assert answer.status_code == 303
            return super().hash(password)

    intruder = browser(everybody.alice)
    monkeypatch.setattr(passwords, "hasher", Slow(passwords.FLOOR))
    answer = intruder.submit("/account/password", {"present": PASSWORD, "new": "the intruder's own choice"})
    assert answer.status_code == 409
    assert not is_logged_in(intruder)
    assert log_in(browser(everybody.bob), everybody.alice, NEW_PASSWORD).status_code == 303
