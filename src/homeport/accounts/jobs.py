"""Clearing away what has had its time."""

from sqlalchemy import delete

from homeport.accounts import queries, sessions
from homeport.accounts.models import Attempt, AuthSession, OneTimeToken
from homeport.accounts.throttle import CLOCK_SLACK, WINDOW
from homeport.core.clock import now
from homeport.core.db import db
from homeport.jobs.service import every, job


@every(hours=1, due=queries.count_spent)
@job("clean_accounts")
def clean_accounts() -> None:
    """Delete sessions and one-time links that are over, and attempts that no longer count."""
    moment = now()
    db.session.execute(delete(AuthSession).where(sessions.over(moment)))
    db.session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at <= moment))
    db.session.execute(delete(Attempt).where((Attempt.at <= moment - WINDOW) | (Attempt.at > moment + CLOCK_SLACK)))
