"""Logging in takes two steps for who has a second factor: a code of the app, or a recovery code."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from homeport.accounts import ceremonies, devices, jobs, throttle, totp
from homeport.accounts.models import AuthSession, Ceremony, Totp, User
from homeport.core import clock
from homeport.core.db import commit, db
from tests.accounts.acts import codes_of, is_logged_in, log_in, present_code, send_code
from tests.accounts.conftest import CountingHasher
from tests.cast import PASSWORD, SECRET, Cast
from tests.conftest import Browser

pytestmark = pytest.mark.usefixtures("stopped_clock")

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def noon() -> Any:
    """The clock stands still, at a time that a test may move."""
    with time_machine.travel(START, tick=False) as hand:
        yield hand


def test_the_password_alone_opens_nothing(noon: Any, everybody: Cast, client: Browser) -> None:
    answer = log_in(client, everybody.eve)
    assert answer.location == "/login/code"
    assert client.token == "", "half a login is no session"
    assert not is_logged_in(client)
    assert client.get("/write").location.startswith("/login")


def test_with_the_apps_code_one_is_in_and_where_one_was(noon: Any, everybody: Cast, client: Browser) -> None:
    form = {"email": everybody.eve.email, "password": PASSWORD, "next": "/write/new"}
    assert client.submit("/login", form).location == "/login/code"
    page = client.get("/login/code").text
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert send_code(client, present_code()).location == "/write/new"
    assert is_logged_in(client)


@pytest.mark.parametrize("typed", ["{0}", " {0} ", "{1} {2}"])
def test_a_code_may_be_typed_with_blanks(noon: Any, everybody: Cast, client: Browser, typed: str) -> None:
    log_in(client, everybody.eve)
    code = present_code()
    assert send_code(client, typed.format(code, code[:3], code[3:])).status_code == 303


@pytest.mark.parametrize("code", ["", "000000", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "x" * 500, "²" * 6])
def test_a_wrong_code_is_told_and_can_be_tried_again(noon: Any, everybody: Cast, client: Browser, code: str) -> None:
    log_in(client, everybody.eve)
    answer = send_code(client, code)
    assert answer.status_code == 422
    assert not is_logged_in(client)
    assert send_code(client, present_code()).status_code == 303


@pytest.mark.parametrize(("seconds", "status"), [(-61, 422), (-30, 303), (0, 303), (30, 303), (61, 422)])
def test_the_clock_may_be_off_by_one_step(
    noon: Any, everybody: Cast, client: Browser, seconds: int, status: int
) -> None:
    log_in(client, everybody.eve)
    assert send_code(client, present_code(START + timedelta(seconds=seconds))).status_code == status


def test_a_code_works_once(noon: Any, app: Flask, everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.eve)
    assert send_code(client, present_code()).status_code == 303
    thief: Any = app.test_client()
    log_in(thief, everybody.eve)
    assert send_code(thief, present_code()).status_code == 422
    assert send_code(thief, present_code(START - timedelta(seconds=30))).status_code == 422, "nor does an older one"
    noon.shift(30)
    assert send_code(thief, present_code()).status_code == 303


def both_at_once(app: Flask, everybody: Cast, code: str) -> list[int]:
    clients: list[Any] = [app.test_client() for _ in range(2)]
    for one in clients:
        log_in(one, everybody.eve)
    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(lambda one: send_code(one, code).status_code, clients))


def test_of_two_who_send_a_code_at_once_one_gets_in(noon: Any, app: Flask, everybody: Cast) -> None:
    assert both_at_once(app, everybody, present_code()) == [303, 422]


def test_of_two_who_send_a_recovery_code_at_once_one_gets_in(noon: Any, app: Flask, everybody: Cast) -> None:
    assert both_at_once(app, everybody, codes_of(app, everybody.eve)[0]) == [303, 422]


def test_half_a_login_ends_after_ten_minutes(noon: Any, everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.eve)
    noon.shift(ceremonies.STEP_LIFETIME)
    answer = send_code(client, present_code())
    assert (answer.status_code, answer.location) == (303, "/login?after=too-late")
    assert "begin again" in client.get(answer.location).text


def test_half_a_login_is_of_use_in_its_own_browser_alone(
    noon: Any, app: Flask, everybody: Cast, client: Browser
) -> None:
    log_in(client, everybody.eve)
    other: Any = app.test_client()
    assert send_code(other, present_code()).location == "/login?after=too-late"
    other.set_cookie("ceremony", "x" * 43)
    assert send_code(other, present_code()).location == "/login?after=too-late"
    log_in(other, everybody.olga)
    send_code(other, present_code())
    assert "Olga" in other.get("/account").text, "a code stands for the account whose password came before it"


def test_who_has_half_a_login_and_is_suspended_stays_out(
    noon: Any, app: Flask, everybody: Cast, client: Browser
) -> None:
    log_in(client, everybody.eve)
    with app.app_context():
        db.session.get_one(User, everybody.eve.id).suspended_at = clock.now()
        commit()
    assert send_code(client, present_code()).status_code == 403
    assert not is_logged_in(client)


def test_guessing_codes_is_slowed_down_like_guessing_passwords(
    noon: Any, everybody: Cast, client: Browser, hasher: CountingHasher
) -> None:
    log_in(client, everybody.eve)
    statuses = [send_code(client, "000000").status_code for _ in range(throttle.ACCOUNT.free + 2)]
    assert statuses == [422] * throttle.ACCOUNT.free + [429] * 2
    assert send_code(client, present_code()).status_code == 429, "even the right one has to wait"
    noon.shift(2)
    assert send_code(client, present_code()).status_code == 303


def test_the_right_password_does_not_start_the_count_of_codes_anew(
    noon: Any, app: Flask, everybody: Cast, hasher: CountingHasher
) -> None:
    statuses = []
    for number in range(12):
        guesser: Any = app.test_client()
        log_in(guesser, everybody.eve, environ_overrides={"REMOTE_ADDR": f"127.0.0.{number + 1}"})
        statuses.append(send_code(guesser, "000000").status_code)
    assert statuses.count(422) == throttle.ACCOUNT.free


def test_a_trusted_device_is_asked_for_no_code_for_thirty_days(noon: Any, everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.eve)
    assert send_code(client, present_code(), trust="y").status_code == 303
    client.submit("/logout")
    assert log_in(client, everybody.eve).location == "/write"
    client.submit("/logout")
    noon.shift(devices.TRUST)
    assert log_in(client, everybody.eve).location == "/login/code"


def test_the_trust_is_not_for_other_devices_nor_other_people(
    noon: Any, app: Flask, everybody: Cast, client: Browser
) -> None:
    log_in(client, everybody.eve)
    send_code(client, present_code(), trust="y")
    client.submit("/logout")
    elsewhere: Any = app.test_client()
    assert log_in(elsewhere, everybody.eve).location == "/login/code"
    assert log_in(client, everybody.olga).location == "/login/code"


def test_to_confirm_takes_both_again_and_gives_the_session_another_id(
    noon: Any, app: Flask, everybody: Cast, browser: Any
) -> None:
    eve = browser(everybody.eve)
    noon.shift(timedelta(minutes=16))
    before = eve.token
    assert eve.submit("/account/confirm", {"password": PASSWORD}).status_code == 422
    assert eve.submit("/account/confirm", {"password": PASSWORD, "code": "000000"}).status_code == 422
    assert eve.submit("/account/confirm", {"password": "wrong", "code": present_code()}).status_code == 422
    assert eve.token == before
    form = {"password": PASSWORD, "code": present_code(), "next": "//evil.example"}
    answer = eve.submit("/account/confirm", form)
    assert (answer.status_code, answer.location) == (303, "/account/security")
    assert eve.token != before
    thief: Any = app.test_client()
    thief.set_cookie("sid", before)
    assert not is_logged_in(thief)
    with app.app_context():
        assert db.session.scalars(select(AuthSession.means)).all() == ["password and code"]


def test_the_secret_is_the_one_the_app_was_given(app: Flask, everybody: Cast) -> None:
    with app.app_context():
        step = int(START.timestamp()) // totp.STEP
        assert totp.use(everybody.eve.id, pyotp.TOTP(SECRET).at(START), app.config["HOMEPORT"], START)
        assert db.session.scalar(select(Totp.last_step).where(Totp.user_id == everybody.eve.id)) == step


def test_what_is_over_is_cleared_away(noon: Any, app: Flask, everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.eve)
    with app.app_context():
        assert len(db.session.scalars(select(Ceremony)).all()) == 1
        jobs.clean_accounts()
        assert len(db.session.scalars(select(Ceremony)).all()) == 1
        noon.shift(ceremonies.STEP_LIFETIME)
        jobs.clean_accounts()
        assert db.session.scalars(select(Ceremony)).all() == []
