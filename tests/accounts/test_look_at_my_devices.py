"""Where am I logged in, is that me, and must it show a code: “Your devices”."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from homeport.accounts import queries
from homeport.accounts.models import AuditEvent
from homeport.core import clock
from homeport.core.db import db
from homeport.core.net import place_of
from homeport.ui.filters import date
from tests.accounts.acts import is_logged_in, log_in, log_in_with_code, masked, present_code
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.reading.page import Page


def from_address(app: Flask, person: Person, address: str) -> Browser:
    """A browser that somebody logs in with from somewhere."""
    client: Any = app.test_client()
    log_in(client, person, environ_overrides={"REMOTE_ADDR": address})
    return client  # type: ignore[no-any-return]  # it is a Browser


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1", "this machine"),
        ("::1", "this machine"),
        ("192.168.1.20", "home network"),
        ("10.1.2.3", "home network"),
        ("172.20.0.1", "home network"),
        ("fd12::1", "home network"),
        ("fe80::1", "home network"),
        ("::ffff:192.168.1.20", "home network"),
        ("203.0.113.5", "internet"),
        ("172.32.0.1", "internet"),
        ("2001:db8::1", "internet"),
        ("", "unknown network"),
        ("somewhere", "unknown network"),
    ],
)
def test_an_address_has_a_place(address: str, words: str) -> None:
    assert place_of(address) == words


def test_each_device_tells_its_place_and_how_one_got_in(app: Flask, everybody: Cast) -> None:
    from_address(app, everybody.alice, "203.0.113.5")
    here = from_address(app, everybody.alice, "192.168.1.20")
    text = Page(here.get("/account/sessions")).one("main").text
    assert "Internet, 203.0.113.5" in text
    assert "Home network, 192.168.1.20" in text
    assert text.count("with password") == 2
    assert "Trusted" not in text


def trusting(app: Flask, everybody: Cast) -> Browser:
    """Eve's browser, which she has told to ask for no code."""
    eve: Any = app.test_client()
    log_in(eve, everybody.eve)
    eve.submit("/login/code", {"code": present_code(), "trust": "y"})
    assert is_logged_in(eve)
    return eve  # type: ignore[no-any-return]  # it is a Browser


def handle_of(app: Flask, person: Person) -> str:
    with app.app_context():
        return queries.sessions_of(person.id, clock.now())[0].handle


def test_trust_in_a_device_is_shown_and_taken_back(app: Flask, everybody: Cast) -> None:
    eve = trusting(app, everybody)
    with app.test_request_context():
        until = date(clock.now() + timedelta(days=30))
    page = eve.get("/account/sessions").text
    assert "no code is asked for until" in page
    assert until in page
    eve.submit("/logout")
    assert log_in(eve, everybody.eve).location == "/write", "the password alone is enough on a trusted device"

    answer = eve.submit(f"/account/sessions/{handle_of(app, everybody.eve)}/distrust")
    assert answer.status_code == 303
    page = eve.get("/account/sessions").text
    assert "asked for a code again" in page
    assert "no code is asked for until" not in page
    with app.app_context():
        newest = select(AuditEvent.action).order_by(AuditEvent.id.desc()).limit(1)
        assert db.session.scalar(newest) == "device_distrusted"
    eve.submit("/logout")
    assert log_in(eve, everybody.eve).location == "/login/code"


def test_the_trust_of_somebody_else_is_as_absent_as_none(app: Flask, everybody: Cast, browser: Any) -> None:
    eve, alice = trusting(app, everybody), browser(everybody.alice)
    foreign = alice.submit(f"/account/sessions/{handle_of(app, everybody.eve)}/distrust")
    absent = alice.submit("/account/sessions/AAAAAAAAAAAAAAAA/distrust")
    assert masked(foreign) == masked(absent)
    assert foreign.status_code == 404
    eve.submit("/logout")
    assert log_in(eve, everybody.eve).location == "/write"


def test_a_session_that_was_ended_opens_nothing_any_more(app: Flask, everybody: Cast) -> None:
    here = from_address(app, everybody.alice, "192.168.1.20")
    there = from_address(app, everybody.alice, "203.0.113.5")
    cookie, page = there.token, here.get("/account/sessions").text
    handle = re.search(r"/account/sessions/([\w-]{16})/end\"(?:(?!<li>).)*from 203\.0\.113\.5", page, re.DOTALL)
    assert handle
    assert handle[1] not in cookie
    assert here.submit(f"/account/sessions/{handle[1]}/end").status_code == 303
    thief: Any = app.test_client()
    for value in (cookie, handle[1]):
        thief.set_cookie("sid", value)
        assert thief.get("/account").status_code == 303
        assert thief.submit("/account", {"display_name": "Mallory"}).status_code in {401, 403}
    assert is_logged_in(here)


def test_every_other_session_that_was_ended_opens_nothing_any_more(app: Flask, everybody: Cast) -> None:
    others = [from_address(app, everybody.alice, f"203.0.113.{number}") for number in range(3)]
    here, bob = from_address(app, everybody.alice, "192.168.1.20"), from_address(app, everybody.bob, "192.168.1.21")
    cookies = [other.token for other in others]
    here.submit("/account/sessions/end-others")
    for cookie in cookies:
        thief: Any = app.test_client()
        thief.set_cookie("sid", cookie)
        assert not is_logged_in(thief)
    assert is_logged_in(here)
    assert is_logged_in(bob)


def test_who_has_no_second_factor_is_told_nothing_of_trust(app: Flask, everybody: Cast) -> None:
    client: Any = app.test_client()
    log_in_with_code(client, everybody.eve)
    assert "Ask for a code again" not in client.get("/account/sessions").text
