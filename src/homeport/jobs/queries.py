"""Questions about the outbox, about what is due, and about the worker."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, and_, func, or_, select

from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.jobs import outside, store
from homeport.jobs.models import Mail

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DoneStep:
    """A step that the engine has noted as done, with what it returned."""

    name: str
    result: Any
    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class Followed:
    """A job and what is done of it. `state`: running, waiting, failed or done."""

    id: str
    state: str
    args: tuple[Any, ...]
    created_at: datetime
    finished_at: datetime | None
    steps: tuple[DoneStep, ...]


def has_mail_server() -> bool:
    """Whether the settings name a mail server; without one mails wait."""
    return bool(current_app.config["HOMEPORT"].smtp_url)


def _count(condition: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count(Mail.id)).where(condition)) or 0


def count_waiting(now: datetime) -> int:  # noqa: ARG001 (every count takes the time)
    """Mails that are still to be sent, whenever that is."""
    return _count(Mail.status.in_(["queued", "sending"]))


def count_sendable(now: datetime) -> int:
    """Mails there is something to do about now: send them, or give them up because their time is over."""
    settled = or_(
        and_(Mail.status == "queued", Mail.expires_at <= now),
        and_(Mail.status == "sending", Mail.next_attempt_at <= now),
    )
    due = and_(Mail.status == "queued", Mail.next_attempt_at <= now)
    return _count(or_(settled, due) if has_mail_server() else settled)


def count_failed() -> int:
    """Mails that a person has to look at: refused for good, or with an unknown fate."""
    return _count(Mail.status.in_(["failed", "unknown"]))


def mail_by_id(mail_id: int) -> Mail | None:
    """One mail, or None."""
    return db.session.get(Mail, mail_id)


def mails_to_show(limit: int = 50) -> list[Mail]:
    """The mails that were not sent, those that need a person first, then the newest."""
    needs_person = Mail.status.in_(["failed", "unknown"])
    rows = select(Mail).where(Mail.status != "sent").order_by(needs_person.desc(), Mail.created_at.desc()).limit(limit)
    return list(db.session.scalars(rows))


def worker_seen(now: datetime) -> bool:
    """Whether a worker has given a sign of life within the last half minute."""
    return bool(_living(now))


def next_runs(now: datetime) -> dict[str, datetime]:
    """When each schedule runs next, by its job's name; of several workers the earliest."""
    runs: dict[str, datetime] = {}
    for times in _living(now).values():
        for job, at in times.items():
            runs[job] = min(at, runs.get(job, at))
    return runs


def _living(now: datetime) -> dict[str, dict[str, datetime]]:
    return store.living(store.books(current_app.config["HOMEPORT"]), now)


def followed(name: str, limit: int = 1) -> list[Followed] | None:
    """The newest jobs of a name with their steps; None where the books cannot be read, as before the first worker.

    Raises Problem 503 where the engine takes too long.
    """
    config = current_app.config["HOMEPORT"]
    try:
        found: list[Followed] = outside.ask("follow", config, name, limit)
    except Problem:
        raise
    except Exception:
        log.info("the engine's books cannot be read", exc_info=True)
        return None
    return found
