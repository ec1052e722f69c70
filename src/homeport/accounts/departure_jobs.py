"""Deleting the accounts whose owners have asked for it and have not changed their minds."""

import logging

from homeport.accounts import departures, queries
from homeport.core.clock import now
from homeport.core.db import empty_log
from homeport.core.errors import Problem
from homeport.jobs.service import due, every, job, step

log = logging.getLogger(__name__)

due("Accounts to delete", queries.count_departures_due)


@every(minutes=5, due=queries.count_departures_due)
@job("delete_departed_accounts")
def delete_departed_accounts() -> None:
    """Delete each account in a transaction of its own; one that fails stays due and holds up none of the others."""
    for user_id in step(_due_ids):
        try:
            step(delete_departed_account, user_id)
        except Exception:
            log.exception("an account could not be deleted", extra={"user": user_id})
    step(forget_deleted)


def _due_ids() -> list[int]:
    return list(queries.departures_due(now()))


def delete_departed_account(user_id: int) -> bool:
    """Delete one account, unless it was kept, or deleted, just now."""
    return departures.carry_out(user_id, now())


@every(hours=24)
@job("forget_deleted")
def forget_deleted() -> None:
    """Empty the database's log, in which deleted rows can still be read. Raises Problem while somebody reads it."""
    if not empty_log():
        raise Problem("Somebody was reading from the database's log.", status=503, code="database_busy")
