"""The same rule for passwords wherever one is chosen: long enough, not among the first that are guessed, kept whole."""

import random
import string
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from homeport.accounts import invitations
from homeport.core import clock, site
from homeport.core.db import commit
from homeport.core.http import SYSTEM, Role
from tests.accounts.acts import log_in, open_registration, reset_token
from tests.cast import Cast
from tests.conftest import Browser

Door = Callable[[str], TestResponse]
DORA = {"name": "Dorothea", "email": "dorothea@example.com"}
DOORS = ["register", "invitation", "reset", "account"]
WITH_SECOND_FACTOR = ["reset with a second factor", "account with a second factor"]


def typed(length: int) -> str:
    """What a password manager makes up; the same each time, as few of eight characters hold what is easily guessed."""
    return "".join(random.Random(length).choices(string.ascii_letters + string.digits, k=length))


def invite(app: Flask) -> str:
    with app.app_context():
        token = invitations.make(Role.READER, 10, 1, "", by=SYSTEM, now=clock.now())
        commit()
        return token


@pytest.fixture
def door(app: Flask, everybody: Cast, client: Browser, browser: Any, request: pytest.FixtureRequest) -> Door:
    """Somebody at one of the places where a password is chosen."""
    open_registration(app)
    person = everybody.eve if "second factor" in request.param else everybody.alice
    if request.param == "register":
        return lambda password: client.submit("/register", {**DORA, "password": password})
    if request.param == "invitation":
        token = invite(app)
        return lambda password: client.submit("/invitation", {**DORA, "token": token, "password": password})
    if request.param.startswith("reset"):
        token = reset_token(app, person)
        return lambda password: client.submit("/reset", {"token": token, "password": password})
    who = browser(person)
    return lambda password: who.submit("/account/password", {"new": password})


@pytest.mark.parametrize("door", DOORS, indirect=True)
def test_fifteen_characters_are_enough_and_fourteen_are_not(door: Door) -> None:
    for length in (7, 8, 14):
        refused = door(typed(length))
        assert refused.status_code == 422
        assert f"Use at least 15 characters; these are {length}." in refused.text
    assert door(typed(15)).status_code == 303


@pytest.mark.parametrize("door", WITH_SECOND_FACTOR, indirect=True)
def test_beside_a_second_factor_eight_are_enough_and_seven_are_not(door: Door) -> None:
    refused = door(typed(7))
    assert refused.status_code == 422
    assert "Use at least 8 characters; these are 7." in refused.text
    assert door(typed(8)).status_code == 303


@pytest.mark.parametrize("length", [128, 1000])
@pytest.mark.parametrize("door", DOORS, indirect=True)
def test_a_long_one_is_taken(door: Door, length: int) -> None:
    assert door(typed(length)).status_code == 303


def test_two_that_differ_at_the_hundred_and_twentieth_character_are_two(
    app: Flask, everybody: Cast, client: Browser
) -> None:
    long = typed(128)
    other = long[:119] + ("a" if long[119] != "a" else "b") + long[120:]
    client.submit("/reset", {"token": reset_token(app, everybody.alice), "password": long})
    assert log_in(client, everybody.alice, other).status_code == 422
    assert log_in(client, everybody.alice, long).status_code == 303


@pytest.mark.parametrize(
    "password", ["passwordpassword", "qwertyuiopasdfgh", "harbournotesharbournotes", "aaaaaaaaaaaaaaaaaaaa"]
)
@pytest.mark.parametrize("door", DOORS, indirect=True)
def test_what_would_be_guessed_first_is_refused(app: Flask, door: Door, password: str) -> None:
    with app.app_context():
        site.change(title="Harbour Notes")
        commit()
    refused = door(password)
    assert refused.status_code == 422
    assert "among the first that would be guessed" in refused.text
    assert password not in refused.text


@pytest.mark.parametrize("door", ["register", "invitation"], indirect=True)
def test_ones_own_name_is_refused(door: Door) -> None:
    assert door("dorotheadorothea").status_code == 422
