"""Guessing passwords: slowed down, before any hashing, whoever does it and from wherever."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from homeport.accounts import throttle
from homeport.accounts.models import Attempt
from homeport.core import clock, waiting
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from homeport.core.ids import digest
from tests.accounts.acts import is_logged_in, log_in
from tests.accounts.conftest import CountingHasher
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser

pytestmark = pytest.mark.usefixtures("stopped_clock")

FREE = throttle.ACCOUNT.free


def guess(browser: Browser, email: str, address: str = "203.0.113.1", password: str = "wrong") -> TestResponse:
    form = {"email": email, "password": password}
    return browser.submit("/login", form, environ_overrides={"REMOTE_ADDR": address})


def test_the_first_mistakes_are_free_then_one_waits(everybody: Cast, client: Browser, hasher: CountingHasher) -> None:
    answers = [guess(client, "alice@example.com") for _ in range(FREE + 1)]
    assert [answer.status_code for answer in answers] == [422] * FREE + [429]
    last = answers[-1]
    assert last.headers["Retry-After"] == "1"
    assert "Wait 1 second, then try again." in last.text
    assert 'value="alice@example.com"' in last.text
    assert hasher.compared == FREE


def test_a_hundred_and_twenty_addresses_at_once_get_no_further_than_one(
    everybody: Cast, client: Browser, hasher: CountingHasher
) -> None:
    answers = [guess(client, "alice@example.com", f"127.0.0.{number}") for number in range(1, 121)]
    assert hasher.compared <= 100
    assert sum(answer.status_code == 429 for answer in answers) >= 20


def test_who_waits_patiently_gets_under_a_hundred_guesses_an_hour(
    everybody: Cast, client: Browser, hasher: CountingHasher
) -> None:
    start, waits = datetime(2026, 5, 1, tzinfo=UTC), []
    with time_machine.travel(start, tick=False) as clock_hand:
        number = 0
        while clock.now() < start + timedelta(hours=1):
            answer = guess(client, "alice@example.com", f"127.0.{number // 250}.{number % 250 + 1}")
            wait = int(answer.headers.get("Retry-After", 0))
            waits += [wait] if wait else []
            clock_hand.shift(wait)
            number += 1
        assert hasher.compared <= 100
        assert waits == sorted(waits), "the waits only grow"
        assert max(waits) == throttle.LONGEST_WAIT
        clock_hand.shift(timedelta(hours=2))
        assert log_in(client, everybody.alice).status_code == 303


def test_tries_at_the_same_moment_count_as_many(app: Flask, everybody: Cast, hasher: CountingHasher) -> None:
    clients: list[Any] = [app.test_client() for _ in range(12)]
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False), ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda client: guess(client, "alice@example.com").status_code, clients))
    assert hasher.compared == FREE
    assert sorted(statuses) == [422] * FREE + [429] * (12 - FREE)


def test_a_try_is_on_record_before_its_hash_is_made(
    app: Flask, everybody: Cast, client: Browser, hasher: CountingHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(_stored: str | None, _password: str) -> bool:
        with ThreadPoolExecutor(1) as pool:  # somebody else's connection: only what is committed can be seen
            seen.append(pool.submit(attempts, app).result(timeout=5))
        return False

    monkeypatch.setattr(hasher, "matches", look)
    guess(client, "alice@example.com")
    assert seen == [2]


def attempts(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Attempt)) or 0


def test_an_unknown_account_is_slowed_down_alike(everybody: Cast, client: Browser) -> None:
    known = [guess(client, "alice@example.com", "198.51.100.1").status_code for _ in range(FREE + 2)]
    unknown = [guess(client, "nobody@example.com", "198.51.100.2").status_code for _ in range(FREE + 2)]
    assert known == unknown


def test_capitals_and_blanks_make_no_other_account(everybody: Cast, client: Browser, hasher: CountingHasher) -> None:
    for email in ("alice@example.com", "ALICE@example.com", " alice@example.com", "Alice@Example.Com ") * 3:
        guess(client, email)
    assert hasher.compared == FREE


def test_the_right_password_starts_the_count_anew(everybody: Cast, client: Browser, hasher: CountingHasher) -> None:
    for _ in range(3):
        for _ in range(FREE - 1):
            assert guess(client, "alice@example.com").status_code == 422
        assert log_in(client, everybody.alice).status_code == 303
        client.submit("/logout")


def test_ones_own_account_is_no_way_to_guess_at_others(everybody: Cast, client: Browser, app: Flask) -> None:
    subject = throttle.NETWORK.subject("203.0.113.1")
    for number in range(4):
        guess(client, f"victim{number}@example.com")
        guess(client, everybody.bob.email, password=PASSWORD)
        client.submit("/logout")
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(Attempt.subject == subject)) == 4


def test_one_network_is_slowed_down_over_many_accounts(
    everybody: Cast, client: Browser, hasher: CountingHasher
) -> None:
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False):
        for number in range(60):
            guess(client, f"somebody{number}@example.com", f"2001:db8:1:2::{number:x}")
        assert hasher.compared == throttle.NETWORK.free
        assert guess(client, "somebody99@example.com", "2001:db8:1:3::1").status_code == 422


def test_a_guesser_does_not_put_out_who_is_in(everybody: Cast, client: Browser, browser: Any) -> None:
    alice = browser(everybody.alice)
    for number in range(20):
        guess(client, "alice@example.com", f"127.0.0.{number + 1}")
    assert is_logged_in(alice)
    assert alice.submit("/account", {"display_name": "Alice", "handle": "alice", "time_zone": "UTC"}).status_code == 303


def test_refused_tries_do_not_make_the_wait_longer(everybody: Cast, client: Browser) -> None:
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False) as clock_hand:
        for _ in range(FREE + 40):
            guess(client, "alice@example.com")
        clock_hand.shift(1)
        assert log_in(client, everybody.alice).status_code == 303


def test_the_present_password_is_counted_like_a_login(everybody: Cast, browser: Any, hasher: CountingHasher) -> None:
    alice = browser(everybody.alice)
    statuses = [alice.submit("/account/confirm", {"password": "wrong"}).status_code for _ in range(FREE + 2)]
    assert statuses == [422] * FREE + [429] * 2
    assert hasher.compared == FREE
    assert log_in(alice, everybody.alice).status_code == 429


def test_neither_address_nor_account_is_written_down_in_clear(app: Flask, client: Browser) -> None:
    guess(client, "alice@example.com", "203.0.113.77")
    with app.app_context():
        subjects = list(db.session.scalars(select(Attempt.subject)))
    assert subjects == [f"account:{digest('alice@example.com')}", f"network:{digest('203.0.113.77')}"]


def test_a_clock_that_was_set_back_locks_nobody_out(app: Flask, everybody: Cast, client: Browser) -> None:
    with time_machine.travel(datetime(2027, 5, 1, tzinfo=UTC), tick=False):
        for _ in range(FREE + 3):
            guess(client, "alice@example.com")
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False):
        assert log_in(client, everybody.alice).status_code == 303


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (1000, 60)]
)
def test_the_wait_doubles_up_to_a_minute(attempts: int, seconds: int) -> None:
    assert throttle.ACCOUNT.wait(attempts) == timedelta(seconds=seconds)


def test_too_many_at_once_are_asked_to_come_back(app: Flask, hasher: CountingHasher) -> None:
    with ExitStack() as others:
        while others.enter_context(waiting.place()):
            pass
        with pytest.raises(Problem) as problem:
            hasher.hash(PASSWORD)
    assert problem.value.status == 503
    assert problem.value.headers["Retry-After"]
    assert hasher.hash(PASSWORD)


def test_nobody_waits_for_the_database_while_a_password_is_hashed(
    app: Flask, everybody: Cast, client: Browser, hasher: CountingHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        with app.app_context():
            db.session.add(Attempt(subject="somebody else", at=clock.now()))
            commit()

    def write_meanwhile(stored: str | None, password: str) -> bool:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(write).result(timeout=5)
        return CountingHasher.matches(hasher, stored, password)

    monkeypatch.setattr(hasher, "matches", write_meanwhile)
    assert log_in(client, everybody.alice).status_code == 303
