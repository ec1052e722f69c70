"""What has had its time is deleted, and nothing else."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from homeport.accounts import queries, sessions, throttle, tokens
from homeport.accounts.jobs import clean_accounts
from homeport.accounts.models import Attempt, AuthSession, OneTimeToken
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.jobs.service import SCHEDULES
from tests.cast import Cast, open_session

HOUR = timedelta(hours=1)


def counts() -> list[int]:
    tables = (AuthSession, OneTimeToken, Attempt)
    return [db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_the_clean_up_takes_what_is_over_and_leaves_the_rest(app: Flask, everybody: Cast) -> None:
    now = clock.now()
    with app.app_context():
        open_session(everybody.alice.id, now)
        open_session(everybody.alice.id, now - sessions.IDLE)
        open_session(everybody.alice.id, now - sessions.ABSOLUTE)
        tokens.issue(tokens.RESET, everybody.alice.id, now)
        tokens.issue(tokens.RESET, everybody.bob.id, now - 2 * HOUR)
        tokens.issue(tokens.SETUP, None, now - timedelta(days=8))
        for at in (now, now - 2 * HOUR, now + timedelta(days=400)):
            db.session.add(Attempt(subject=throttle.ACCOUNT.subject("alice@example.com"), at=at))
        commit()
        assert counts() == [3, 3, 3]
        assert queries.count_spent(clock.now()) == 6
        clean_accounts()
        commit()
        assert counts() == [1, 1, 1]
        assert queries.count_spent(clock.now()) == 0


def test_the_worker_does_it_every_hour_when_there_is_something() -> None:
    assert SCHEDULES["clean_accounts"].interval == HOUR
    assert SCHEDULES["clean_accounts"].due is queries.count_spent
