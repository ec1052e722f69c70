"""Gathering what the security page's checks want to know."""

import logging
import shutil
import sqlite3
import sys
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from homeport.accounts import queries as accounts
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.findings import Mark, Row
from homeport.core.http import Viewer
from homeport.core.site import site
from homeport.https import queries as https
from homeport.jobs import queries as jobs
from homeport.migrations import head
from homeport.ops import checks, health
from homeport.ui.filters import date_and_time

log = logging.getLogger(__name__)
Check = Callable[[], Row | list[Row]]
_ORDER = (Mark.MEND, Mark.LOOK, Mark.GOOD)


def rows(config: Config, by: Viewer, now: datetime) -> list[Row]:
    """Every row of the page, what has to be mended first. Of a check that fails, that is said."""
    found: list[Row] = []
    for title, check in _checks(config, by, now).items():
        try:
            answer = check()
        except (SQLAlchemyError, OSError):
            log.warning("a check of the security page failed", extra={"check": title}, exc_info=True)
            answer = checks.unknown(title)
        found += answer if isinstance(answer, list) else [answer]
    return sorted(found, key=lambda row: _ORDER.index(row.mark))


def _checks(config: Config, by: Viewer, now: datetime) -> dict[str, Check]:
    rule = site().second_factor
    return {
        "HTTPS": lambda: checks.https(config, https.standing(config, now)),
        "Second factors": lambda: checks.second_factors(accounts.editors_without_second_factor(), rule),
        "Rule for second factors": lambda: checks.second_factor_rule(rule),
        "Recovery codes": lambda: checks.recovery_codes(accounts.owners_with_few_codes(), by.name),
        "Registration": lambda: checks.registration(site().registration),
        "Accounts": lambda: checks.people(*accounts.count_idle_accounts()),
        "Audit log": lambda: _audit_log(config),
        "Files": lambda: checks.file_modes(config),
        "Copies": lambda: checks.backup(config),
        "Mail": lambda: checks.mail(has_server=jobs.has_mail_server(), failed=jobs.count_failed()),
        "Worker": lambda: checks.worker(is_alive=jobs.worker_seen(now)),
        "Disk": lambda: checks.disk(shutil.disk_usage(config.data).free, health.LEAST_FREE),
        "Proxies": lambda: checks.proxies(config),
        "Database": _database,
        "Python": lambda: checks.python(sys.version_info[:3], now.date()),
        "Homeport": lambda: checks.version(version("homeport")),
    }


def _audit_log(config: Config) -> Row:
    last = accounts.last_audit_check(config)
    if last is None:
        return checks.audit_log(checked="", faults=())
    return checks.audit_log(checked=date_and_time(last.at), faults=last.faults)


def _database() -> Row:
    present = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    connection = db.session.connection()
    name = f"SQLite {sqlite3.sqlite_version}"
    if connection.dialect.name == "postgresql":
        name = f"PostgreSQL {'.'.join(map(str, connection.dialect.server_version_info or ()))}"
    return checks.database(name, present=present, newest=head())
