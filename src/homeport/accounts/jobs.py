"""Clearing away what has had its time."""

from sqlalchemy import delete

from homeport.accounts import queries
from homeport.core.clock import now
from homeport.core.db import db
from homeport.jobs.service import every, job


@every(hours=1, due=queries.count_spent)
@job("clean_accounts")
def clean_accounts() -> None:
    """Delete sessions and one-time links that are over, and attempts that no longer count."""
    for table, rule in queries.spent(now()):
        db.session.execute(delete(table).where(rule))
