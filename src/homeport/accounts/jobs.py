"""Clearing away what has had its time, and looking whether the audit log is whole."""

import logging

from flask import current_app
from sqlalchemy import delete

from homeport.accounts import audit_check, queries
from homeport.core.clock import now
from homeport.core.db import db, reading
from homeport.jobs.service import every, job

log = logging.getLogger(__name__)


@every(hours=1, due=queries.count_spent)
@job("clean_accounts")
def clean_accounts() -> None:
    """Delete sessions and one-time links that are over, attempts that no longer count, and old details of events."""
    for table, rule in queries.spent(now()):
        db.session.execute(delete(table).where(rule))


@every(hours=24)
@job("check_audit_log")
def check_audit_log() -> None:
    """Look whether the audit log is as it was written; the security page tells what this came to."""
    with reading():
        checked = audit_check.check(current_app.config["HOMEPORT"], now())
        db.session.rollback()
    if checked.faults:
        log.error("the audit log is not as it was written", extra={"fault": checked.faults[0]})
